# From rows to a report on synthetic data, and then again by the commands that the report lists.
. tests/cli/lib.sh

mkdir first again
tiny_recipe 6 2 2 >first/r.yaml
cp first/r.yaml again
cd first || exit 1
data=(--data synthetic:60 --progress none)
small=(--task cifar10 "${data[@]}" --db s.db)
ok collect r.yaml "${data[@]}" -o rows.csv
ok collect r.yaml "${data[@]}" -o base.csv --net "$root/searchspaces/reference/resnet8.yaml"
ok surrogate train --space resnet-cifar10 --table rows.csv --key genotype --target acc_digital:% --target acc_1d:% \
    --task cifar10 --set folds=2 --set repeats=1 --set trees=5 -o surr
ok search --task cifar10 --surrogate ./surr --strategy nsga2 --set population=20 --objective 'maximize acc_1d' \
    --objective 'minimize latency_us' --where 'macs <= 1e6' --budget 300 --name tiny --db s.db --progress none
ok pareto --db s.db --knee --csv --cols net; net=$(sed -n 2p out)
for seed in 1 2; do
    ok train "$net" "${small[@]}" --set epochs=1 --seed $seed -o d$seed.st
    ok train "$net" "${small[@]}" --seed $seed --from d$seed.st --analog --distill 50 --set analog.noise=pcm \
        --set analog.noise_scale=2 --set epochs=1 --set lr=0.01 -o a$seed.st
    ok validate "$net" "${small[@]}" --weights a$seed.st --chip hermes64 --times 0,1d --draws 2 --samples 8 \
        --seed $seed
    # A baseline by the same recipe, from drawn weights.
    ok train "$root/searchspaces/reference/resnet8.yaml" "${small[@]}" --seed $seed --analog --set analog.noise=pcm \
        --set analog.noise_scale=2 --set epochs=1 --set lr=0.01 -o b$seed.st
    ok validate "$root/searchspaces/reference/resnet8.yaml" "${small[@]}" --weights b$seed.st --chip hermes64 --times 0,1d \
        --draws 2 --samples 8 --seed $seed
done
ok train "$net" "${small[@]}" --set epochs=1 --seed 9 -o 't e.st'
ok train "$root/searchspaces/reference/resnet8.yaml" "${small[@]}" --set epochs=1 --distill 40 --teacher "$net" \
    --teacher-weights 't e.st' -o r.st
ok validate "$root/searchspaces/reference/resnet8.yaml" "${small[@]}" --weights r.st --times 0,1h --draws 1 --samples 8 \
    --set tile.out_noise=0 --set device.drift=0.5 --compensation global
ok report tiny --db s.db --rows rows.csv --baselines base.csv --random 2 -o made; err 'made/report.md'
no_out
cp -r made before; ok report tiny --db s.db --rows rows.csv --baselines base.csv --random 2 -o made -j 1
diff -r made before >/dev/null || wrong "two reports of one study differ"
for plot in front course trained drift; do
    python3 -c 'import sys, xml.dom.minidom as x; x.parse(sys.argv[1])' made/$plot.svg || wrong "$plot.svg is no XML"
    grep -q "($plot.svg)" made/report.md || wrong "$plot.svg is not shown"
done
json made/report.json
python3 - <<'PY' || wrong "what was measured is not in the report"
import csv, json
r = json.load(open('made/report.json'))
rows = [x for x in csv.DictReader(l for l in open('base.csv') if l[0] != '#')]
net = next(b for b in r['baselines'] if b['net'] == 'resnet8')
assert net['seeds'] == 2 and net['same_recipe'] and len(rows) == 2
mean = sum(float(x['acc_1d']) for x in rows) / 2
assert abs(net['measured']['acc_1d'] - mean) < 1e-9
assert r['rows']['done'] == 8 and r['rows']['networks'] == 6
runs = r['validations']
assert [v['training'] for v in runs] == 4 * ['hardware-aware'] + ['digital']
top1 = [next(t['top1'] for t in v['times'] if t['time'] == '1d') for v in runs[:4]]
c, = r['comparisons'] # with the digital baseline there is nothing to compare
d = [top1[0] - top1[2], top1[1] - top1[3]]
half = 12.706 * abs(d[0] - d[1]) / 2 # t of one degree of freedom; sd / sqrt(2) of two values
assert c['seeds'] == 2 and c['baseline'] == 'resnet8' and abs(c['difference'] - sum(d) / 2) < 1e-9
assert abs(c['high'] - c['low'] - 2 * half) < 1e-2 and abs(c['low'] + half - c['difference']) < 1e-2
day = next(t for t in runs[0]['times'] if t['time'] == '1d')
best = next(n for n in r['front'] if n['net'] == runs[0]['net'])
assert day['predicted'] == best['metrics']['acc_1d'] and day['predicted_sd'] == best['metrics']['acc_1d_sd']
assert all(t['predicted'] is None for t in runs[2]['times'])
assert abs(c['latency_ratio'] - net['latency_us'] / best['metrics']['latency_us']) < 1e-9
PY
grep -q -- "--teacher '*$net'* --teacher-weights 't e.st' --distill 40" made/report.md || wrong "the teacher is not told"
grep -q 'hardware-aware, 2 trainings' made/report.md || wrong "two seeds are not one row"
grep -q ">$net</text>" made/trained.svg || wrong "the winner is not in the picture"

