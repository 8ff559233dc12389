# lib.sh - what the tests of the command line share. `run` runs the program in a folder of its own and keeps what it
# wrote; the checks after it compare that and end the test with what was wrong.
set -uo pipefail
program=$1
root=$PWD
unset OHMNAS_DB OHMNAS_SEED OHMNAS_JOBS OHMNAS_DATA NO_COLOR COLUMNS
export OHMNAS_HOME=$root
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
# What is stopped on its way takes long enough to be stopped; sanitized code takes several times as long anyway.
epochs=20 draws=60
[ -z "${OHM_SANITIZED:-}" ] || epochs=6 draws=15
cd "$tmp" || exit 1

run() {
    said="ohmnas $*"
    "$program" "$@" >out 2>err </dev/null
    code=$?
}
wrong() {
    printf 'FAILED: %s\n%s\n--- exit code %s, standard output:\n' "$said" "$1" "$code"
    head -c 3000 out
    printf -- '--- standard error:\n'
    head -c 3000 err
    exit 1
}
code() { [ "$code" = "$1" ] || wrong "exit code is $code, expected $1"; }
out() { grep -qE -e "$1" out || wrong "standard output lacks: $1"; }
no_out() { [ ! -s out ] || wrong "standard output should be empty"; }
err() { grep -qE -e "$1" err || wrong "standard error lacks: $1"; }
no_err() { [ ! -s err ] || wrong "standard error should be empty"; }
ok() { run "$@"; code 0; }
# locked FILE LOG: a lock on the run log, until the file tells of it or a minute has passed; 1: it never did.
locked() {
    python3 - "$@" <<'PY'
import sqlite3, sys, time
log = sqlite3.connect(sys.argv[2], isolation_level=None)
log.execute("BEGIN IMMEDIATE")
end = time.monotonic() + 60
while (told := "warning: " + sys.argv[2] in open(sys.argv[1]).read()) is False and time.monotonic() < end:
    time.sleep(0.05)
log.execute("ROLLBACK")
sys.exit(not told)
PY
}
# tiny_recipe NETWORKS [REPEATED SEEDS]: a recipe of ohmnas collect whose rows take a moment.
tiny_recipe() {
    cat <<YAML
collect: tiny
task: cifar10
space: resnet-cifar10
chip: hermes64
networks: $1
repeats: {networks: ${2:-0}, seeds: ${3:-1}}
draw: {strata: [2e3, 12e3, 30e3], where: macs <= 1e6}
samples: {count: 40, curve: 10}
digital: {epochs: 2, batch: 16, lr: 0.05}
analog: {epochs: 1, batch: 16, lr: 0.01, distill: 0.5, hardware: {noise: pcm, range_batches: 1}}
validate: {times: [0, 60s, 1d, 30d], draws: 2, samples: 8, calibrate: 4, tile: {read_mode: one_phase}}
YAML
}
# The file is one JSON document (or, with lines, one a line).
json() { python3 -c 'import json,sys; json.load(open(sys.argv[1]), parse_constant=lambda c: sys.exit(c))' "${1:-out}" || wrong "no JSON"; }
jsonl() { python3 -c 'import json,sys; [json.loads(l) for l in open(sys.argv[1])]' "${1:-out}" || wrong "no JSON lines"; }
# field NAME: its value in the JSON object of standard output.
field() { python3 -c 'import json,sys; print(json.load(open("out"))[sys.argv[1]])' "$1"; }
same() { cmp -s "$1" "$2" || { diff "$1" "$2" | head; wrong "$1 and $2 differ"; }; }
