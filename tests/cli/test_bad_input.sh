# Bad input of every kind: its message, its exit code, and nothing run or half-written.
. tests/cli/lib.sh

# One study file with many faults: all of them at once, each with line and column, as a compiler says it.
cat >study.yaml <<'END'
study: bad
spaec: nb201
space: nb201
chip: hermes64
chip_use: { read_mode: 3-phase, overlapp: on }
strategy: { name: nsga2, population: many, crossover_prob: 7 }
objectives: [ maximize paramz, minimize energy_uJ ]
constraints: [ "cores <=" ]
budget: -5
seed: 1
END
run search study.yaml --db x.db; code 2; no_out
err '^study.yaml:2:1: error: .*spaec.*space'
err '^study.yaml:5:.*3-phase'
err '^study.yaml:5:.*overlapp.*overlap'
err '^study.yaml:6:.*many'
err '^study.yaml:9:9: error: .*-5'
err '\^'
[ ! -e x.db ] || wrong "a database was made"
run check study.yaml; code 2; err 'spaec'
run search study.yaml -v; code 2; err 'OHM_ECONFIG'

# Objectives and constraints are looked at once the rest is right.
cat >study.yaml <<'END'
study: bad
space: nb201
strategy: nsga2
objectives: [ maximize paramz, minimize energy_uJ ]
constraints: [ "cores <= nothing", "cores <=" ]
END
run search study.yaml --db x.db; [ "$code" = 2 ] || [ "$code" = 3 ] || wrong "exit code"
err "study.yaml:4:.*paramz"; err "params"; err 'study.yaml:5:.*nothing'
printf 'study: x\nstudy: y\n' >study.yaml; run check study.yaml; code 2; err 'study.yaml:2:.*study'
printf 'study: x\nspace: nb201\n' >study.yaml; run check study.yaml; code 2; err 'no objective'
printf 'study: x\n\tspace: nb201\n' >study.yaml; run check study.yaml; code 2; err 'study.yaml:2'
: >study.yaml; run check study.yaml; [ "$code" != 0 ] || wrong "an empty file"; err 'study.yaml'
run check none.yaml; code 3; err 'none.yaml'
mkdir folder; run check folder; [ "$code" != 0 ] || wrong "a folder without a card"; err 'card.yaml'
printf 'colour: red\n' >other.yaml; run check other.yaml; code 2; err 'no study, search space, chip, network'
run check study.yaml none.yaml other.yaml; err 'study.yaml'; err 'none.yaml'; err 'other.yaml'
head -c 4096 /dev/urandom >noise.yaml; run check noise.yaml; [ "$code" = 2 ] || [ "$code" = 7 ] || wrong "noise"
{ echo 'a: &a [x,x,x,x,x,x,x,x,x]'; p=a
  for n in b c d e f g h i; do echo "$n: &$n [*$p,*$p,*$p,*$p,*$p,*$p,*$p,*$p,*$p]"; p=$n; done; } >bomb.yaml
timeout 20 "$program" check bomb.yaml >out 2>err; code=$?; said="check bomb.yaml"
[ $code = 2 ] || [ $code = 7 ] || wrong "an alias bomb"; err 'bomb.yaml'
truncate -s 100M large.yaml; run check large.yaml; code 7; err 'large.yaml'; rm large.yaml
printf '{"net": "n:1", "net": "n:2"}' >twice.json; run check twice.json; [ "$code" != 0 ] || wrong "a key twice"; err 'twice.json'
head -c 200000 /dev/zero | tr '\0' '[' >deep.json; run check deep.json; [ "$code" = 2 ] || [ "$code" = 7 ] || wrong "200,000 brackets"

# Of a file that cannot be read nothing else is said to be missing.
for file in none.yaml folder noise.yaml; do
    run search $file --db x.db; [ "$code" != 0 ] || wrong "$file as a study"
    err "$file"; ! grep -q 'names no space\|no objective' err || wrong "follow-up errors"
done
run search --space nb201 --objective params --db long.db --name "$(printf 'x%.0s' {1..300})"; code 2; err '300 bytes'
run search --space nb201 --objective params --db x.db --strategy annealing; code 3; err 'ohmnas help strategies'

# Names that are not there.
run search --space nb202 --objective 'minimize params' --db x.db; code 3; err "did you mean 'nb201'"
run search --space nb201 --chip hermes46 --objective 'minimize params' --db x.db; code 3; err "hermes64"
run search --space nb201 --strategy nsga3 --objective 'minimize params' --db x.db; code 3; err 'nsga2'
run search --space nb201 --surrogate none --objective 'minimize params' --db x.db; code 3; err 'none'
run search --objective 'minimize params' --db x.db; code 2; err 'no space'
run search --space nb201 --objective 'minimize params' --budget 1e3 --db x.db; code 2; err '1e3'
[ ! -e x.db ] || wrong "a database was made"
OHMNAS_HOME=/nonexistent ok sample "$root/searchspaces/nb201.yaml" -n 1

