# tools/publish_task: from samples to a report by one command, stopped and gone on with, in a copy of the project's folders.
. tests/cli/lib.sh
mkdir -p project/tools
cp "$root/tools/publish_task" project/tools
ln -s "$root/searchspaces" "$root/surrogates" project
tiny_recipe 8 >r.yaml
export OHMNAS=$program RECIPE=$tmp/r.yaml REFINE=0 BUDGET=200 SEEDS=1 DRAWS=2 EPOCHS=1 ANALOG_EPOCHS=1 SAMPLES=8
export BASELINES=resnet8 SURROGATE_SET=folds=2 SMALL=3000 DEPTH=4 PARALLEL=2
publish() {
    said="publish_task $*"
    project/tools/publish_task "$@" >out 2>err </dev/null
    code=$?
}
made=project/results/published/cifar10

publish; code 2; out 'publish_task TASK DATA'
publish cifar100 synthetic:60; code 2; err 'no task'
publish cifar10 nowhere; [ "$code" != 0 ] || wrong "there are no samples"
[ ! -e project/results ] || wrong "a folder was made for nothing"

# Stopped while networks are trained: it says so by its code, and leaves nothing running.
EPOCHS=4000 project/tools/publish_task cifar10 synthetic:60 >out 2>err </dev/null &
for _ in $(seq 1000); do [ -s $made/weights/resnet8-1.st.checkpoint ] && break; sleep 0.02; done
kill $!; wait $!; code=$?
code 143
! grep -lsa 'epochs=400[0]' /proc/[0-9]*/cmdline >/dev/null || wrong "a training goes on"

# One network fails while another is trained: that one ends, too.
cat >failing <<'SH'
#!/bin/sh
case "$*" in *" -o "*weights/resnet8-1.st*)
    for _ in $(seq 1000); do [ -s results/published/cifar10/weights/accurate-1.st.checkpoint ] && break; sleep 0.02; done
    exit 5 ;;
esac
exec "$REAL" "$@"
SH
chmod +x failing
OHMNAS=$tmp/failing REAL=$program EPOCHS=4000 publish cifar10 synthetic:60
code 5
[ -s $made/weights/accurate-1.st.checkpoint ] || wrong "the other had not begun"
! grep -lsa 'epochs=400[0]' /proc/[0-9]*/cmdline >/dev/null || wrong "a training goes on beside one that failed"
rm -r project/results

# Killed on the way, and then to its end.
{ timeout -s KILL 2 project/tools/publish_task cifar10 synthetic:60; } >/dev/null 2>&1
publish cifar10 synthetic:60 # waits for the trainings that were left
code 0; err 'written: results/published/cifar10/report.md'
for file in report.md report.json front.svg course.svg trained.svg drift.svg accurate.yaml rows.csv baselines.csv surrogate/card.yaml \
    trials.csv.gz commands.txt samples weights/accurate-1-analog.st weights/resnet8-1-analog.st drift/resnet8-1.csv \
    answers/accurate-1.csv answers/resnet8-1.csv compare/accurate-resnet8.csv small/report.md; do
    [ -s $made/$file ] || wrong "there is no $file"
done
json $made/report.json
python3 - $made <<'PY' || wrong "the report lacks what was measured"
import csv, json, sys
r = json.load(open(sys.argv[1] + '/report.json'))
names = {v['net'] for v in r['validations']}
assert 'resnet8' in names and len(names) >= 2
assert all(v['training'] == 'hardware-aware' for v in r['validations'])
drift = next(csv.DictReader(open(sys.argv[1] + '/drift/resnet8-1.csv')))
time = next(v for v in r['validations'] if v['net'] == 'resnet8')['times'][0]
assert float(drift['top1']) == time['top1']
net = next(b for b in r['baselines'] if b['net'] == 'resnet8')
assert net['same_recipe'] and net['seeds'] == 1
assert any(n['metrics']['params'] < 5000 for n in r['front'])
assert r['study']['trials'] == 200
small = json.load(open(sys.argv[1] + '/small/report.json'))
names = {v['net'] for v in small['validations']}
assert small['study']['trials'] == 200 and 'resnet8' in names and len(names) >= 2
assert small['paired'] and all(p['b'] == 'resnet8' for p in small['paired'])
assert all(n['metrics']['params'] < 3000 and n['metrics']['depth'] >= 4 for n in small['front'])

# Answers are of the same validation, and the comparison of these answers.
def answers(net, time):
    return [int(x[time]) for x in csv.DictReader(l for l in open(sys.argv[1] + '/answers/%s-1.csv' % net) if l[0] != '#')]
right = answers('resnet8', drift['time'])
assert len(right) == 8 and abs(100 * sum(right) / 8 / 2 - float(drift['top1'])) < 1e-9 # two draws
paired = [p for p in r['paired'] if p['b'] == 'resnet8' and p['time'] == '1d']
assert len(paired) == len({p['a'] for p in paired}) >= 1
table = {x['time']: x for x in csv.DictReader(open(sys.argv[1] + '/compare/accurate-resnet8.csv'))}
gap = 100 * (sum(answers('accurate', '1d')) - sum(answers('resnet8', '1d'))) / 8 / 2
assert abs(float(table['1d']['difference']) - gap) < 1e-9 and table['1d']['seeds_a'] == '1'
one, = [p for p in paired if p['a'] == table['1d']['a']]
assert one['difference'] == float(table['1d']['difference']) and one['p'] == float(table['1d']['p'])
assert 'Paired on the same 8 samples' in open(sys.argv[1] + '/report.md').read()
PY
grep -q "^ohmnas compare results/published/cifar10/answers/accurate-1.csv results/published/cifar10/answers/resnet8-1.csv --csv$" $made/commands.txt ||
    wrong "the comparison is no command"
grep -q "weights/small-1.st .* --distill 80 --teacher results/published/cifar10/accurate.yaml --teacher-weights results/published/cifar10/weights/accurate-1.st" \
    $made/commands.txt || wrong "the small network has no teacher"
! grep -q synthetic $made/commands.txt || wrong "where the samples lie is told"
[ "$(gzip -dc $made/trials.csv.gz | wc -l)" = 201 ] || wrong "200 trials and a header"

# Once more: nothing is made again, and the report is the same.
cp $made/report.md before.md
touch -d '1 hour ago' $made/weights/*.st $made/{drift,answers,compare}/*.csv $made/surrogate/card.yaml $made/*.yaml
publish cifar10 synthetic:60; code 0
[ -z "$(find $made -newermt '30 minutes ago' \( -name '*.st' -o -path '*/drift/*.csv' -o -path '*/answers/*.csv' -o -path '*/compare/*.csv' -o -name '*.yaml' \))" ] || wrong "made again"
same $made/report.md before.md

# Without its answers a network is measured again, to the same bits, and compared again.
cp $made/answers/resnet8-1.csv before.csv
rm $made/answers/resnet8-1.csv
touch -d '1 hour ago' $made/compare/*.csv
publish cifar10 synthetic:60; code 0
same $made/answers/resnet8-1.csv before.csv
[ -n "$(find $made/compare -newermt '30 minutes ago' -name '*.csv')" ] || wrong "not compared again"
same $made/report.md before.md

# Other samples leave it alone.
publish cifar10 synthetic:64; code 0; out 'of other samples'
same $made/report.md before.md
ls project/results/cifar10-*/report.md >/dev/null || wrong "no report of the other samples"
