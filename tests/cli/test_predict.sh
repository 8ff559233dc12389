# Answers of a network to rows of numbers: files and errors of use, errors of weights, hardware, the published networks.
. tests/cli/lib.sh
cat >net.yaml <<'Y'
network: small
input: [1, 1, 3]
layers:
  - { kind: dense, name: a, out: 4 }
  - { kind: elu, name: b }
  - { kind: dense, name: c, out: 2 }
Y
python3 - <<'PY'
import json, struct
def write(path, tensors):
    header, data = {}, b""
    for name, shape, values in tensors:
        raw = struct.pack(f"<{len(values)}f", *values)
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header).encode()
    open(path, "wb").write(struct.pack("<Q", len(text)) + text + data)
write("net.st", [("1.a.weight", [4, 3], [1, 0, 0, 0, 1, 0, 0, 0, 1, -1, -1, -1]), ("1.a.bias", [4], [0, 0, 0, .5]),
                 ("3.c.weight", [2, 4], [1, 1, 1, 1, 0, 0, 0, 2]), ("3.c.bias", [2], [0, 1]),
                 ("1.a.input_range", [1], [0]), ("3.c.input_range", [1], [0])])
PY
printf '1,2,3\n-1 -2 -3\n0;0;0\n' >x.csv

ok predict net.yaml -w net.st -i x.csv -o y.csv
python3 - <<'PY' || wrong "the answers are not those of the formulas"
import math
elu = lambda x: x if x > 0 else math.exp(x) - 1
rows = [[float(v) for v in line.split(",")] for line in open("y.csv")]
for x, y in zip([[1, 2, 3], [-1, -2, -3], [0, 0, 0]], rows):
    h = [elu(v) for v in x] + [elu(.5 - sum(x))]
    assert abs(sum(h) - y[0]) < 1e-5 and abs(1 + 2 * h[3] - y[1]) < 1e-5, (x, y)
assert len(rows) == 3
PY
ok predict net.yaml -w net.st -i x.csv -o -; same out y.csv
ok predict net.yaml -w net.st -i x.csv -t y.csv --json; json; out '"schema": "ohmnas.predict/1"'
[ "$(python3 -c 'import json; d = json.load(open("out")); print(abs(d["overlap"] - 1) < 1e-6, d["by_draw"][0]["rmse"] < 1e-6)')" = "True True" ] || wrong "its own answers are not the nearest"

# Draws differ, the same seed gives the same ones, for any batch and threads.
set -- net.yaml -w net.st -i x.csv -t y.csv --csv
ok predict "$@" --weight-noise 0.1 --draws 3 --seed 4; cp out three; [ "$(sort -u out | wc -l)" = 4 ] || wrong "draws are alike"
ok predict "$@" --weight-noise 0.1 --draws 3 --seed 4 --batch 1 -j 2; same out three
ok predict "$@" --analog --draws 2 --time 1d --chip hermes64; cp out two
ok predict "$@" --analog --draws 2 --time 1d --chip hermes64 --batch 2 -j 2; same out two
ok predict net.yaml -w net.st -i x.csv --analog --device ideal --compensation none --set tile.dac_bits=0 --set tile.adc_bits=0 --set tile.out_noise=0 --set tile.adc_bound=0 --ranges max -o -
same out y.csv

# A state that adds up what came, twice from zero.
cat >sum.yaml <<'Y'
network: sum
input: [1, 1, 2]
layers:
  - { kind: channel_sum, name: s }
  - { kind: concat, from: [s, s] }
Y
printf '1\n2\n3\n4\n' >steps.csv
python3 -c 'import struct; open("none.st", "wb").write(struct.pack("<Q", 2) + b"{}")'
ok predict sum.yaml -w none.st -i steps.csv --state 1 --steps 2 -o -; [ "$(tr '\n' ' ' <out)" = "1 3 3 7 " ] || wrong "sums of two"
ok predict sum.yaml -w none.st -i steps.csv --state 1 -o -; [ "$(tr '\n' ' ' <out)" = "1 3 6 10 " ] || wrong "sums of all"
run predict sum.yaml -w none.st -i steps.csv --state 2; code 2; err '2 inputs and 2 outputs'
run predict sum.yaml -w none.st -i steps.csv --state 1 --steps 3; code 2; err 'whole number of sequences'
run predict sum.yaml -w none.st -i steps.csv --steps 2; code 2; err 'state'

# What does not go together, and what is wrong in files.
run predict net.yaml -i x.csv; code 2; err 'weights'
run predict net.yaml -w net.st; code 2; err 'inputs'
run predict net.yaml -w net.st -i x.csv --draws 2; code 2; err 'all are the same'
run predict net.yaml -w net.st -i x.csv --log; code 2; err 'targets'
run predict net.yaml -w net.st -i x.csv --weight-noise 0.1 --analog; code 2; err 'exclude'
run predict net.yaml -w net.st -i x.csv --weight-noise much; code 2; err "'much'"
run predict net.yaml -w net.st -i x.csv --set tile.adc_bits=4; code 2; err 'analog'
run predict net.yaml -w net.st -i x.csv --analog --time 1d,2d; code 2; err 'one time'
run predict net.yaml -w net.st -i net.yaml; code 7; err 'net.yaml:1'
printf '1,2\n' >bad.csv
run predict net.yaml -w net.st -i bad.csv; code 2; err 'rows have 2 numbers'
run predict net.yaml -w net.st -i x.csv -t x.csv; code 2; err 'want 3 x 2'
run predict net.yaml -w net.st -i none.csv; code 3

# The published wave functions, where they are.
published=$root/../shared/golden/scientific
if [ ! -d "$published" ]; then
    echo "SKIPPED: ../shared is absent: the published wave functions are not reproduced"
    exit 0
fi
said=tools/reproduce_scientific
"$root/tools/reproduce_scientific" "$published" --ohmnas "$program" --draws 2 >out 2>err; code=$?
code 0; out '^\| 1 \| 0.993861 \| 0.99298 \| '; out '^\| 10 \| 0.999962 \| 0.98951 \| '

# Errors of weights: the very draws behind the published means of ten.
if ! python3 -c 'import numpy' 2>/dev/null; then
    echo "SKIPPED: NumPy is absent: the table of errors of weights is not drawn again"
    exit 0
fi
"$root/tools/reproduce_scientific" "$published" --ohmnas "$program" --draws 2 --table-draws >out 2>err; code=$?
code 0
python3 - <<'PY' || wrong "the means of ten are not those of the table"
table = {1: (.983, .73), 2: (.959, .40), 4: (.930, .21), 6: (.844, .07), 8: (.948, .37), 10: (.966, .46)}
rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in open("out")]
rows = [row for row in rows if row[0].isdigit()]
assert len(rows) == len(table)
for row in rows:
    few, many = table[int(row[0])]
    assert abs(float(row[-2]) - few) < 0.001 and abs(float(row[-1]) - many) < 0.006, row
PY
