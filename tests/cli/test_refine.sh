# The closed loop as a user runs it: from nothing, after kills, on any number of threads; its rows come out again; and a
# table in the place of trainings.
. tests/cli/lib.sh
cat >r.yaml <<'YAML'
collect: tiny
task: cifar10
space: resnet-cifar10
chip: hermes64
networks: 8
draw: {strata: [2e3, 12e3, 30e3], where: macs <= 1e6}
samples: {count: 40, curve: 10}
digital: {epochs: 1, batch: 16, lr: 0.05}
analog: {epochs: 1, batch: 16, lr: 0.01, hardware: {noise: pcm, range_batches: 1}}
validate: {times: [0, 60s, 1d, 30d], draws: 1, samples: 20, calibrate: 4, tile: {read_mode: one_phase}}
halving: {pilots: 3, epochs: [1], share: 0.4}
YAML
set -- search --recipe r.yaml --data synthetic:60 --validate-top 2 --race 1 --budget 200 --set loop.start=4 \
    --set loop.near=30 --set surrogate.folds=2 --set surrogate.trees=5 --features genes,net,graph,chip
# Rows without the head, in order, without the two times at their ends.
rows() { grep -v '^#' "$1" | sed 's/,[^,]*,[^,]*$//' | sort; }

ok "$@" --refine 2 --rows one.csv -j 1
out 'hypervolume_before'; out 'round +networks +trainings'; out 'standing'
err 'round 2: 8 networks'; err '1/2 +row n:'; err 'synthetic'
[ "$(grep -vc '^#' one.loop.csv)" = 11 ] || wrong "ten decisions and a header"
[ -f one.surrogate/card.yaml ] || wrong "no surrogate is left"
grep -q '^#   constraint: params >= 2000 && params < 30000' one.loop.csv || wrong "the bounds of the draw"

# Killed again and again, on two threads, then to its end.
for wait in 0.2 0.3 0.4; do
    timeout -s KILL $wait "$program" "$@" --refine 2 --rows two.csv -j 2 >/dev/null 2>&1
done 2>/dev/null
ok "$@" --refine 2 --rows two.csv -j 2 --progress none
rows one.csv >a; rows two.csv >b; same a b; same one.loop.csv two.loop.csv
ok "$@" --refine 1 --rows three.csv -j 2 --progress none
ok "$@" --refine 2 --rows three.csv -j 1 --json
json; out '"trainings": 10'; out '"genotype": "stem_width='; out '"key"'
same one.loop.csv three.loop.csv

# Every row comes out again; and all that was measured is what the next loop begins from.
for id in $(grep -o '^n:[0-9a-f.]*' one.csv); do ok collect r.yaml --data synthetic:60 -o one.csv --repeat "$id"; done
ok "$@" --refine 1 --rows one.csv --journal next.loop.csv --objective 'max acc_30d - avm' --objective energy_uJ \
    --where 'avm <= 90' --hours 1 --progress none --csv
out '^round,networks,trainings'
grep -q '^0,had,10,' next.loop.csv || wrong "the next loop does not begin from all rows"
ok "$@" --refine 1 --rows one.csv --journal anew.loop.csv --set loop.anew=true --trainings 3 --progress none
out 'ended +budget'

# Random search of more rounds begins with that of fewer, and both with what the loop begins with.
random="--set loop.anew=true --set loop.choose=random --set loop.start=4 --progress none"
# shellcheck disable=SC2086
for rounds in 1 4; do
    ok "$@" $random --refine $rounds --rows one.csv --trainings 6 --journal random$rounds.loop.csv
done
drawn() { grep -v '^#' "$1" | sed '1d; 7,$d'; }
drawn random1.loop.csv >a; drawn random4.loop.csv >b; same a b
drawn anew.loop.csv | cut -d, -f5 | sed 4q >a; cut -d, -f5 b | sed 4q >c; same a c

