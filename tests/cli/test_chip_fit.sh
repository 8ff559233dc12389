# A chip's numbers from measured networks; time and energy of networks on this processor.
. tests/cli/lib.sh
reference=$root/searchspaces/reference

# ---- a chip whose numbers are known, measured by its own cost model ----
sed 's/  hop_cycles: .*/  hop_cycles: 33/; s/  core_4_phase_nJ: .*/  core_4_phase_nJ: 40/; s/  static_per_chip_mW: .*/  static_per_chip_mW: 250/' \
    "$root/searchspaces/chips/hermes64.yaml" >truth.yaml
echo network,latency_us,energy_uJ,who >lab.csv
for net in resnet8 resnet20 resnet32 ds-cnn mobilenetv2 resnet9-hermes; do
    ok cost "$reference/$net.yaml" --chip truth.yaml --json
    echo "$reference/$net.yaml,$(field latency_us),$(field energy_uJ),me" >>lab.csv
done
head -4 lab.csv >few.csv
(head -1 lab.csv; tail -2 lab.csv) >rest.csv

ok chip fit hermes64 -m few.csv --test rest.csv --fit digital_latency.hop_cycles,energy.core_4_phase_nJ,energy.static_per_chip_mW --name lab -o lab.yaml
out 'hop_cycles +21.9 +33 '; out 'core_4_phase_nJ +51.4307 +40 '; out 'static_per_chip_mW +190.6 +250 '; out '^test_energy_rms_percent'
no_err
ok chip check lab.yaml; out '^lab +multicore'
ok chip show lab.yaml; out 'hop_cycles +33 .*fitted +few.csv, 6 measurements'; out 'gdpu_cycles.*derived'
ok cost "$reference/resnet9-hermes.yaml" --chip truth.yaml --json; truth=$(field energy_uJ)
ok cost "$reference/resnet9-hermes.yaml" --chip lab.yaml --json
python3 -c "import sys; sys.exit(abs($truth / $(field energy_uJ) - 1) > 1e-6)" || wrong "another energy than that of the truth"
grep -q '^# Relative least squares on the ten' lab.yaml || wrong "its comments are gone"
ok chip fit lab.yaml -m lab.csv --fit energy.output_pJ --source "by hand" -o again.yaml --json; json; out 'ohmnas.chip_fit/1'
ok chip show again.yaml; out 'output_pJ .*fitted +by hand; before, few.csv'
ok chip fit hermes64 -m lab.csv --fit energy.core_4_phase_nJ --csv; [ "$(wc -l <out)" = 2 ] || wrong "a row a number"

# What cannot be fitted is told, and no file is left.
refuse() { want=$1; shift; run chip fit "$@" -o no.yaml; code 2; err "$want"; no_out; [ ! -e no.yaml ] || wrong "a file is left"; }
refuse 'no measurement depends on mvm.mvm_1_phase_ns' hermes64 -m lab.csv --fit mvm.mvm_1_phase_ns
refuse 'tell apart: mvm.mvm_4_phase_ns, digital_latency.hop_cycles|too few' hermes64 -m few.csv --fit energy,digital_latency,mvm.mvm_4_phase_ns
refuse "did you mean 'energy.output_pJ'" hermes64 -m lab.csv --fit energy.output_pj
refuse "'enrgy', which is no block" hermes64 -m lab.csv --fit enrgy
refuse 'counts cores' hermes64 -m lab.csv --fit array.cores
refuse '\-\-fit is needed' hermes64 -m lab.csv
refuse '\-\-measurements is needed' hermes64 --fit energy
refuse 'write it into' hermes64 -m lab.csv --fit energy.output_pJ --set mvm.mvm_4_phase_ns=100
run chip fit hermes64 -m lab.csv --fit energy.output_pJ -o lab.yaml; code 2; err 'the file exists'
run chip fit hermes64 -m none.csv --fit energy.output_pJ; code 3; err 'none.csv'
sed '3s/,me$/,me,too/' lab.csv >bad.csv; run chip fit hermes64 -m bad.csv --fit energy.output_pJ; code 7; err 'bad.csv:3'
sed '3s/yaml,[^,]*,/yaml,-5,/' lab.csv >bad.csv; run chip fit hermes64 -m bad.csv --fit energy.output_pJ; code 7; err 'bad.csv:3.*latency_us is -5'
sed '3s/yaml,[^,]*,/yaml,fast,/' lab.csv >bad.csv; run chip fit hermes64 -m bad.csv --fit energy.output_pJ; code 7; err 'bad.csv:3'
sed '4s/^[^,]*/nothing/' lab.csv >bad.csv; run chip fit hermes64 -m bad.csv --fit energy.output_pJ; code 3; err "bad.csv:4.*nothing"
cut -d, -f1,4 lab.csv >bad.csv; run chip fit hermes64 -m bad.csv --fit energy.output_pJ; code 7; err 'neither a column latency_us'
cut -d, -f2,3 lab.csv >bad.csv; run chip fit hermes64 -m bad.csv --fit energy.output_pJ; code 3; err "network"

# ---- this processor ----
ok chip measure "$reference/resnet8.yaml" --draw nb201,resnet-kws -n 3 --seconds 0.01 --power 7.5 -o mine.csv; no_out; no_err
[ "$(grep -vc '^#' mine.csv)" = 8 ] || wrong "seven networks"
python3 - <<'P' || wrong "energy is not power times time"
import csv
for r in csv.DictReader(l for l in open('mine.csv') if l[0] != '#'):
    assert float(r['best_us']) <= float(r['latency_us']) and int(r['runs']) >= 5
    assert abs(float(r['energy_uJ']) / float(r['latency_us']) - 7.5) < 1e-9
P
ok chip fit cpu -m mine.csv --fit time.conv_ps_per_MAC,time.layer_ns,power.active_W --name here -o here.yaml; out 'active_W +[0-9.]+ +[0-9.]+'
ok cost "$reference/resnet8.yaml" --chip here.yaml --by-layer; out 'classifier'; out '^cores_us'
refuse 'tell apart: power.idle_W, power.active_W' cpu -m mine.csv --fit power
# Counters that stand still: energy 0 is no measurement, and a folder without counters is told.
ok chip measure "$reference/resnet8.yaml" --seconds 0.01 --counters . ; err 'no energy is measured'; out ',$'
mkdir -p rapl/intel-rapl:0 rapl/intel-rapl:0:0
echo package-0 >rapl/intel-rapl:0/name; echo 1000 >rapl/intel-rapl:0/energy_uj; echo core >rapl/intel-rapl:0:0/name
ok chip measure "$reference/resnet8.yaml" --seconds 0.01 --counters rapl; no_err; out ',0$'
run chip measure; code 2; err 'no network to measure'
run chip measure "$reference/resnet8.yaml" --seconds soon; code 2; err 'soon'
run chip measure "$reference/resnet8.yaml" --power -1; code 2; err 'power'
run chip measure "$reference/resnet8.yaml" -o mine.csv; code 2; err 'the file exists'
run map "$reference/resnet8.yaml" --chip cpu; code 2; err 'no crossbars'
ok cost "$reference/resnet8.yaml" --chip cpu --set schedule=pipelined --json; json; [ "$(field cores)" = 2 ] || wrong "two cores"
echo "chip fit: all well"