# Constraints that nothing meets.
run search --space nb201 --objective 'minimize params' --where 'params < 0' --budget 10 --db u.db --progress none
code 4; err '.'

# Databases: none, not one, damaged, of a newer program, in a folder that cannot be written, on a full disk.
search=(search --space nb201 --strategy random --objective 'minimize params' --progress none)
for verb in 'ls studies' 'ls trials' best pareto 'sql "SELECT 1"' 'db check' 'db upgrade' resume; do
    eval "run $verb --db none.db"; code 3; err 'none.db'
done
[ ! -e none.db ] || wrong "a database was made by looking"
head -c 8192 /dev/urandom >noise.db
for verb in 'ls studies' best 'db check'; do
    # shellcheck disable=SC2086
    run $verb --db noise.db; code 7; err 'noise.db'
done
run "${search[@]}" --budget 10 --db noise.db; code 7
python3 -c 'import sqlite3; d = sqlite3.connect("foreign.db"); d.execute("CREATE TABLE t(a)"); d.commit()'
run ls studies --db foreign.db; code 7; err 'foreign.db'
run "${search[@]}" --budget 10 --db foreign.db; code 7
ok "${search[@]}" --budget 2000 --db good.db
cp good.db newer.db; python3 -c 'import sqlite3; d = sqlite3.connect("newer.db"); d.execute("PRAGMA user_version = 99"); d.commit()'
run ls studies --db newer.db; code 7; err '99'
run "${search[@]}" --name two --budget 10 --db newer.db; code 7; err '99'
run db upgrade --db newer.db; code 7; err '99'
python3 - <<'END'
data = bytearray(open("good.db", "rb").read())
for at in range(len(data) // 3, len(data) // 3 + 8192):
    data[at] = 0xA5
open("damaged.db", "wb").write(data)
END
run db check --db damaged.db; code 7; err 'damaged.db'
: >empty.db; run ls studies --db empty.db; [ "$code" = 7 ] || [ "$code" = 3 ] || wrong "an empty database"
mkdir here.db; run "${search[@]}" --budget 10 --db here.db; [ "$code" = 1 ] || [ "$code" = 7 ] || wrong "a folder as database"
run "${search[@]}" --budget 10 --db no/such/folder/x.db; [ "$code" = 1 ] || [ "$code" = 3 ] || wrong "no folder"
run export 432030 --space nb201 -o no/such/folder/net.yaml; code 3; err 'no/such/folder'

if [ "$(id -u)" != 0 ]; then
    mkdir shut; chmod 555 shut
    run "${search[@]}" --budget 10 --db shut/x.db; code 1; err 'shut/x.db'
    run export 432030 --space nb201 -o shut/net.yaml; code 1
    cp good.db shut2.db; mkdir keep; cp good.db keep/; chmod 555 keep; chmod 444 keep/good.db
    ok ls studies --db keep/good.db
    chmod 755 shut keep
elif unshare -m true 2>/dev/null; then
    mkdir disk; cp good.db good_copy.db
    cat >in_namespace <<'END'
mount -t tmpfs -o size=1m tmpfs disk || exit 99
"$1" search --space nb201 --strategy random --objective 'minimize params' --progress none --budget 15000 --db disk/x.db >out 2>err
code=$?
cp disk/x.db* . 2>/dev/null
rm disk/x.db*
cp good_copy.db disk/good.db && mount -o remount,ro disk || exit 99
"$1" ls studies --db disk/good.db >out2 2>err2 || exit 98
"$1" search --space nb201 --strategy random --objective 'minimize params' --progress none --budget 10 --db disk/x.db >out3 2>err3
[ $? = 1 ] || exit 97
"$1" export 432030 --space nb201 -o disk/net.yaml >out4 2>err4
[ $? = 1 ] || exit 96
exit $code
END
    unshare -m bash in_namespace "$program"; code=$?; said="search on a full disk, then on a read-only one"
    if [ $code = 99 ]; then
        echo "SKIPPED: full disk (no tmpfs may be mounted here)"
    else
        code 1; err 'full|space left'
        cp x.db full.db 2>/dev/null || true
        run db check --db x.db; code 0 # what was committed before is whole
    fi
else
    echo "SKIPPED: full disk and read-only folder (root without namespaces)"
fi
echo "bad input: all well"