# Front and baselines are within a factor of five, the rows are not: all are seen on a logarithmic axis.
ok search --task cifar10 --surrogate ./surr --strategy nsga2 --objective 'maximize acc_1d' --objective 'minimize latency_us' \
    --where 'latency_us >= 2000' --budget 300 --name slow --db slow.db --progress none
ok report slow --db slow.db --rows rows.csv --random 0 -o slow
python3 - <<'PY' || wrong "the axis of the front does not suit the rows"
import math, re
ticks = re.findall(r'<text x="([\d.]+)" y="[\d.]+" text-anchor="middle">([\d.]+)</text>', open('slow/front.svg').read())
decades = [math.log10(float(b[1]) / float(a[1])) / (float(b[0]) - float(a[0])) for a, b in zip(ticks, ticks[1:])]
assert len(decades) >= 2 and max(decades) < 1.02 * min(decades)
PY

# Several arrays for the same weights are paid for where what they gain is shown.
for weights in "$net a1" "$root/searchspaces/reference/resnet8.yaml b1"; do
    ok validate "${weights% *}" "${small[@]}" --weights "${weights#* }.st" --chip hermes64 --times 0,1d --draws 2 --samples 8 \
        --set tile.redundancy=2
    ok cost "${weights% *}" --chip hermes64 --set redundancy=2 --json --db s.db; cp out "${weights#* }.json"
done
ok report tiny --db s.db --random 0; out "^\\| $net \\| hardware-aware, redundancy 2 "
ok report tiny --db s.db --random 0 --json
python3 - <<'PY' || wrong "what several arrays cost"
import json
runs = [v for v in json.load(open('out'))['validations'] if v['redundancy'] == 2]
assert [v['net'] == 'resnet8' for v in runs] == [False, True]
for v, name in zip(runs, ('a1.json', 'b1.json')):
    cost = json.load(open(name))
    assert all(v[k] == cost[k] for k in ('cores', 'latency_us', 'energy_uJ', 'mvm_steps')), (v, cost)
PY

# A number that is none is told with its line.
sed '$s/,[^,]*$/,soon/' base.csv >bad.csv
run report tiny --db s.db --rows rows.csv --baselines bad.csv; code 7; err "bad.csv:$(wc -l <bad.csv): "

# Rows of another recipe are marked.
sed 's/collect: tiny/collect: other/; s/lr: 0.05/lr: 0.06/' r.yaml >other.yaml
ok collect other.yaml "${data[@]}" -o other.csv --net "$root/searchspaces/reference/resnet8.yaml"
ok report tiny --db s.db --rows rows.csv --baselines other.csv --random 0; out 'resnet8 .*other recipe'
out 'do not compare'

# Every command of the report, in another folder.
python3 - <<'PY' >../commands
import json
for line in json.load(open('made/report.json'))['commands']:
    print(line.replace('DATA', 'synthetic:60').replace('RECIPE.yaml', 'r.yaml').replace(' searchspaces/', ' $root/searchspaces/'))
PY
cd ../again || exit 1
ohmnas() { "$program" "$@"; }
. ../commands >out 2>err || wrong "a command of the report fails"
# The time that it took and when are of the run, not of the study.
for folder in ../first ../again; do
    grep -vE '^\| time \|' $folder/made/report.md | sed 's/; [0-9.]* minutes of one/; some minutes of one/' >$folder/plain
done
same ../first/plain ../again/plain
