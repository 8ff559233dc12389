# Every validation is a row of the run log with each of its reads; one that was killed goes on where it was.
. tests/cli/lib.sh
net=$root/searchspaces/reference/resnet8.yaml
query() { ok sql "$1" --csv; tail -n +2 out | tr -d '\r'; }
ok train "$net" --task cifar10 --data synthetic:64 --set epochs=1 --set batch=16 --set warmup_epochs=0 -j 1 -o w.st --progress none
set -- "$net" --task cifar10 --data synthetic:64 -w w.st --samples 6 --calibrate 4 --times 0,60s,30d -j 1

ok validate "$@" --draws 3 --reads 2 --progress none --json; json; cp out whole.json
[ "$(field validation)" = v:1 ] || wrong "its name"
ok ls validations --json; json; out '"schema": "ohmnas.validations/1"'; out '"state": "done"'; out '"last_time": "30d"'
ok ls validations; out '^v:1 +done +resnet8 +cifar10 +test +pcm +'
ok show v:1 --json; json; out 'ohmnas.validation/1'; out '"training": "t:1"'; out '"network_text": "# '
python3 - <<'PY' || wrong "the log does not say what the command said"
import json
a, b = json.load(open("whole.json")), json.load(open("out"))
for key in "network task on weights device seed samples draws reads_each ranges_calibrated digital digital_low digital_high avm times".split():
    assert a[key] == b[key], key
assert b["reads_each"] == 2 and a["reads"] == b["reads"] and len(b["reads"]) == 18 and json.loads(b["settings"])["tile"]["compensation"] == "unbiased"
PY
ok show v:1 --csv; [ "$(wc -l <out)" = 4 ] || wrong "three times and a header"
[ "$(head -1 out)" = time,t_s,top1,sd,low,high,q05,median,q95,drop,dw,alpha ] || wrong "header"
ok show v:1; out '^digital +'; out '^30d +2592000 '
run show v:7; code 3; err 'no validation v:7'

# Every figure follows from the reads, by SQL alone.
[ "$(query 'SELECT count(*) FROM validation_read')" = 18 ] || wrong "three draws of two reads at three times"
query "WITH d AS (SELECT place, draw, avg(top1) AS m, avg(dw) AS dw FROM validation_read WHERE validation = 1 GROUP BY place, draw)
SELECT time, avg(m), sqrt(max(0, sum(m * m) - count(*) * avg(m) * avg(m)) / (count(*) - 1)), avg(dw) FROM d
JOIN validation_time t ON t.validation = 1 AND t.place = d.place GROUP BY t.place" >by_sql
python3 - <<'PY' || wrong "SQL comes to other figures"
import csv, json
for row, t in zip(csv.reader(open("by_sql")), json.load(open("whole.json"))["times"]):
    assert row[0] == t["time"]
    for text, key in zip(row[1:], ("top1", "sd", "dw")):
        assert abs(float(text) - t[key]) < 1e-5, (row, t)
PY
[ "$(query 'SELECT draws, count(*) FROM validation_times WHERE validation = 1 GROUP BY draws')" = 3,3 ] || wrong "the view of times"
[ "$(query "SELECT state, done, training FROM validations")" = done,3,1 ] || wrong "the view of validations"

# Killed in the middle and started again: the same row, the same bits, and the draws that were there are not made again.
ok validate "$@" --draws $draws --progress none --json; cp out long.json
"$program" validate "$@" --draws $draws --seed 2 --progress none >/dev/null 2>&1 &
for _ in $(seq 400); do [ "$(query 'SELECT count(DISTINCT draw) > 2 FROM validation_read WHERE validation = 3')" = 1 ] && break; sleep 0.01; done
kill -9 $! 2>/dev/null
wait $! 2>/dev/null
ok show v:3 --json; [ "$(field state)" = interrupted ] || wrong "a killed run is $(field state)"
there=$(field draws); [ "$there" -gt 2 ] && [ "$there" -lt $draws ] || wrong "$there draws are there"
ok validate "$@" --draws $draws --seed 2 --json; err "v:3 goes on after $there draws"; cp out resumed.json
[ "$(grep -c 'draw .*/'$draws" " err)" = $((3 * (draws - there))) ] || wrong "draws that were there were made again"
ok validate "$@" --draws $draws --seed 2 --progress none --json
[ "$(field validation)" = v:4 ] || wrong "what is done stays as it is"
grep -v '"validation":' out >a; grep -v '"validation":' resumed.json >b; same a b
[ "$(query 'SELECT DISTINCT state, done FROM validations WHERE id > 1')" = "done,$draws" ] || wrong "$draws draws each"
ok db check

