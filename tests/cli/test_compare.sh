# Networks compared on the same samples: answers by sample, the same for any threads and after a kill; the paired test
# against its definition; files that do not belong together.
. tests/cli/lib.sh
cat >net.yaml <<'YAML'
network: small
input: [32, 32, 3]
layers:
  - { kind: conv, name: conv1, out: 4, kernel: 3, stride: 4 }
  - { kind: relu, name: relu1 }
  - { kind: global_avg_pool, name: pool }
  - { kind: flatten, name: flatten }
  - { kind: dense, name: fc, out: 10, bias: true }
YAML
sed -e 's/small/large/' -e 's/out: 4,/out: 24,/' -e 's/stride: 4/stride: 2/' net.yaml >large.yaml
samples="--task cifar10 --data synthetic:240 --progress none -j 1"
made="--set batch=16 --set warmup_epochs=0 --set lr=0.05"
for seed in 1 2; do
    ok train net.yaml $samples $made --set epochs=1 --seed $seed -o s$seed.st
    ok train large.yaml $samples $made --set epochs=12 --seed $seed -o l$seed.st
done
measure() { # NETWORK WEIGHTS options ...
    local net=$1 weights=$2
    shift 2
    ok validate $net $samples -w $weights --calibrate 8 --times 0,1d --draws 3 --reads 2 "$@"
}

# ---- the answers ----
measure net.yaml s1.st --answers s1.csv --json; cp out s1.json
[ "$(grep -vc '^#' s1.csv)" = 61 ] || wrong "60 test samples and a header"
[ "$(grep -v '^#' s1.csv | head -n 1)" = item,id,class,digital,0,1d ] || wrong "the columns"
grep -q '^# network: small$' s1.csv && grep -q '^# draws: 3$' s1.csv && grep -q '^# samples: [0-9a-f]\{16\}$' s1.csv || wrong "the head"
python3 - <<'PY' || wrong "answers do not add up to the accuracies"
import csv, json
rows = list(csv.DictReader(l for l in open("s1.csv") if l[0] != "#"))
r = json.load(open("s1.json"))
assert len(rows) == r["samples"] == 60
assert abs(100 * sum(int(x["digital"]) for x in rows) / 60 - r["digital"]) < 1e-9
for t in r["times"]:
    assert abs(100 * sum(int(x[t["time"]]) for x in rows) / 60 / 6 - t["top1"]) < 1e-9, t
    assert all(0 <= int(x[t["time"]]) <= 6 for x in rows)
PY
run validate net.yaml $samples -w s1.st --answers s1.csv; code 2; err 's1.csv: .*--force'
run validate net.yaml $samples -w s1.st --answers no/s1.csv; code 3; err 'no such folder'
run validate --top 2 --answers s1.csv --task cifar10 --data synthetic:240; code 2; err '--answers is of one network'
cp s1.csv before.csv
measure net.yaml s1.st --answers s1.csv --force -j 2 --batch 7; same s1.csv before.csv
measure net.yaml s1.st --json
grep -v '"validation":' out >bare; grep -v '"validation":' s1.json >with; same bare with

# Killed in the middle and started again, with draws in the log that have no answers: the same file as of a whole run.
# On a busy machine a run may be over before it is killed: then one of more draws.
drawn() { "$program" sql "SELECT count(DISTINCT draw) FROM validation_read WHERE validation = (SELECT max(id) FROM validation WHERE draws = $1)" --csv 2>/dev/null | tail -n 1 | tr -d '\r'; }
for draws in 60 240 960; do
    set -- net.yaml $samples -w s1.st --calibrate 8 --times 0,1d --draws $draws
    "$program" validate "$@" --seed 9 >/dev/null 2>&1 &
    for _ in $(seq 2000); do
        there=$(drawn $draws)
        [ "${there:-0}" -gt 2 ] 2>/dev/null && break; sleep 0.01
    done
    kill -9 $! 2>/dev/null; wait $! 2>/dev/null
    [ "$(drawn $draws)" = $draws ] || break
done
ok validate "$@" --seed 9 --db whole.db --answers whole.csv
ok validate "$@" --seed 9 --answers resumed.csv; err 'which are made again'
same whole.csv resumed.csv
ok sql "SELECT count(*), count(DISTINCT draw), state FROM validation_read JOIN validation ON id = validation WHERE validation.draws = $draws" --csv
out "^$((2 * draws)),$draws,done"

