# ResNet-8 on aihwkit, on PyTorch and here: with OHM_PEERS=1, OHM_CIFAR10 the folder of the data, OHM_RESNET8 a file of
# its weights (by default the published hardware-aware ones). The comparison with aihwkit needs that package.
. tests/cli/lib.sh
skip() { printf 'SKIPPED: %s\n' "$1"; exit 77; }
[ -n "${OHM_PEERS:-}" ] || skip "runs with OHM_PEERS=1 (tools/check --peers)"
[ -n "${OHM_CIFAR10:-}" ] || skip "OHM_CIFAR10 names no folder of CIFAR-10"
weights=${OHM_RESNET8:-$root/results/published/cifar10/resnet8-analog.st}
[ -r "$weights" ] || skip "$weights is absent"
peer() {
    python3 "$root/tests/peers/aihwkit_resnet8.py" "$program" --weights "$weights" --data "$OHM_CIFAR10" "$@"
    status=$?
    [ $status -ne 77 ] || exit 77
    [ $status -eq 0 ] || { echo "FAILED: aihwkit_resnet8.py $*"; exit 1; }
}
peer --digital --samples 1000
peer
