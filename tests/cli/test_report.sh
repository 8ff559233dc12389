# A report of a study: what is in it is what the run log, the rows and other commands say; it can be made again.
. tests/cli/lib.sh

# Random search in the report is random search, and the figures are those of the trials.
ok search --space nb201 --chip hermes64 --surrogate nb201-cifar10-pcm --strategy random --objective 'maximize acc_1d' \
    --objective 'minimize energy_uJ' --where 'cores <= 40' --budget 300 --seed 3 --name chance --db c.db --progress none
ok search --space nb201 --chip hermes64 --surrogate nb201-cifar10-pcm --strategy nsga2 --set population=20 \
    --objective 'maximize acc_1d' --objective 'minimize energy_uJ' --where 'cores <= 40' --budget 300 --seed 3 \
    --name evolved --db c.db --progress none
ok report chance --db c.db --random 1 --json; json; cp out chance.json
ok report evolved --db c.db --random 4 --json; json; cp out evolved.json
ok report evolved --db c.db --random 4 --json -j 1; same out evolved.json
ok ls trials --study evolved --db c.db --cols number,feasible,acc_1d,energy_uJ --csv; cp out trials.csv
ok pareto --study evolved --db c.db --csv --cols net; cp out front.csv
python3 - <<'PY' || wrong "the figures are not those of the trials"
import csv, json
chance, evolved = (json.load(open(n + '.json')) for n in ('chance', 'evolved'))
for step in chance['race']['steps']:
    assert step['volume'] == step['random_volume_median'] and step['best'] == step['random_best_high'], step
trials = [(float(r['acc_1d']), float(r['energy_uJ'])) for r in csv.DictReader(open('trials.csv')) if r['feasible'] == 'true']
assert len(trials) == 300
box = {b['objective']: b for b in evolved['race']['box']}
unit = lambda v, b: (v - b['best']) / (b['reference'] - b['best'])
steps = evolved['race']['steps']
assert steps[-1]['networks'] == 300 and [s['networks'] for s in steps[:4]] == [1, 2, 3, 5]
for step in steps:
    part = trials[:step['networks']]
    points = sorted((unit(e, box['energy_uJ']), unit(a, box['acc_1d'])) for a, e in part)
    volume, top = 0, 1
    for e, a in points:
        if e < 1 and a < top:
            volume += (1 - e) * (top - a)
            top = a
    assert abs(volume - step['volume']) < 1e-9, (step, volume)
    assert step['best'] == max(a for a, e in part)
    assert step['random_volume_low'] <= step['random_volume_median'] <= step['random_volume_high']
reached = evolved['race']['study_reached_random']
goal = steps[-1]['random_volume_median']
assert reached == next((s['networks'] for s in steps if s['volume'] >= goal), None)
assert [n['net'] for n in evolved['front']] == [r['net'] for r in csv.DictReader(open('front.csv'))]
assert evolved['best']['net'] == evolved['knee']
assert [b['net'] for b in evolved['baselines']] == ['resnet8', 'resnet20', 'resnet32', 'resnet9-hermes']
PY
ok cost "$root/searchspaces/reference/resnet20.yaml" --chip hermes64 --json; cp out cost.json
python3 - <<'PY' || wrong "a baseline is priced otherwise than by ohmnas cost"
import json
cost = json.load(open('cost.json'))
net = next(b for b in json.load(open('evolved.json'))['baselines'] if b['net'] == 'resnet20')
assert all(net[k] == cost[k] for k in ('params', 'macs', 'cores', 'latency_us', 'energy_uJ', 'mvm_steps'))
assert net['metrics']['acc_1d'] is None and net['metrics']['energy_uJ'] == cost['energy_uJ']
PY

# A network of the space as a baseline is predicted; one of another problem is refused.
ok report evolved --db c.db --random 0 --baseline "$(sed -n 2p front.csv)" --json
python3 -c 'import json; r = json.load(open("out")); n = r["baselines"]; f = r["front"]
assert any(b["metrics"]["acc_1d"] == f[0]["metrics"]["acc_1d"] for b in n) and r["race"]["random_runs"] == 0' || wrong "not predicted"
run report evolved --db c.db --baseline "$root/searchspaces/reference/ds-cnn.yaml"; code 2; err 'another input'