# A recipe may let a search go beyond the draw; the rows stay those of the same recipe.
sed 's/^samples:/search: {where: params < 60e3 \&\& cores <= 60}\nsamples:/' r.yaml >wide.yaml
cp one.csv wide.csv
ok "${@/r.yaml/wide.yaml}" --refine 1 --rows wide.csv --trainings 11 --progress none
grep -q '^#   constraint: params < 60e3 && cores <= 60' wide.loop.csv || wrong "the bounds of the search"
! grep -q '^#   constraint: params >= 2000' wide.loop.csv || wrong "the bounds of the draw, too"

ok "$@" --refine 2 --rows two.csv --front front --progress none
file=$(ls front/*.yaml | head -1)
[ -f "$file" ] || wrong "no file of the front"
ok cost "$file" --chip hermes64; out latency
ok show "$file"; out 'stem_width'

# A table in the place of trainings; three loops on it compared.
echo 'ops,good,spread' >t.csv
for a in 0 1 2 3 4; do for b in 0 1 2 3 4; do for c in 0 1 2 3 4; do echo "${a}3${b}3${c}3,$((a * 7 + b * 5 + c * 3)),1"; done; done; done >>t.csv
table="--space nb201 --measure-from t.csv --target acc_1d:%=good --noise acc_1d=spread --cost 60*good --budget 100"
ok search $table --refine 3 --validate-top 4 --race 2 --set chip_use.schedule=pipelined
out 'noise_acc_1d'; err 'round 3: '
ok search $table --refine 2 --strategy random --journal t.loop.csv
grep -q '^#   search: random, 100' t.loop.csv || wrong "no journal of a table"
# shellcheck disable=SC2086
"$root/tools/compare_loops.py" --ohmnas "$program" --trainings 40 --start 12 --top 7 --seeds 2 --reference 0,90000 \
    --closed '--race 1' -- $table >out 2>err || wrong "compare_loops.py: $(cat err)"
out 'closed - random: .* of 2 seeds'; out 'closed - once: '
# shellcheck disable=SC2086
"$root/tools/compare_loops.py" --ohmnas "$program" --trainings 40 --start 12 --top 7 --seeds 2 --reference 0,90000 --csv \
    -- $table >out 2>err || wrong "compare_loops.py: $(cat err)"
out '^seed,hours,start,top,reference,closed,random,once$'; out '^2,[0-9.]*,12,7,0 90000,'

# With trainings all of them share the rows.
grep -v halving r.yaml | sed 's/networks: 8/networks: 20/' >n.yaml
"$root/tools/compare_loops.py" --ohmnas "$program" --trainings 8 --start 4 --top 2 --seeds 1 --reference 0,3000 --folder cmp \
    --json -- --recipe n.yaml --data synthetic:60 --rows shared.csv --budget 100 --set surrogate.folds=2 \
    --set surrogate.trees=5 -j 2 >out 2>err || wrong "compare_loops.py: $(cat err)"
json; out '"closed - once"'; [ -f cmp/random-1.loop.csv ] || wrong "no journal"
[ "$(grep -vc '^#' shared.csv)" -le 17 ] || wrong "the first networks were trained again"

run "$@" --refine 2 --rows one.csv --set loop.optimism=2; code 2; err 'one.loop.csv:9'; err 'optimism'
run "$@" --refine 2; code 2; err 'rows is missing'
run "$@" --refine 2 --rows x.csv --chip hermes64; code 2; err 'those of the recipe'
run "$@" --refine 2 --rows x.csv --set chip_use.schedule=serial; code 2; err 'recipe says'
run "$@" --refine 2 --rows x.csv --set loop.strat=4; code 2; err "start"
run "$@" --refine 2 --rows x.csv --objective acc_2d; code 3; err "acc_1d"
run "$@" --rows x.csv; code 2; err 'needs --refine'
run search --refine 2; code 2; err 'what is measured'
run search --refine 2 --space nb201 --measure-from t.csv --target acc_1d=gut; code 3; err 'good'
run search study.yaml --refine 2; code 2; err 'no study file'
run search $table --refine 2 --strategy nsga3; code 3; err 'nsga2'
run search $table --refine 2 --set loop.reference=1; code 2; err 'there are 2 objectives'