# ---- the test ----
measure net.yaml s2.st --answers s2.csv --seed 2
measure large.yaml l1.st --answers l1.csv
measure large.yaml l2.st --answers l2.csv --seed 2
ok compare l1.csv,l2.csv s1.csv,s2.csv --json -j 1; json; no_err; out '"schema": "ohmnas.compare/1"'; cp out one.json
ok compare l1.csv,l2.csv s1.csv,s2.csv --json -j 2; same out one.json
python3 - <<'PY' || wrong "another way to the same figures comes to others"
import csv, json, random
def read(names):
    return [list(csv.DictReader(l for l in open(n) if l[0] != "#")) for n in names]
r = json.load(open("one.json"))
assert (r["items"], r["units"], r["seeds_a"], r["seeds_b"]) == (60, 60, 2, 2) and r["unit"] == "item"
assert [t["time"] for t in r["times"]] == ["digital", "0", "1d"]
random.seed(5)
for t in r["times"]:
    of = 1 if t["time"] == "digital" else 6
    a, b = ([sum(int(f[i][t["time"]]) for f in read(n)) / 2 / of for i in range(60)] for n in (["l1.csv", "l2.csv"], ["s1.csv", "s2.csv"]))
    d = [x - y for x, y in zip(a, b)]
    assert abs(100 * sum(a) / 60 - t["acc_a"]) < 1e-9 and abs(100 * sum(b) / 60 - t["acc_b"]) < 1e-9
    assert abs(100 * sum(d) / 60 - t["difference"]) < 1e-9
    n, far = 4000, 0
    for _ in range(n):
        far += abs(sum(x if random.random() < 0.5 else -x for x in d)) >= abs(sum(d)) - 1e-9
    p = far / n
    assert abs(p - t["p"]) < 0.004 + 5 * (max(p, 0.001) / n) ** 0.5, (p, t["p"])
    assert t["low"] < t["difference"] < t["high"] and t["low_seeds"] < t["difference"] < t["high_seeds"]
    assert t["a_is"] == ("better" if t["p"] < 0.05 and t["difference"] > 0 else "worse" if t["p"] < 0.05 else "open")
assert r["times"][2]["a_is"] == "better", r["times"][2]
PY
ok compare l1.csv,l2.csv s1.csv,s2.csv --at 1d,digital --csv
[ "$(head -n 1 out | tr -d '\r')" = a,b,task,samples,items,units,unit,seeds_a,seeds_b,time,acc_a,acc_b,difference,low,high,low_seeds,high_seeds,p,p_one,a_is,differing,exact,level ] || wrong "the columns"
[ "$(wc -l <out)" = 3 ] || wrong "two rows and a header"
ok compare l1.csv s1.csv --at 24h --jsonl; jsonl; out '"time":"24h"'; out '"low_seeds":null'
ok compare l1.csv l1.csv --at 1d --json; out '"p": 1,'
ok compare l1.csv,l2.csv s1.csv,s2.csv --at 1d; out '^unit +item'; out '^time +acc_a +acc_b +difference'

# ---- gates ----
ok compare l1.csv,l2.csv s1.csv,s2.csv --at 1d --gate 'better_1d && difference_1d > 0 && low_1d > 0'
run compare s1.csv,s2.csv l1.csv,l2.csv --at 1d --gate better_1d; code 5; out 'gate_passed +no'; err 'better_1d is 0'
run compare l1.csv s1.csv --at 1d --gate 'low_seeds_1d > 0'; code 5 # one seed has no such interval
run compare l1.csv s1.csv --at 1d --gate 'better_0'; code 3; err 'better_0'
run compare l1.csv s1.csv --at 1d --gate 'better_1d >'; code 2; no_out

