# Every training is a row of the run log with its whole curve, however it ended and however often it was killed.
. tests/cli/lib.sh
net=$root/searchspaces/reference/resnet8.yaml
set -- --task cifar10 --data synthetic:96 --set batch=32 --set warmup_epochs=0 -j 1
query() { ok sql "$1" --csv; tail -n +2 out | tr -d '\r'; }

ok train "$net" "$@" --set epochs=3 -o one.st --json; json; [ "$(field training)" = t:1 ] || wrong "its name"
ok ls trainings --json; json; out '"schema": "ohmnas.trainings/1"'; out '"state": "done"'; out '"epochs": 3'
ok ls trainings; out '^t:1 +done +resnet8 +cifar10 +no +3 +3 '
ok show t:1 --json; json; out 'ohmnas.training/1'; out '"network_text": "# '; [ "$(field planned)" = 3 ] || wrong planned
ok show t:1 --csv; [ "$(wc -l <out)" = 4 ] || wrong "three epochs and a header"
[ "$(head -1 out)" = epoch,loss,top1,val_loss,val_top1,lr,time_s ] || wrong "header"
run show t:7; code 3; err 'no training t:7'

# The network that was trained is in the log: written to a file it is the same NET.
ok show t:1 --json
python3 -c 'import json; open("net.yaml", "w").write(json.load(open("out"))["network_text"])'
same net.yaml "$net"

# Another run is another row; killed and resumed it is still one, with the curve of a run that was never stopped.
ok train "$net" "$@" --set epochs=$epochs -o whole.st --progress none
"$program" train "$net" "$@" --set epochs=$epochs -o killed.st >/dev/null 2>&1 &
for _ in $(seq 4000); do [ -e killed.st.checkpoint ] && break; sleep 0.005; done
kill -9 $! 2>/dev/null
wait $! 2>/dev/null
ok show t:3 --json; [ "$(field state)" = interrupted ] || wrong "a killed run is $(field state)"
"$program" train "$net" "$@" --set epochs=$epochs -o killed.st --resume >/dev/null 2>&1 &
first=$(stat -c %Y.%i killed.st.checkpoint)
for _ in $(seq 4000); do [ "$(stat -c %Y.%i killed.st.checkpoint 2>/dev/null)" != "$first" ] && break; sleep 0.005; done
kill -TERM $! 2>/dev/null
wait $!; code=$?
[ $code = 143 ] || [ $code = 0 ] || wrong "a stopped run exits with $code"
if [ $code = 143 ]; then
    ok show t:3; out '^state +stopped'; out '^reason +stopped'
    ok train "$net" "$@" --set epochs=$epochs -o killed.st --resume
fi
same whole.st killed.st
ok ls trainings --csv; [ "$(wc -l <out)" = 4 ] || wrong "three trainings and a header"
curve='SELECT number, loss, top1, val_loss, val_top1, lr FROM epoch WHERE training'
query "$curve = 2" >curve2; query "$curve = 3" >curve3
[ "$(wc -l <curve3)" = $epochs ] || wrong "$epochs epochs"
same curve2 curve3
[ "$(query 'SELECT count(DISTINCT weights_hash) FROM training WHERE id > 1')" = 1 ] || wrong "hashes of equal files"
ok db check

# A fold is a run of its own: another one does not go on where it stopped.
"$program" train "$net" "$@" --folds 4 --fold 0 --set epochs=40 -o fold.st >/dev/null 2>&1 &
for _ in $(seq 4000); do [ -e fold.st.checkpoint ] && break; sleep 0.005; done
kill -9 $! 2>/dev/null
wait $! 2>/dev/null
run train "$net" "$@" --folds 4 --fold 1 --set epochs=40 -o fold.st --resume; code 7; err 'checkpoint is of another'
ok show t:5; out '^state +failed'; out '^reason +the checkpoint is of another'; out '^fold +1$'
[ ! -e fold.st ] || wrong "a failed run left weights"

# A training whose numbers run away is a row with its reason.
run train "$net" "$@" --set epochs=9 --set lr=100 --set momentum=0.9999 --set weight_decay=1 -o wild.st; code 1; err 'no longer finite'
ok show t:6 --json; out '"state": "failed"'; out '"reason": "the loss is no longer finite'

# Hardware in the loop, and a network of the log: the row says which trial it is.
ok search --space resnet-cifar10 --strategy random --objective macs --budget 3 --name small --progress none
ok train '#1' "$@" --set epochs=1 --analog -o trial.st --progress none
ok show t:7 --json; [ "$(field study) $(field trial) $(field analog)" = "1 1 True" ] || wrong "its trial"
out '"analog_settings": "on=true'; out '"network": "n:'
[ "$(query 'SELECT study, trial FROM trainings WHERE id = 7')" = 1,1 ] || wrong "the view"

# Where the log cannot be written nothing is trained; a log that is locked later costs the training nothing.
run train "$net" "$@" --set epochs=1 -o none.st --db no/such/folder.db; code 1; err 'folder.db'
echo text >text.db; run train "$net" "$@" --set epochs=1 -o none.st --db text.db; code 7; err 'text.db: .*not an ohmnas'
[ ! -e none.st ] && [ ! -e none.st.checkpoint ] || wrong "a run without a log has trained"
"$program" train "$net" "$@" --set epochs=$epochs -o locked.st --db locked.db >out 2>err &
for _ in $(seq 4000); do [ -e locked.st.checkpoint ] && break; sleep 0.005; done
training=$! said='a training whose log is locked'
locked err locked.db || wrong "no warning"
wait $training; code=$?; code 0
same whole.st locked.st
OHMNAS_DB=locked.db ok show t:1 --csv; [ "$(wc -l <out)" = $((epochs + 1)) ] || wrong "an epoch is lost"
OHMNAS_DB=locked.db ok db check

# A log of version 1, made before there were trainings, is read as it is and upgraded by training.
python3 - <<'PY'
import sqlite3
d = sqlite3.connect("ohmnas.db")
d.execute("PRAGMA wal_checkpoint(TRUNCATE)")
d.executescript("VACUUM INTO 'old.db'")
o = sqlite3.connect("old.db")
o.executescript("DROP VIEW validation_times; DROP VIEW validations; DROP TABLE validation_read; DROP TABLE validation_time; DROP TABLE validation")
o.executescript("DROP VIEW trainings; DROP TABLE epoch; DROP TABLE training; PRAGMA user_version = 1")
PY
ok ls studies --db old.db; out 'small'; ok ls trainings --db old.db --csv; no_out
run show t:1 --db old.db; code 3; err 'no training t:1'
ok train "$net" "$@" --set epochs=1 -o old.st --db old.db --progress none
ok show t:1 --db old.db; out '^state +done'
ok ls trials --db old.db --csv; [ "$(wc -l <out)" = 4 ] || wrong "three trials and a header"
echo "run log: all well"
