# Data folders: checked, measured, written as arrays; what is wrong with one is told with the file's name.
. tests/cli/lib.sh

# wave FILE RATE SAMPLES PITCH: a 16-bit wave.
wave() {
    mkdir -p "$(dirname "$1")"
    python3 - "$@" <<'PY'
import math, struct, sys
path, rate, n, pitch = sys.argv[1], *map(int, sys.argv[2:])
data = b"".join(struct.pack("<h", int(8000 * math.sin(i * pitch / 1000))) for i in range(n))
open(path, "wb").write(b"RIFF" + struct.pack("<I", 36 + len(data)) + b"WAVEfmt " +
                       struct.pack("<IHHIIHH", 16, 1, 1, rate, 2 * rate, 2, 16) + b"data" + struct.pack("<I", len(data)) + data)
PY
}
cat >words.yaml <<'YAML'
task: words
kind: speech
input: [49, 10, 1]
classes: ["yes", "no"]
split: {file: split.csv}
YAML
i=0
for file in yes/a yes/b yes/c no/a no/d no/e; do
    i=$((i + 10))
    wave set/${file}_nohash_0.wav 16000 16000 $i
done
cp set/no/d_nohash_0.wav set/yes/d_nohash_0.wav
printf 'file,split\n' >set/split.csv
for file in yes/a:train yes/b:val yes/c:test yes/d:test no/a:train no/d:train no/e:test; do
    echo "${file%:*}_nohash_0.wav,${file#*:}" >>set/split.csv
done

ok data check --task words.yaml --data set --json; json; no_err
[ "$(field samples) $(field train) $(field val) $(field test)" = "7 3 1 3" ] || wrong "counts"
[ "$(field duplicates_across_splits) $(field duplicates_with_other_label)" = "1 1" ] || wrong "the duplicate"
ok data check --task words.yaml --data set --duplicates --csv; out 'no/d_nohash_0.wav,yes/d_nohash_0.wav,train,test'
ok data check --task words.yaml --data set --csv; cp out folder
tar -czf set.tar.gz set
ok data check --task words.yaml --data set.tar.gz --csv; same out folder
ok data stats --task words.yaml --data set --json; json
ok data stats --task words.yaml --data set --csv; [ "$(wc -l <out)" = 11 ] || wrong "ten columns"
ok data check --task words.yaml --data set --folds 2 --fold 1 --json; [ "$(field val)" = 0 ] || wrong "folds have no val"
run data check --task words.yaml --data set --folds 2 --fold 2; code 2; err 'fold is 2'

# The cache changes nothing, and is used: the second run leaves its file as it was.
ok data stats --task words.yaml --data set --csv; cp out plain
ok data stats --task words.yaml --data set --cache cache --csv; same out plain
ls -l --time-style=full-iso cache >before
ok data stats --task words.yaml --data set --cache cache --csv; same out plain
ls -l --time-style=full-iso cache >after; same before after

ok data features --task words.yaml --data set -o arrays; ls arrays/x_test.npy arrays/y_train.npy >/dev/null || wrong "files"
sed -e 's/kind: speech/kind: npy/' -e '/^split/d' words.yaml >arrays.yaml
ok data check --task arrays.yaml --data arrays --json; [ "$(field samples)" = 7 ] || wrong "as many samples"
for task in kws vww cifar10; do
    ok data check --task $task --data synthetic:40 --json; json; out 'synthetic data'
    ok data check --task $task --data synthetic:40 --csv -j 2
done

# What is wrong.
wave set/yes/b_nohash_0.wav 8000 8000 10
head -c 20000 set/no/a_nohash_0.wav >cut && mv cut set/no/a_nohash_0.wav
run data check --task words.yaml --data set --csv; code 7
err 'yes/b_nohash_0.wav: error: .*8000 samples a second'; err 'no/a_nohash_0.wav: error: .*cut short'
out '^yes,1,0,2'
echo 'yes/gone.wav,test' >>set/split.csv
run data stats --task words.yaml --data set; code 7; no_out; err "split.csv:9.*'yes/gone.wav' is named here"
run data features --task words.yaml --data set -o none; code 7; [ ! -e none ] || wrong "something was written"
run data check --task words.yaml --data set --split-file gone.csv; code 3; err "no split file 'gone.csv'"
mkdir -p pets/cat pets/dog; echo words >pets/cat/a.png
run data check --task words.yaml --data pets; code 7; err 'another task'
run data check --task cifar10 --data pets; code 7; err 'no CIFAR-10'
run data check --task words.yaml --data nowhere; code 3; err 'nowhere'
run data check --task kwz --data set; code 3; err "did you mean 'kws'"
run data check --task words.yaml; code 2; err '--data is missing'
run data check --data set; code 2; err '--task is missing'
run data features --task words.yaml --data set; code 2; err '--output is missing'
run data check --task kws --data synthetic:3; code 2; err 'synthetic:N'
head -c 2000 set.tar.gz >cut.tar.gz
run data check --task words.yaml --data cut.tar.gz; code 7; err 'cut.tar.gz'
echo "data: all well"
