# Networks and chips searched together: from the file to the front, against the search on one chip.
. tests/cli/lib.sh

cat >fixed.yaml <<'END'
study: fixed
space: nb201
chip: hermes64
surrogates: [nb201-cifar10-pcm]
strategy: { name: nsga2, population: 40 }
objectives: [maximize acc_1d, energy_uJ]
constraints: [chips <= 1]
budget: 600
END
sed 's/^study: .*/study: together/' fixed.yaml >together.yaml
echo 'chip_axes: { schedule: [serial, pipelined], replicate: [off, on], periphery: [ldpu, nmpu], cores: [32, 64] }' >>together.yaml

ok check together.yaml
ok search fixed.yaml --db a.db --progress none
ok search together.yaml --db a.db --progress none --json; [ "$(field trials)" = 600 ] || wrong "600 trials"
ok show together --origin --db a.db; out '^chip_axes.cores +32, 64 +together.yaml:9'
ok best --study together --db a.db; out 'chip.periphery=nmpu'
ok pareto --study together --db a.db; out 'chip.schedule='
ok ls trials --study together --db a.db --where 'chip_cores < 64 && chip_periphery == 1' --sort area_chips_mm2 --cols chip_cores,genotype --csv
[ "$(tail -n +2 out | grep -vc '^32,.*periphery=nmpu')" = 0 ] || wrong "only 32 cores with the fixed-point unit"
ok sql "SELECT count(*) AS n FROM study_together WHERE genotype LIKE '%chip.cores=64%'" --db a.db --csv

ok pareto --study together --against fixed --db a.db; out '^together +fixed'
ok pareto --study together --against fixed --db a.db --json; json
python3 -c 'import json; f = json.load(open("out"))["fronts"][0]; assert f["volume"] > f["volume_against"] and f["covers"] > f["covered"], f' ||
    wrong "the front of the search over both is the better one"
ok pareto --study fixed --against fixed --db a.db --csv; out ',1,1$'
ok plot pareto --study together --against fixed --db a.db -o fronts.svg; python3 -c 'import xml.dom.minidom as x; x.parse("fronts.svg")' || wrong "no XML"
grep -q together fronts.svg && grep -q fixed fronts.svg || wrong "both fronts are named"
run plot pareto --study together $(for i in 1 2 3 4 5 6; do echo --against fixed; done) --db a.db; code 2; err 'more than the 6'
run pareto --study together --against nothing --db a.db; code 3
run pareto --study together --against fixed --objective acc --db a.db; code 3

# A trial is a network and a chip: shown, compared, exported, priced.
number=$("$program" ls trials --study together --db a.db --csv --cols number,genotype | grep 'schedule=pipelined.*periphery=nmpu.*cores=32' | head -n 1 | cut -d, -f1)
other=$("$program" ls trials --study together --db a.db --csv --cols number,genotype | grep 'periphery=ldpu' | head -n 1 | cut -d, -f1)
ok show "#$number" --study together --db a.db; out '^chip_axes +schedule=pipelined replicate=.* periphery=nmpu cores=32'; out '^network +n:'
ok show "#$number" --study together --db a.db --json; json; energy=$(field energy_uJ)
set=$(field chip_axes)
ok diff "#$number" "#$other" --study together --db a.db; out '^chip.periphery +nmpu +ldpu'
ok diff "#$number" "#$other" --study together --db a.db --csv; out '^axis,chip.periphery,nmpu,ldpu'
ok export "#$number" --study together --db a.db -o net.yaml
grep -q '^chip_axes: .*cores=32' net.yaml || wrong "the exported file names the chip"
ok show net.yaml
ok cost net.yaml --chip hermes64 $(for s in $set; do echo "--set $s"; done) --json
python3 -c 'import json, sys; assert json.load(open("out"))["energy_uJ"] == float(sys.argv[1])' "$energy" || wrong "cost of the exported network on its chip"

# Another split of the budget gives the same rows.
ok ls trials --study together --db a.db --csv --cols number,net,acc_1d,energy_uJ,genotype; cp out whole
ok search together.yaml --db b.db --budget 250 --progress none; ok resume together --db b.db --add-budget 350 --progress none
ok ls trials --study together --db b.db --csv --cols number,net,acc_1d,energy_uJ,genotype; same out whole

# What would make the comparison a lie is refused.
run search together.yaml --db c.db --set chip_axes.read_mode=1-phase,4-phase; code 2; err 'read_mode changes accuracy'; err 'nb201-cifar10-pcm@read_mode=VALUE'
run search together.yaml --db c.db --set chip_axes.static_by_cores=on,off; code 2; err 'not how a chip is built'
run search together.yaml --db c.db --set chip_axes.core=1,2; code 2; err "did you mean 'cores'"
ok help chips; out '^ +rows +.*changes accuracy'
