#!/usr/bin/env python3
"""How well cheap recipes order networks, and what they cost.

rank_recipes.py LONG.csv CHEAP.csv...   tau of each file against the first, networks joined by genotype and seed
rank_recipes.py --ceiling ROWS.csv...   tau between two seeds of the same networks: what no predictor can exceed by much
Files are those of `ohmnas collect`. Intervals: 95 %, bootstrap over networks."""
import argparse
import csv
import itertools
import math
import random
import statistics


def read(path, column):
    rows = csv.DictReader(line for line in open(path, newline="") if not line.startswith("#"))
    found = []
    for row in rows:
        if column not in row:
            raise SystemExit(f"{path}: no column {column}")
        value = float(row[column]) if row[column] else math.nan
        found.append((row["genotype"], int(row["seed"]), value, float(row["train_s"]) + float(row["validate_s"])))
    return found


def tau(pairs):
    """Kendall's tau-b."""
    score = left = right = 0
    for (a, b), (c, d) in itertools.combinations(pairs, 2):
        x, y = (a > c) - (a < c), (b > d) - (b < d)
        score += x * y
        left += x * x
        right += y * y
    return score / math.sqrt(left * right) if left and right else math.nan


def with_interval(pairs):
    draw = random.Random(1)
    again = sorted(t for t in (tau(draw.choices(pairs, k=len(pairs))) for _ in range(500)) if not math.isnan(t))
    if not again:
        return math.nan, math.nan, math.nan
    return tau(pairs), again[int(0.025 * len(again))], again[int(0.975 * len(again))]


def show(name, pairs, seconds):
    if len(pairs) < 3:
        print(f"{name}: {len(pairs)} networks in common, which order nothing")
        return
    value, low, high = with_interval(pairs)
    mean = statistics.mean(seconds)
    print(f"{name}: tau {value:.3f} ({low:.3f} to {high:.3f}), {len(pairs)} networks, {mean:.1f} s a row, "
          f"{3600 / mean:.0f} rows an hour and thread")


def without_error(values, several):
    """Tau of a predictor that knows each network's mean over seeds: all values against themselves plus the deviations between
    seeds that were seen, put on them at random. The values have noise already, so that it is a little too high."""
    deviations = [(v - statistics.mean(s.values())) * math.sqrt(len(s) / (len(s) - 1)) for s in several for v in s.values()]
    draw = random.Random(1)
    return statistics.mean(tau([(v, v + draw.choice(deviations)) for v in values]) for _ in range(20))


def ceiling(path, column):
    seeds = {}
    rows = read(path, column)
    for genotype, seed, value, _ in rows:
        if not math.isnan(value):
            seeds.setdefault(genotype, {})[seed] = value
    several = [s for s in seeds.values() if len(s) > 1]
    numbers = sorted({n for s in several for n in s})
    spread = [statistics.stdev(s.values()) for s in several]
    if len(several) < 3:
        raise SystemExit(f"{path}: {len(several)} networks with several seeds")
    print(f"{path}: {len(several)} networks with several seeds, standard deviation between seeds "
          f"{math.sqrt(statistics.mean(x * x for x in spread)):.2f} (of all rows: "
          f"{statistics.stdev(v for _, _, v, _ in rows if not math.isnan(v)):.2f})")
    print(f"  a predictor without error would come to a tau of {without_error([s[min(s)] for s in seeds.values()], several):.3f}")
    for a, b in itertools.combinations(numbers, 2):
        pairs = [(s[a], s[b]) for s in several if a in s and b in s]
        show(f"  seed {a} and {b}", pairs, [r[3] for r in rows])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", nargs="+")
    parser.add_argument("--column", default="acc_1d")
    parser.add_argument("--ceiling", action="store_true")
    args = parser.parse_args()
    if args.ceiling:
        for path in args.file:
            ceiling(path, args.column)
        return
    long = {(g, s): v for g, s, v, _ in read(args.file[0], args.column) if not math.isnan(v)}
    for path in args.file:
        rows = [r for r in read(path, args.column) if r[:2] in long and not math.isnan(r[2])]
        show(path, [(long[r[:2]], r[2]) for r in rows], [r[3] for r in rows])


if __name__ == "__main__":
    main()
