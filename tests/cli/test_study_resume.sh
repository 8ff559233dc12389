# A study that is split, killed or run on other threads has the same trials in the same order.
. tests/cli/lib.sh

common=(--space nb201 --strategy nsga2 --set population=20 --objective 'maximize params' --objective 'minimize energy_uJ'
        --where 'cores <= 64' --progress none)
columns=number,generation,state,net,operation,parent_a,parent_b,params,energy_uJ,violation,feasible,genotype
rows() { ok ls trials --cols $columns --csv --db "$1"; cp out "$2"; }

ok search "${common[@]}" --name a --budget 200 --db a.db -j 1; rows a.db whole
ok search "${common[@]}" --name a --budget 200 --db j2.db -j 2; rows j2.db other; same whole other
ok search "${common[@]}" --name a --budget 100 --db split.db
ok resume a --add-budget 100 --db split.db --progress none; rows split.db other; same whole other
ok resume a --db split.db --progress none; rows split.db other; same whole other

long=("${common[@]}" --name long --budget 20000 -j 2)
ok search "${long[@]}" --db long.db; rows long.db whole
for signal in INT:130 TERM:143 KILL:137; do
    "$program" search "${long[@]}" --db killed.db >out 2>err &
    pid=$!
    for _ in $(seq 500); do
        n=$("$program" sql 'SELECT count(*) AS n FROM trial' --csv --db killed.db 2>/dev/null | tail -1)
        [ "${n:-0}" -gt 100 ] 2>/dev/null && break
        sleep 0.01
    done
    kill -"${signal%:*}" $pid
    { wait $pid; } 2>/dev/null; code=$?; said="search, killed by ${signal%:*}"
    if [ $code != 0 ]; then # 0: it was done before the signal came
        code "${signal#*:}"
        [ "${signal%:*}" = KILL ] || err 'ohmnas resume long'
    fi
    ok db check --db killed.db
    ok resume long --db killed.db --progress none -j 1; rows killed.db other; same whole other
    rm -f killed.db*
done

# A study is not run twice, and not while it is live elsewhere.
run search "${common[@]}" --name a --budget 10 --db a.db; code 6; err "'?a'?"
"$program" search "${common[@]}" --name live --budget 5000000 --db live.db >/dev/null 2>&1 &
pid=$!
for _ in $(seq 500); do "$program" ls studies --db live.db 2>/dev/null | grep -q live && break; sleep 0.01; done
run resume live --db live.db; code 6
ok ls studies --db live.db
kill $pid; wait $pid
echo "study, resumed: all well"