# A signal: what was reached stays, and the interval ends the resumed run where it ends the whole one.
"$program" validate "$@" --draws $draws --seed 3 --width 100 --progress none >/dev/null 2>&1 &
for _ in $(seq 400); do [ "$(query 'SELECT count(*) > 0 FROM validation_read WHERE validation = 5')" = 1 ] && break; sleep 0.01; done
kill -TERM $! 2>/dev/null
wait $!; code=$?
[ $code = 143 ] || [ $code = 0 ] || wrong "a stopped run exits with $code"
if [ $code = 143 ]; then
    ok show v:5; out '^state +stopped'; out '^reason +stopped in draw'
    ok validate "$@" --draws $draws --seed 3 --width 100 --progress none
fi
ok show v:5 --json; [ "$(field draws) $(field state)" = "3 done" ] || wrong "three draws are narrower than 100 points"

# A network of the log, by weights of another name.
ok search --space resnet-cifar10 --strategy random --objective macs --budget 3 --name small --progress none
ok train '#1' --task cifar10 --data synthetic:64 --set epochs=1 --set batch=16 --set warmup_epochs=0 -o trial.st --progress none
cp trial.st renamed.st
ok validate '#1' --task cifar10 --data synthetic:64 -w renamed.st --samples 2 --calibrate 2 --times 0 --draws 1 --progress none --csv
ok show v:6 --json; [ "$(field study) $(field trial) $(field training)" = "1 1 t:2" ] || wrong "its trial and training"

# Where the log cannot be written nothing is measured.
run validate "$@" --draws 1 --db no/such/folder.db; code 1; err 'folder.db'; no_out
echo text >text.db; run validate "$@" --draws 1 --db text.db; code 7; err 'text.db: .*not an ohmnas'
# A log that is locked later costs the validation nothing.
"$program" validate "$@" --draws $draws --seed 4 --db locked.db --progress none >out 2>err &
for _ in $(seq 400); do [ "$("$program" sql 'SELECT count(*) > 0 FROM validation_read' --db locked.db --csv 2>/dev/null | tail -n +2 | tr -d '\r')" = 1 ] && break; sleep 0.01; done
validation=$! said='a validation whose log is locked'
locked err locked.db || wrong "no warning"
wait $validation; code=$?; code 0
ok show v:1 --db locked.db --json; [ "$(field draws) $(field state)" = "$draws done" ] || wrong "a draw is lost"
ok db check --db locked.db
# A validation that fails is a row with its reason.
run validate "$@" --draws 1 --device reram-wan --times 3d; code 2
ok show v:7 --json; out '"state": "failed"'; out '"reason": "'

# A log of version 2 is read as it is and upgraded by validating.
python3 - <<'PY'
import sqlite3
d = sqlite3.connect("ohmnas.db")
d.execute("PRAGMA wal_checkpoint(TRUNCATE)")
d.executescript("VACUUM INTO 'old.db'")
o = sqlite3.connect("old.db")
o.executescript("DROP VIEW validation_times; DROP VIEW validations; DROP TABLE validation_read; DROP TABLE validation_time; "
                "DROP TABLE validation; PRAGMA user_version = 2")
PY
ok ls trainings --db old.db; out '^t:2 +done'; ok ls validations --db old.db --csv; no_out
run show v:1 --db old.db; code 3; err 'no validation v:1'
ok validate "$@" --draws 1 --db old.db --progress none
ok ls validations --db old.db; out '^v:1 +done'
ok ls trainings --db old.db; out '^t:1 +done'; out '^t:2 +done'
ok db check --db old.db
