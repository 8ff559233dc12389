# A surrogate from a table to a search with it; damaged and foreign ones are refused with the reason.
. tests/cli/lib.sh

# Measured rows of our own making: an accuracy that grows with the parameters and falls with the number of skips.
ok sample nb201 -n 400 --key --csv --seed 3
python3 - <<'END'
import csv, math
rows = list(csv.DictReader(open("out")))
with open("rows.csv", "w") as f:
    f.write("ops,acc,loss\n")
    for i, r in enumerate(rows):
        acc = 60 + 5 * math.log10(int(r["params"])) - 2 * r["key"].count("1") + 0.01 * (i * 37 % 11)
        f.write(f"{r['key']},{acc:.4f},{100 - acc:.4f}\n")
END
train=(surrogate train --space nb201 --table rows.csv --target 'acc_1d:%=acc' --target 'loss' --features genes,net
       --set trees=40 --set folds=4 --set repeats=1 --task cifar10 --protocol 'made up' -j 2)
ok "${train[@]}" -o models/mine --json; json
[ "$(python3 -c 'import json; print(json.load(open("out"))["scores"][0]["tau"] > 0.6)')" = True ] || wrong "tau"
ok "${train[@]}" -o models/twin; out 'params_tau'; out 'acc_1d'
for f in models/mine/*; do
    case $f in */card.yaml) ;; *) cmp "$f" "models/twin/${f##*/}" || wrong "the same rows and seed, another model" ;; esac
done
ok surrogate info models/mine; out 'acc_1d'; out 'made up'; out 'surrogate train'
ok surrogate info models/mine --features; out '.'
ok surrogate info --features --space nb201; out '^genes'
ok surrogate predict models/mine 432030 333333 --json; json; out '"acc_1d"'; out '"acc_1d_sd"'
ok surrogate predict models/mine 432030 --csv; cp out by_key
ok export 432030 --space nb201 -o net.yaml; ok surrogate predict models/mine net.yaml --csv; same out by_key
ok surrogate eval models/mine --table rows.csv --target acc_1d=acc --json; json
ok check models/mine; out 'surrogate, no errors'

# Features that reckon with hardware: it is in the card, and what they mean can be asked for.
physics=("${train[@]}" --features net,graph,chip,noise --set physics.tile_rows=128)
ok "${physics[@]}" --device pcm-hermes2 -o models/physics --json; json
grep -q '^physics:' models/physics/card.yaml || wrong "no hardware in the card"
ok surrogate info models/physics; out 'pcm-hermes2'; out 'tile_rows: 128'
ok surrogate info models/physics --features; out 'noise.snr_db.30d .* \[dB\]'; out '^chip.tiles '
ok surrogate predict models/physics 432030 333333 --json; json
ok "${physics[@]}" --ablate --json; json
python3 - <<'END' || wrong "ablation"
import json
a = json.load(open("out"))["ablation"]
kinds = [r["kind"] for r in a if r["target"] == "acc_1d"]
assert kinds == ["all"] + ["without"] * 4 + ["alone"] * 4, kinds
assert all(0 < r["tau"] < 1 and r["rmse"] > 0 for r in a if r["kind"] == "all")
END
run "${train[@]}" --ablate -o x; code 2; err '--output'
run "${train[@]}" --features noise --device none -o x; code 3; err 'none'
run "${train[@]}" --features noise --device reram-wan -o x; code 2; err 'reram-wan was measured at'
run "${train[@]}" --features noise --set physics.times=soon -o x; code 2; err 'soon'
run "${train[@]}" --features chip --set physics.tile_row=3 -o x; code 2; err 'tile_rows'

# A search with it, resumed, and refused once the model is another one.
common=(--space nb201 --surrogate models/mine --strategy nsga2 --set population=20 --objective 'maximize acc_1d - acc_1d_sd'
        --objective loss --where 'cores <= 64' --progress none)
