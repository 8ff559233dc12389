#!/usr/bin/env bash
# Makes the shipped surrogates again from measured networks, which are not ours to ship.
#   tools/make_surrogates.sh [OHMNAS] [FOLDER_OF_TABLES]      (default: build/release/ohmnas ../shared/golden/nasbench)
# The same table and program give the same bytes, for any number of processors.
set -euo pipefail
cd "$(dirname "$0")/.."
ohmnas=${1:-build/release/ohmnas}
tables=${2:-../shared/golden/nasbench}

# AnalogNAS-Bench, first public version: hardware-aware trained networks ("hwt"), 25 repeats at each time.
# Left out: rows with a missing value, and rows whose accuracy after 60 s is above the undrifted one by more than
# 3 points (copies of another row's value).
OMP_WAIT_POLICY=passive "$ohmnas" surrogate train --force --space nb201 -o surrogates/nb201-cifar10-pcm \
  --table "$tables/nb201_analog.csv" --key ops \
  --where 'hwt_drift_60_mean - hwt <= 3 && hwt_drift_2592000_mean > 0' \
  --target 'acc_fresh:%=hwt' \
  --target 'acc_60s:%=hwt_drift_60_mean' \
  --target 'acc_1h:%=hwt_drift_3600_mean' \
  --target 'acc_1d:%=hwt_drift_86400_mean' \
  --target 'acc_30d:%=hwt_drift_2592000_mean' \
  --target 'spread_60s:%=hwt_drift_60_std' \
  --target 'spread_1h:%=hwt_drift_3600_std' \
  --target 'spread_1d:%=hwt_drift_86400_std' \
  --target 'spread_30d:%=hwt_drift_2592000_std' \
  --target 'avm:%=hwt_drift_60_mean - hwt_drift_2592000_mean' \
  --features cell --task cifar10 \
  --protocol 'CIFAR-10 test accuracy in percent after hardware-aware training (200 epochs, analog SGD, weight noise 0.06, 8-bit converters) with aihwkit: PCM noise and drift (PCMLikeNoiseModel, g_max 25 uS) with global drift compensation, mean of 25 repeats at 60 s, 1 h, 1 day and 30 days after programming; spread_* is the standard deviation over the repeats; avm is acc_60s - acc_30d. One trained network a cell.' \
  --source 'AnalogNAS-Bench, first public version: github.com/anissbslh/analognasbench, revision bf7da84, benchmark_data.csv; of cells that occur twice the last row' \
  --set trees=25 --set eta=0.3 --set min_child_weight=8 --set subsample=0.8 --set colsample=0.6 --set repeats=2 --set rank=1 \
  --set top_k=100 --seed 1