# ---- speakers ----
cat >words.yaml <<'YAML'
task: words
kind: speech
input: [49, 10, 1]
classes: ["yes", "no"]
split: {file: split.csv}
YAML
python3 - <<'PY'
import math, os, struct
names = []
for word in ("yes", "no"):
    os.makedirs("set/" + word)
    for k in range(16):
        name = "%s/%02x_nohash_%d.wav" % (word, k % 8, k // 8)
        data = b"".join(struct.pack("<h", int(8000 * math.sin(i * (20 + k + 40 * (word == "no")) / 1000))) for i in range(16000))
        open("set/" + name, "wb").write(b"RIFF" + struct.pack("<I", 36 + len(data)) + b"WAVEfmt " +
            struct.pack("<IHHIIHH", 16, 1, 1, 16000, 32000, 2, 16) + b"data" + struct.pack("<I", len(data)) + data)
        names.append((name, "train" if k % 8 < 2 else "test"))
open("set/split.csv", "w").write("file,split\n" + "".join("%s,%s\n" % n for n in names))
PY
sed -e 's/\[32, 32, 3\]/[49, 10, 1]/' -e 's/out: 10/out: 2/' net.yaml >words-net.yaml
words="--task words.yaml --data set --progress none -j 1"
fold() { # SEED FOLD
    ok train words-net.yaml $words --folds 2 --fold $2 --set epochs=1 --set batch=4 --set warmup_epochs=0 --seed $1 -o w$1-$2.st
    ok validate words-net.yaml $words --folds 2 --fold $2 -w w$1-$2.st --seed $1 --calibrate 4 --times 1d --draws 2 --answers w$1-$2.csv
}
for seed in 1 2; do fold $seed 0; fold $seed 1; done
grep -q '^item,id,group,class' w1-0.csv || wrong "no speakers"
python3 - <<'PY' || wrong "speakers"
import csv
rows = [r for f in "01" for r in csv.DictReader(l for l in open("w1-%s.csv" % f) if l[0] != "#")]
assert sorted(int(r["item"]) for r in rows) == list(range(32))
assert len({r["group"] for r in rows}) == 8 and len({r["id"] for r in rows}) == 32
PY
ok compare w1-0.csv,w1-1.csv w2-1.csv,w2-0.csv --json; json
[ "$(field items) $(field units) $(field unit) $(field seeds_a)" = "32 8 speaker 1" ] || wrong "two clips of two words of eight speakers"
ok compare w1-0.csv,w1-1.csv,w2-0.csv,w2-1.csv w2-1.csv,w2-0.csv --json; [ "$(field seeds_a) $(field seeds_b)" = "2 1" ] || wrong "seeds"
run compare w1-0.csv,w1-1.csv w2-0.csv; code 7; err 'w1-1.csv:[0-9]+:? .*is missing in w2-0.csv'
run compare w1-0.csv w2-1.csv; code 7; err 'no item is in'

# ---- files that do not belong together ----
run compare l1.csv nowhere.csv; code 3; err 'nowhere.csv'
run compare l1.csv l2.st; code 7; err 'l2.st:1'
run compare l1.csv; code 2
run compare l1.csv s1.csv --level 2; code 2; err 'level'
run compare l1.csv s1.csv --at soon; code 2; err "'soon' is no time"
run compare l1.csv s1.csv --at 30d; code 3; err 'l1.csv:1.*30d'
run compare l1.csv,s1.csv s2.csv; code 7; err 's1.csv:1.*another network'
run compare l1.csv,l1.csv s1.csv; code 7; err 'counts once'
run compare l1.csv w1-0.csv; code 7; err 'w1-0.csv:1.*task'
head -n 50 s1.csv >cut.csv
run compare l1.csv cut.csv; code 7; err 'cut.csv:50.*not whole'
head -c -1 s1.csv >cut.csv
run compare l1.csv cut.csv; code 7; err 'cut.csv.*not whole'
sed 's/^\([0-9]*,[0-9a-f]*,[0-9]*,[01]\),[0-9],/\1,7,/' s1.csv >large.csv
run compare l1.csv large.csv; code 7; err "large.csv:19.*0 is '7'"
measure net.yaml s2.st --samples 30 --answers few.csv
run compare l1.csv few.csv; code 7; err 'is missing in few.csv'
measure net.yaml s2.st --times 0,1h --answers other.csv --force
run compare l1.csv s1.csv,other.csv; code 7; err 'times are not those'
ok compare l1.csv other.csv --csv; err 'different hardware, or at different times'
[ "$(wc -l <out)" = 3 ] || wrong "digital and 0, which both have"
no_line() { ! grep -q "$1" out || wrong "$1"; }
no_line ',1d,'