ok search "${common[@]}" --name s --budget 100; ok pareto; out 'on the front'
ok best --json; json; out '"acc_1d"'
ok ls trials --sort -acc_1d --limit 3 --cols number,acc_1d,acc_1d_sd,objective_1
ok resume s --add-budget 20 --progress none
ok surrogate train --space nb201 --study s --target acc_1d:% --set trees=10 --set folds=2 --set repeats=1 -o models/from_log
cp -r models/mine kept
ok "${train[@]}" --seed 2 --force -o models/mine
run resume s --add-budget 20 --progress none; code 7; err '.'
rm -r models/mine; cp -r kept models/mine
ok resume s --add-budget 20 --progress none

# Damaged and foreign models, each on its own.
broken() { rm -rf broken; cp -r models/mine broken; }
model() { find broken -type f ! -name card.yaml | sort | head -1; }
broken; head -c 2000 "$(model)" >part; cp part "$(model)"; run surrogate predict broken 432030; code 7; err 'broken'
broken; : >"$(model)"; run surrogate predict broken 432030; code 7; err 'broken'
broken; echo '{"learner": {}}' >"$(model)"; run surrogate predict broken 432030; code 7; err 'broken'
broken; rm "$(model)"; run surrogate predict broken 432030; [ "$code" = 7 ] || [ "$code" = 3 ] || wrong "a model is gone"
broken; rm broken/card.yaml; run surrogate info broken; code 3; err 'card.yaml'
broken; head -c 100 broken/card.yaml >part; cp part broken/card.yaml; run surrogate info broken; [ "$code" = 2 ] || [ "$code" = 7 ] || wrong "half a card"
run surrogate predict models/mine 432030 --space resnet-kws; code 7; err 'resnet-kws'
run search --space resnet-kws --surrogate models/mine --objective acc_1d --db x.db; code 7; err '.'
run check broken; [ "$code" != 0 ] || wrong "half a card"
run surrogate info none; code 3; err 'none'

# Training from rows that will not do.
run "${train[@]}" --set treees=3 -o x; code 2; err "trees"
run surrogate train --space nb201 --table rows.csv --target acc=none -o x; code 3; err 'none'
run surrogate train --space nb201 --table none.csv --target acc -o x; code 3; err 'none.csv'
run surrogate train --space nb201 --target acc -o x; code 2; err '--table'
run surrogate train --space nb201 --table rows.csv -o x; code 2; err '--target'
sed '5s/^[0-9]*/999999/' rows.csv >odd.csv; run surrogate train --space nb201 --table odd.csv --target acc -o x; code 7; err 'odd.csv:5'
sed '5s/$/,7/' rows.csv >odd.csv; run surrogate train --space nb201 --table odd.csv --target acc -o x; code 7; err 'odd.csv:5'
run "${train[@]}" -o x --where 'acc > 1000'; code 4; err 'no row is left'
run surrogate train --space nb201 --study s --target acc_1d:% --where 'acc_1d > 1000' -o x; code 4; err 'matches --where'
run "${train[@]}" -o models/twin; code 2; err 'models/twin: error: there is a surrogate already'
ok "${train[@]}" -o models/twin --force
cp -r models/twin models/torn; printf 'name: [\n' >models/torn/card.yaml
for verb in 'surrogate info' check; do run $verb models/torn; code 7; err 'models/torn/card.yaml:[0-9]'; done
run surrogate predict models/torn 432030; code 7
run search --space nb201 --surrogate models/torn --objective acc_1d --budget 5 --name torn; code 7; err 'models/torn/card.yaml:[0-9]'
mkdir full; echo keep >full/me; run "${train[@]}" -o full; [ "$code" != 0 ] || wrong "a folder that is no surrogate was replaced"
[ "$(cat full/me)" = keep ] || wrong "a file was lost"
[ ! -e x ] || wrong "a surrogate was half-written"
echo "surrogate: all well"
