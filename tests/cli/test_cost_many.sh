# Many networks on several chips: named, or of a study, and how far the chips agree.
. tests/cli/lib.sh
reference=$root/searchspaces/reference
ok search --space nb201 --surrogate nb201-cifar10-pcm --chip hermes64 --strategy random --budget 60 --seed 3 \
    --objective acc_1d --objective energy_uJ --db t.db --name a
ok pareto --db t.db --csv; cp out front; members=$(($(wc -l <front) - 1))
[ "$members" -gt 3 ] || wrong "a front of some networks"

ok cost --front --db t.db --compare hermes64,mesh512,cpu --csv; cp out costs; no_err
[ "$(wc -l <out)" = "$((members + 1))" ] || wrong "a row a network of the front"
ok cost --front --db t.db --compare hermes64,mesh512,cpu --json; json
python3 - <<'P' || wrong "not what the costs say"
import csv, json, math
d = json.load(open('out'))
rows = list(csv.DictReader(open('costs')))
front = list(csv.DictReader(open('front')))
number = [k for k in front[0] if k in ('number', 'trial', '#')]
assert [r['net'] for r in d['networks']] == [r['net'] for r in rows]
if 'net' in front[0]:
    assert [r['net'] for r in rows] == [r['net'] for r in front]
def tau(x, y):
    n = len(x); s = tx = ty = 0
    for i in range(n):
        for j in range(i):
            a = (x[i] > x[j]) - (x[i] < x[j]); b = (y[i] > y[j]) - (y[i] < y[j])
            s += a * b; tx += a != 0; ty += b != 0
    return s / math.sqrt(tx * ty)
assert len(d['agreement']) == 3
for p in d['agreement']:
    for what, unit in (('latency', 'us'), ('energy', 'uJ')):
        x, y = ([float(r[f'{c}_{what}_{unit}']) for r in rows] for c in (p['chip'], p['other']))
        assert abs(tau(x, y) - p[f'tau_{what}']) < 1e-12
        if what == 'latency':
            first = y[x.index(min(x))]
            below = sum(v < first for v in y); equal = sum(v == first for v in y)
            assert p['fastest_is_on_other'] == 1 + below + (equal - 1) / 2
P
# A row is what the network costs alone.
trial=$(sed -n 2p costs | cut -d, -f2)
ok cost "#$trial" --db t.db --chip mesh512 --json
python3 - "$(field latency_us)" <<'P' || wrong "another latency than that of the network alone"
import csv, sys
assert float(next(csv.DictReader(open('costs')))['mesh512_latency_us']) == float(sys.argv[1])
P
ok cost --front --db t.db --compare hermes64,cpu; out '^net +trial +macs'; out "Kendall's tau"; out '^hermes64 +cpu +-?[0-9.]+'
ok cost --front --db t.db --compare hermes64,cpu --jsonl; jsonl; [ "$(wc -l <out)" = "$members" ] || wrong "a line a network"
ok cost --top 3 --db t.db --study a --chip aon-cim --csv; [ "$(wc -l <out)" = 4 ] || wrong "three networks"; out ',aon-cim_energy_uJ,'
ok cost "$reference/resnet8.yaml" "$reference/resnet20.yaml" --compare hermes64:schedule=pipelined,aon-cim
out 'hermes64:schedule=pipelined_interval_us'; out '^resnet20 '; out 'aon-cim_chips|Kendall'
ok cost "$reference/resnet8.yaml" "$reference/resnet20.yaml" --csv; [ "$(wc -l <out)" = 3 ] || wrong "two networks on one chip"

run cost; code 2; err 'no network'
run cost --front --db none.db; code 3; err 'none.db'; no_out
run cost --front --db t.db --by-layer; code 2; err 'by-layer is of one network'
run cost --front --db t.db --compare hermes64,hermes64; code 2; err 'names hermes64 twice'; no_out
run cost --front --db t.db --compare hermes64,mesh51; code 3; err mesh512; no_out
run cost --front --db t.db --study b; code 3
run cost "$reference/resnet8.yaml" nothing; code 3; err "'nothing' is no network"; no_out
ok search --space nb201 --surrogate nb201-cifar10-pcm --chip hermes64 --budget 20 --objective acc_1d --db one.db --name one
run cost --front --db one.db; code 2; err 'two objectives'
ok cost --top 2 --db one.db --csv; [ "$(wc -l <out)" = 3 ] || wrong "the best two"
run cost --top 0 --db one.db; code 2
echo "cost of many: all well"
