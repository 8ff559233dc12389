# Regret on a table of our own making.
. tests/cli/lib.sh

ok sample nb201 -n 300 --key --csv --seed 3
awk -F, 'NR == 1 { print "ops,score"; next } !seen[$2]++ { print $2 "," 50 + 10 * log($3) }' out >table.csv
bench=(bench table.csv --space nb201 --objective score --budget 50 --seeds 20)
ok "${bench[@]}" --strategy random --strategy regevo:population=5 --csv -j 1
untimed() { sed 's/,[^,]*$//' "$1"; } # the last column is the time it took
head -1 out | grep -q ',seconds$' || wrong "the last column"
untimed out >one
ok "${bench[@]}" --strategy random --strategy regevo:population=5 --csv -j 2 -o kept.csv; same out kept.csv
untimed out >two; same one two
ok "${bench[@]}" --strategy random --json; json; out '"schema": "ohmnas.bench/1"'
ok "${bench[@]}" --strategy random; out 'random'; out 'regret'
run "${bench[@]}" --strategy randon; code 3; err "random"
run bench table.csv --space nb201; code 2; err '--objective'
run bench table.csv --objective scoer; code 3; err 'score'
run bench none.csv --objective score; code 3; err 'none.csv'
run bench table.csv --objective score --key name; code 3
run bench table.csv --space resnet-kws --objective score; code 7; err 'table.csv'
printf 'ops,score\n432030,x\n' >bad.csv; run bench bad.csv --objective score; code 7; err 'bad.csv:2'
: >empty.csv; run bench empty.csv --objective score; code 7; err 'empty.csv'
echo "bench: all well"
