# The best networks of a study on hardware: chosen, trained by the commands that are printed, measured once, ranked again.
. tests/cli/lib.sh
rows() { ok sql 'SELECT count(*) FROM validation' --csv; tail -n +2 out | tr -d '\r'; }
ok search --space nb201 --surrogate nb201-cifar10-pcm --strategy random --objective 'maximize acc_1d' \
    --where 'params < 150k && macs < 15M' --budget 40 --name s --progress none
set -- --task cifar10 --data synthetic:64 --samples 4 --calibrate 4 --times 0,1d --draws 2 -j 1 --weights-dir trained
ok best -n 3 --csv; tail -n +2 out | cut -d, -f1 | sort >chosen

# Nothing is trained yet: they are listed with the commands that train them.
run validate --top 3 "$@"; code 4; err 'trained weights'; out "^ *ohmnas train n:[0-9a-f]{12} --study s( |$)"
run validate --top 3 "$@" --json; code 4; json
python3 - <<'PY' || wrong "another choice than best"
import json
r = json.load(open("out"))
assert r["schema"] == "ohmnas.validate.top/1" and r["by"] == "acc_1d" and r["chosen"] == 3 and r["measured"] == 0
assert sorted(str(n["trial"]) for n in r["networks"]) == sorted(open("chosen").read().split())
assert [n["rank_predicted"] for n in r["networks"]] == [1, 2, 3] and all(n["rank"] is None for n in r["networks"])
open("commands", "w").write("\n".join(n["train"] for n in r["networks"]) + "\n")
PY
mkdir trained
fast='--set epochs=1 --set batch=16 --set warmup_epochs=0 --progress none -j 1'
sed -e "s|^ohmnas|'$program'|" -e "s|\$| $fast|" -e 's/$/ >trained.out 2>\&1/' commands >script
head -1 script | bash || wrong "the first command does not train"
ok validate --top 3 "$@" --json; json; [ "$(field measured)" = 1 ] || wrong "one is trained"
err '^n:[0-9a-f]{12}  draw 1/2  1d  top1'

# Weights of another name are found by the training that wrote them; what the log has is not measured again.
sed -n 2p script | bash || wrong "the second command does not train"
sed -n 3p script | sed "s|trained/[0-9a-f]*.st|elsewhere.st|" | bash || wrong "the third command does not train"
ok validate --top 3 "$@" --json; json; err 'v:1 has it'; cp out top.json
[ "$(rows)" = 3 ] || wrong "three validations"
python3 - <<'PY' || wrong "ranks or errors"
import json
r = json.load(open("top.json"))
n = r["networks"]
assert r["measured"] == 3 and [x["rank"] for x in n] == [1, 2, 3] and sorted(x["rank_predicted"] for x in n) == [1, 2, 3]
assert all(a["top1"] >= b["top1"] for a, b in zip(n, n[1:]))
assert all(abs(x["predicted"] - x["top1"] - x["error"]) < 1e-9 and x["low"] <= x["top1"] <= x["high"] for x in n)
assert abs(r["bias"] + sum(x["error"] for x in n) / 3) < 1e-9 and r["rmse"] >= abs(r["bias"])
assert r["tau"] is None or -1 <= r["tau"] <= 1
assert [x["weights"] == "elsewhere.st" for x in n].count(True) == 1 and {x["validation"] for x in n} == {"v:1", "v:2", "v:3"}
PY
ok validate --top 3 "$@"; out '^tau'; out '^ *1 +[123] +n:'
[ "$(rows)" = 3 ] || wrong "measured again"
ok validate --top 1 "$@" --again; [ "$(rows)" = 4 ] || wrong "not measured again"
ok validate --top 3 "$@" --by acc_0 --csv; [ "$(wc -l <out)" = 4 ] || wrong "three networks and a header"
# Weights that are no longer those of the training are not taken.
echo >>elsewhere.st; ok validate --top 3 "$@" --json; [ "$(field measured)" = 2 ] || wrong "changed weights were taken"

# Several objectives: of the front, its ends among them.
ok search --space nb201 --surrogate nb201-cifar10-pcm --strategy random --objective 'maximize acc_1d' --objective 'minimize macs' \
    --budget 200 --name front --progress none
ok pareto --study front --csv; tail -n +2 out | cut -d, -f1 | tr -d '\r' >front
[ "$(wc -l <front)" -gt 4 ] || wrong "a front of less than five is no test"
run validate --top 3 --study front "$@" --json; code 4
python3 - <<'PY' || wrong "not spread over the front"
import json
front, top = open("front").read().split(), [str(n["trial"]) for n in json.load(open("out"))["networks"]]
assert len(top) == 3 and set(top) <= set(front) and {front[0], front[-1]} <= set(top), (front, top)
PY
ok validate --top 190 --study front "$@" --json; [ "$(field chosen)" = 190 ] || wrong "the fronts behind it" # one of them is trained already

run validate "$root/searchspaces/reference/resnet8.yaml" --top 3 "$@"; code 2; err '--top .* NET is of one'
run validate --top 3 "$@" --gate 'acc_1d > 1'; code 2; err 'gate'
run validate --top 3 "$@" --by acc_30d; code 3; err 'acc_1d'
run validate --top 3 "$@" --study none; code 3
run validate --by acc_1d --task cifar10 --data synthetic:64; code 2; err '--by goes with --top'
ok search --space nb201 --strategy random --objective macs --budget 3 --name small --progress none
run validate --top 3 --study small "$@"; code 2; err "'macs'.*--by acc_1d"
