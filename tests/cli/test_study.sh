# A study from its file to the answers: run, listed, questioned and drawn.
. tests/cli/lib.sh

common=(--space nb201 --strategy nsga2 --set population=20 --objective 'maximize params' --objective 'minimize energy_uJ'
        --where 'cores <= 64' --progress none)

ok search "${common[@]}" --name a --budget 200 --db a.db -j 1 --json; json; out '"schema": "ohmnas.run/1"'
[ "$(field trials)" = 200 ] && [ "$(field state)" = done ] || wrong "200 trials, done"
ok sql 'SELECT count(*) AS n, count(DISTINCT net_id) AS d FROM trial' --db a.db --csv; out '^200,200$'

# The environment names the run log.
export OHMNAS_DB=$PWD/a.db
ok ls studies; out '^ +1  a +done +200 +200'
ok ls studies --json; json; ok ls studies --csv; ok ls studies --jsonl; jsonl
ok ls trials --limit 5; [ "$(wc -l <out)" = 6 ] || wrong "five rows and a header"
ok ls trials --json; json; ok ls trials --jsonl; jsonl; [ "$(wc -l <out)" = 200 ] || wrong "200 lines"
ok ls trials --where 'cores <= 40 && params > 100k' --sort -params --cols number,params,cores --csv
awk -F, 'NR > 1 && ($2 <= 100000 || $3 > 40 || (NR > 2 && $2 > last)) { bad = 1 } { last = $2 } END { exit bad }' out ||
    wrong "filter or order"
run ls trials --where 'cores < 0'; code 4; err 'no trial'
run ls trials --where 'coers < 9'; code 3; err "cores"
run ls trials --where 'cores <'; code 2
run ls trials --sort nonsense; [ "$code" = 2 ] || [ "$code" = 3 ] || wrong "unknown order"
run ls trials --cols number,energy_uj; code 3; err "did you mean 'energy_uJ'"
run ls trials --study b; code 3
ok best; out 'params'; ok best -n 3 --json; json
best=$(python3 -c 'import json; print(max(t["params"] for t in json.load(open("out"))["trials"]))')
ok ls trials --sort -params --limit 1 --feasible --json
[ "$(python3 -c 'import json; print(json.load(open("out"))["trials"][0]["params"])')" = "$best" ] || wrong "best is not the best"
run best --objective acc; code 3
ok pareto; out 'on the front'; out '\|'; out 'energy_uJ'
ok pareto --json; json; ok pareto --csv; ok pareto --knee --csv; [ "$(wc -l <out)" = 2 ] || wrong "one knee"
ok pareto --objective 'params,minimize latency_us*cores' --csv
run pareto --objective params; code 2; err 'two objectives'
run pareto --objective params,energy_uj; code 3; err "energy_uJ"
run pareto --where 'cores < 0'; code 4
ok plot pareto -o front.svg; python3 -c 'import xml.dom.minidom as x; x.parse("front.svg")' || wrong "no XML"
run plot histogram; code 2
ok show '#17'; out '^trial +17'; out '^energy_uJ'; id=$(sed -n 's/^net *//p' out)
ok show "$id" --json; json; [ "$(field trial)" = 17 ] || wrong "by id"
ok cost "$id" --json; json; cp out by_id
ok export "$id" --chip hermes64 -o net.yaml; ok cost net.yaml --json; same out by_id
ok show net.yaml; out '^energy_uJ'
ok diff '#1' '#2'; out 'params'
ok diff '#1' '#2' --csv; python3 -c 'import csv; assert len(set(map(len, csv.reader(open("out"))))) == 1' || wrong "two tables"
for thing in nb201 hermes64 nb201-cifar10-pcm; do
    ok show $thing --json; json; out '"schema": "ohmnas.source/1"'; ok show $thing --jsonl; jsonl; ok show $thing --csv; out '^kind,name,source$'
done
run show '#100000'; code 3
run show n:zzzz; [ "$code" = 2 ] || [ "$code" = 3 ] || wrong "no id"
ok show a --origin; out '^budget +200 +--budget'; out '^seed +1 +default'; ok show a --origin --json; json
OHMNAS_SEED=7 ok search "${common[@]}" --name seeded --budget 20 --db seed.db
ok show seeded --origin --db seed.db; out '^seed +7 +OHMNAS_SEED'
ok sql 'SELECT operation, count(*) AS n FROM trial GROUP BY operation' --json; json
run sql 'DELETE FROM trial'; [ "$code" != 0 ] || wrong "sql must not write"
run sql 'SELEC 1'; code 2
ok db check; out 'no errors'; ok db backup copy.db; ok db check --db copy.db; ok db upgrade
run db backup copy.db; [ "$code" != 0 ] || wrong "a backup overwrote a file"
ok ls trials --csv --db copy.db; cp out backed; ok ls trials --csv; same out backed

# Progress on request; none of it on standard output.
ok search "${common[@]}" --name p --budget 40 --db p.db --progress json --json; json; jsonl err
ok search "${common[@]}" --name q --budget 40 --db p.db --progress line; err '40/40'
ok ls studies --db p.db; out ' p '; out ' q '

# init writes a file that check accepts and search runs.
for task in kws vww cifar10; do
    ok init --task $task -o $task.yaml; no_out; err "ohmnas search $task.yaml"
    ok check $task.yaml; out 'study, no errors'
    run init --task $task -o $task.yaml; code 2; err 'exists'
    ok init --task $task -o $task.yaml --force
done
sed -e 's/^\( *\)# population: .*/\1population: 10/' -e 's/^budget: .*/budget: 30/' kws.yaml >mine.yaml
ok check mine.yaml
ok show mine.yaml; out '^strategy.population +10 +mine.yaml:[0-9]+'
ok search mine.yaml --db mine.db --budget 40 --progress none; out '^trials +40'
ok show --origin --db mine.db; out '^budget +40 +--budget'; out '^seed +1 +mine.yaml:'
for strategy in random local regevo analognas nsga2 bayes; do
    ok init --strategy $strategy -o s.yaml -f; ok check s.yaml # one objective where the strategy takes one
done
ok init --name "it's: #1" -o s.yaml -f; ok search s.yaml --budget 5 --db 'named so.db' --progress none
err "show ID --study 'it'\\\\''s: #1' --db 'named so.db'$" # can be pasted
ok ls studies --db 'named so.db' --csv; out "^1,it's: #1,done,5"
run init --strategy regevoo; code 3; err "regevo"
run init --task speech; code 2
echo "study: all well"