# A table of comparisons is shown; what is none, or has no numbers, is refused with its file.
cat >paired.csv <<'CSV'
a,b,task,samples,items,units,unit,seeds_a,seeds_b,time,acc_a,acc_b,difference,low,high,low_seeds,high_seeds,p,p_one,a_is,differing,exact,level
n:1,resnet8,cifar10,0123456789abcdef,4890,330,speaker,3,1,1d,90.126,89,1.126,0.5,1.75,,,0.000123,9.999e-05,better,99,false,0.05
CSV
ok report evolved --db c.db --random 0 --compare paired.csv
out 'Paired on the same 4,890 samples of 330 speakers'
out '^\| n:1 \| resnet8 \| 1d \| +3, 1 \| +90.13 \| +89.00 \| +1.13 \| +0.50 to 1.75 \| +- \| +0.00012 \| +better at 5 % \|'
out '^ohmnas report evolved --compare paired.csv'
ok report evolved --db c.db --random 0 --compare paired.csv --json; json; out '"low_seeds": null'; out '"p_one": 9.999'
cat >loops.csv <<'CSV'
seed,hours,start,top,reference,closed,random,once
1,0.5,20,8,40 800,110,100,105
2,0.4,20,8,40 800,112,100,113
CSV
ok report evolved --db c.db --random 0 --loops loops.csv; out '^ohmnas report evolved --loops loops.csv'
out 'same 20 networks.* between the front and 40 800'
out '^\| +2 \| +0.40 \| +112 \| +100 \| +113 \|'
out 'is \+11 \(\+11.00 %\) against random search, 95 % interval over seeds -1.706 to \+23.71; better in 2 of 2'
out 'is \+2 \(\+1.83 %\) against a surrogate fitted once, .*; better in 1 of 2'
ok report evolved --db c.db --random 0 --loops loops.csv --json; json; out '"percent": 11'
sed 's/112/many/' loops.csv >broken.csv
run report evolved --db c.db --loops broken.csv; code 7; err 'broken.csv:3: '
sed 's/once/twice/' loops.csv >broken.csv
run report evolved --db c.db --loops broken.csv; code 3; err 'once'
sed 's/,0.5,1.75/,half,1.75/' paired.csv >broken.csv
run report evolved --db c.db --random 0 --compare broken.csv; code 7; err 'broken.csv:2'
sed 's/difference/gap/' paired.csv >broken.csv
run report evolved --db c.db --random 0 --compare broken.csv; code 3; err "broken.csv.*'difference'"

# One objective: the best networks, and no front.
ok search --space nb201 --chip hermes64 --surrogate nb201-cifar10-pcm --strategy regevo --objective 'maximize acc_1d' \
    --budget 200 --name one --db c.db --progress none
ok report one --db c.db -o one; [ ! -e one/front.svg ] || wrong "a front of one objective"
grep -q '## The best networks' one/report.md || wrong "no best networks"
# The chip searched together with the network.
ok search --space nb201 --chip hermes64 --surrogate nb201-cifar10-pcm --strategy random --objective 'maximize acc_1d' \
    --objective 'minimize latency_us' --set chip_axes.periphery=ldpu,nmpu --budget 100 --name both --db c.db --progress none
ok report both --db c.db; out 'On `hermes64` with periphery=[ln]'; out 'chip.periphery=[ln]'

run report nothing --db c.db; code 3
run report one --db c.db --net n:zzzz; [ "$code" = 2 ] || [ "$code" = 3 ] || wrong "no such network"
run report one --db c.db --net x.yaml; code 2; err 'n:ID or #NUMBER'
run report one --db c.db --json -o x; code 2
run report one --db c.db --rows trials.csv; code 7; err 'no rows of ohmnas collect'
run report one --db none.db; code 3
run search --space nb201 --chip hermes64 --surrogate nb201-cifar10-pcm --strategy random --objective 'maximize acc_1d' \
    --objective 'minimize params' --where 'acc_1d > 100' --budget 5 --name none --db n.db --progress none; code 4
run report none --db n.db; code 4; err 'no feasible trial'
echo "report: all well"
