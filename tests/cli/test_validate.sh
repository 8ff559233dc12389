# Validation as a user does it: perfect hardware is the digital network, same seed same bytes, gates, wrong input.
. tests/cli/lib.sh
net=$root/searchspaces/reference/resnet8.yaml
set -- --task cifar10 --data synthetic:64 --progress none
ok train "$net" "$@" --set epochs=1 --set batch=16 --set warmup_epochs=0 -j 1 -o w.st
set -- "$net" "$@" -w w.st --samples 6 --calibrate 4
perfect="--set tile.dac_bits=0 --set tile.dac_bound=0 --set tile.adc_bits=0 --set tile.adc_bound=0 --set tile.out_noise=0"

ok validate "$@" $perfect --device ideal --times 0,60s,30d --draws 2 --gate 'acc_30d == digital && avm == 0' -j 1 --json
json; out 'ohmnas.validate/1'; out '"gate_passed": true'; out synthetic
python3 - <<'EOF' || wrong "perfect hardware is not the digital network"
import json
r = json.load(open("out"))
assert [t["top1"] for t in r["times"]] == [r["digital"]] * 3 and len(r["reads"]) == 6 and r["samples"] == 6
assert all(t["dw"] == 0 and t["alpha"] == 1 and t["sd"] == 0 for t in r["times"])
EOF

bare() { grep -v '"validation":' out >"$1"; } # all but its number in the log
ok validate "$@" --times 0,1d --draws 2 -j 1 --json; bare one.json
python3 -c 'import json; t = json.load(open("out"))["times"]; assert 0 < t[0]["dw"] < t[1]["dw"]' || wrong "no drift"
ok validate "$@" --times 0,1d --draws 2 -j 2 --json; bare two.json; same one.json two.json
ok validate "$@" --times 0,1d --draws 2 --compensation unbiased --json; bare two.json; same one.json two.json
ok validate "$@" --times 0,1d --draws 2 --compensation global --json; bare two.json
cmp -s one.json two.json && wrong "another compensation gives the same"
ok validate "$@" --times 1d --draws 1 --chip hermes64 --compensation none --csv
[ "$(wc -l <out)" = 2 ] || wrong "one time and a header"
no_err
run validate "$@" --times 1d --draws 1 --gate 'acc_1d > 100'; code 5; out 'gate_passed'; err "'acc_1d > 100' does not hold"

# More arrays for each weight: weights are as far off, answers are others; the log tells of it where it is asked for only.
ok validate "$@" --times 0,1d --draws 2 --set tile.redundancy=3 --json; bare two.json
cmp -s one.json two.json && wrong "redundancy does nothing"
ok sql "SELECT count(*), count(json_extract(settings, '\$.tile.redundancy')) FROM validation" --csv; out '^[1-9][0-9]*,1'
run validate "$@" --times 1d --draws 1 --set tile.redundancy=0; code 2; err redundancy
run validate "$@" --times 1d --draws 1 --set tile.redundancy=2 --set tile.periphery=fp16; code 2; err 'redundancy needs fp32'

ok validate "$@" --times 0,1d --draws 2 --bn-samples 8 --json
ok sql "SELECT json_extract(settings, '\$.bn_samples') FROM validation ORDER BY id DESC LIMIT 1" --csv; out '^8$'
run validate "$@" --times 1d --draws 1 --bn-samples 8 --set tile.periphery=fp16; code 2; err 'folds batch norms'

run validate "$@" --times 1d --gate 'acc_30d > 1'; code 3; err 'acc_30d'
run validate "$@" --times 1d --gate 'acc_1d >'; code 2
run validate "$@" --times soon; code 2; err "'soon' is no time"
run validate "$@" --times ''; code 2; err 'outside'
run validate "$@" --width -1; code 2; err 'width'
run validate "$@" --device pmc; code 3; err 'pcm'
run validate "$@" --set tile.rowz=3; code 2; err 'rows'
run validate "$@" --set rows=3; code 2; err 'tile.KEY'
run validate "$@" --set tile.dac_bound=0; code 2; err 'dac_bits'
run validate "$@" --device reram-wan --times 3d; code 2
run validate "$net" --task cifar10 --data synthetic:64; code 2; err 'weights is missing'
run validate --task cifar10 --data synthetic:64 -w w.st; code 2; err "NET"
run validate "$root/searchspaces/reference/resnet20.yaml" --task cifar10 --data synthetic:64 -w w.st; code 7; err 'another network'
no_out
