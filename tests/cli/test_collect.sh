# Collecting as a user does it: rows are the same after kills and on any number of threads, and come out again.
. tests/cli/lib.sh
tiny_recipe 8 2 2 >r.yaml
echo 'halving: {pilots: 3, epochs: [1], share: 0.4}' >>r.yaml
set -- collect r.yaml --data synthetic:60
# Rows without the head, in order, without the two times at their ends.
rows() { grep -v '^#' "$1" | sed 's/,[^,]*,[^,]*$//' | sort; }

ok check r.yaml; out recipe
ok "$@" --list --csv; out 'stem_width'
[ "$(wc -l <out)" = 9 ] || wrong "eight networks and a header"
ok "$@" -o one.csv -j 1
no_out; err '10/10 +row'; err 'synthetic'
[ "$(rows one.csv | wc -l)" = 11 ] || wrong "ten rows and a header"
grep -q '^#   networks: 8' one.csv || wrong "the recipe is not in the file"
ok "$@" -o one.csv -j 1 --progress none; cp one.csv before.csv; same one.csv before.csv

# Killed again and again, on two threads, then to its end.
ok "$@" -o two.csv -n 2 -j 2 --progress none
for wait in 0.2 0.4 0.6; do
    timeout -s KILL $wait "$program" "$@" -o two.csv -j 2 >/dev/null 2>&1
done 2>/dev/null
printf '7,done,,half a li' >>two.csv
ok "$@" -o two.csv -j 2 --progress none
rows one.csv >a; rows two.csv >b; same a b

ok "$@" -o one.csv --repeat 7 --repeat 1.1 --json; json; out '"same": true'
sed -i 's/^2,done,/2,failed,/' one.csv
run "$@" -o one.csv --repeat 2; code 1; err "state is 'failed' in the file and 'done' now"
run "$@" -o one.csv --repeat 99; code 3; err "no row '99'"

# A baseline of no space; and what is collected is what surrogates are trained from.
ok collect r.yaml --data synthetic:60 -o base.csv --net "$root/searchspaces/reference/resnet8.yaml" --progress none
grep -q '^resnet8.*,done,' base.csv || wrong "no row of the baseline"
ok surrogate train --space resnet-cifar10 --table before.csv --key genotype --target acc_digital:% --target 'acc_30d:%' \
    --where 'acc_30d >= 0' --set folds=2 --set repeats=1 --set trees=5 -o s
out 'acc_30d'
"$root/tools/rank_recipes.py" before.csv two.csv >out 2>err || wrong "rank_recipes.py"
out 'two.csv: tau 1.000'
python3 - <<'PY' >seeds.csv
print("genotype,seed,acc_1d,train_s,validate_s")
for network in range(40):
    for seed in 1, 2:
        print(f"n={network},{seed},{network + (seed - 1.5) * 0.1 * (1 if network % 2 else -1)},1,0")
PY
"$root/tools/rank_recipes.py" --ceiling seeds.csv >out 2>err || wrong "rank_recipes.py --ceiling"
out '40 networks .* between seeds 0.07 '; out 'without error would come to a tau of 1.000'

run "$@"; code 2; err 'output is missing'
run collect r.yaml -o x.csv; code 2; err 'data is missing'
run collect resnet-kvs --data synthetic:60 -o x.csv; code 3; err 'resnet-kws'
sed 's/draws: 2/drawz: 2/' r.yaml >bad.yaml
run collect bad.yaml --data synthetic:60 -o x.csv; code 2; err 'bad.yaml:11'; err "draws"
sed 's/lr: 0.05/lr: 0.06/' r.yaml >other.yaml
run collect other.yaml --data synthetic:60 -o before.csv; code 7; err 'fingerprint'
sed 's/task: cifar10/task: vww/' r.yaml >shape.yaml
run collect shape.yaml --data synthetic:60 -o x.csv; code 2; err '32 x 32 x 3'
[ ! -e x.csv ] || wrong "a file was made for nothing"
