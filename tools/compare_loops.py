#!/usr/bin/env python3
"""Closed loop, random search and a search on a surrogate that is fitted once, at equal training time.

    tools/compare_loops.py --trainings 100 --reference 0,30000 -- --space nb201 --measure-from nb201_analog.csv \\
        --target acc_1d:%=hwt_drift_86400_mean --noise acc_1d=hwt_drift_86400_std
    tools/compare_loops.py --hours 5 --reference 10,2000 --folder loops -- --recipe resnet-kws --data DIR --rows rows.csv

What follows -- is what all of them are given. All three begin with the same --start networks of a draw that differs from
seed to seed, and all have the same bounds of the hypervolume (--reference). Rows of a collection are shared: a network
that one of them has had trained costs the others what it cost, and is not trained again. Printed is the hypervolume of
the measured front at the largest training time that all three of a seed have reached, the differences of the closed loop
to the others, and their mean with a 95 % interval of Student's t over the seeds.
"""
import argparse, json, math, os, statistics, subprocess, sys

# Two-sided 95 % quantiles of Student's t for 1 ... 30 degrees of freedom.
T95 = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131, 2.120,
       2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042]
POLICIES = ["closed", "random", "once"]


def command(a, policy, seed):
    """`once` chooses all that it will ever measure at once, by predicted means; a budget stops it."""
    most = a.trainings or a.most
    rounds, top = (1, max(1, min(most - a.start, 1000))) if policy == "once" else (-(-most // a.top), a.top)
    words = [a.ohmnas, "search", *a.rest, "--json", "--progress", "none", "--seed", str(seed), "--refine", str(rounds),
             "--validate-top", str(top), "--set", "loop.anew=true", "--set", f"loop.start={a.start}",
             "--set", f"loop.reference={a.reference}",
             "--set", "loop.choose=" + {"closed": "gain", "random": "random", "once": "mean"}[policy]]
    if a.trainings:
        words += ["--trainings", str(a.trainings)]
    if a.hours:
        words += ["--hours", str(a.hours)]
    if policy == "closed":
        words += a.closed.split()
    if a.folder:
        os.makedirs(a.folder, exist_ok=True)
        words += ["--journal", os.path.join(a.folder, f"{policy}-{seed}.loop.csv")]
    return words


def run(a, policy, seed):
    p = subprocess.run(command(a, policy, seed), stdout=subprocess.PIPE, text=True)
    if p.returncode:
        sys.exit(p.returncode)
    return json.loads(p.stdout)


def at(result, hours):
    """The hypervolume that was reached within that time."""
    inside = [s["hypervolume"] for s in result["steps"] if s["hours"] <= hours * (1 + 1e-9)]
    return inside[-1] if inside else 0.0


def interval(x):
    if len(x) < 2:
        return None  # one seed says nothing of the spread
    return T95[min(len(x) - 1, len(T95)) - 1] * statistics.stdev(x) / math.sqrt(len(x))


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--ohmnas", default="ohmnas", help="the program")
    p.add_argument("--seeds", type=int, default=3)
    p.add_argument("--start", type=int, default=20, help="networks drawn before the first choice")
    p.add_argument("--top", type=int, default=8, help="networks a round of the closed loop")
    p.add_argument("--trainings", type=int, default=0, help="budget of each")
    p.add_argument("--hours", type=float, default=0, help="budget of each, of processor time")
    p.add_argument("--most", type=int, default=400, help="networks that none goes beyond, where --hours is the budget")
    p.add_argument("--reference", required=True, help="bounds of the hypervolume, a number an objective")
    p.add_argument("--closed", default="", help="further options of the closed loop alone, such as '--race 2'")
    p.add_argument("--folder", help="journals go here, so that a stopped comparison goes on; needed with --recipe")
    p.add_argument("--json", action="store_true")
    p.add_argument("--csv", action="store_true", help="a line a seed, for ohmnas report --loops")
    a, a.rest = p.parse_known_args()
    a.rest = [w for w in a.rest if w != "--"]
    if not a.trainings and not a.hours:
        p.error("--trainings or --hours: a budget is needed")
    table, spent = [], []
    for seed in range(1, a.seeds + 1):
        result = {policy: run(a, policy, seed) for policy in POLICIES}
        hours = min(r["hours"] for r in result.values())
        table.append({policy: at(r, hours) for policy, r in result.items()})
        spent.append(hours)
        print(f"seed {seed}: {hours:.4g} h  " + "  ".join(f"{k} {v:.6g}" for k, v in table[-1].items()),
              file=sys.stderr)
    summary = {"seeds": a.seeds, "hours": spent, "hypervolume": table}
    for other in POLICIES[1:]:
        d = [row["closed"] - row[other] for row in table]
        mean = statistics.mean(row[other] for row in table)
        summary["closed - " + other] = {"mean": statistics.mean(d), "half_width95": interval(d),
                                        "percent": 100 * statistics.mean(d) / mean if mean > 0 else None,
                                        "wins": sum(v > 0 for v in d)}
    if a.json:
        print(json.dumps(summary, indent=2))
        return
    if a.csv:
        bounds = a.reference.replace(",", " ")
        print("seed,hours,start,top,reference," + ",".join(POLICIES))
        for i, row in enumerate(table):
            print(f"{i + 1},{spent[i]:.9g},{a.start},{a.top},{bounds}," + ",".join(f"{row[k]:.9g}" for k in POLICIES))
        return
    print("seed  " + "  ".join(f"{k:>12}" for k in POLICIES))
    for i, row in enumerate(table):
        print(f"{i + 1:4}  " + "  ".join(f"{row[k]:12.6g}" for k in POLICIES))
    print("mean  " + "  ".join(f"{statistics.mean(r[k] for r in table):12.6g}" for k in POLICIES))
    for other in POLICIES[1:]:
        s = summary["closed - " + other]
        width = "" if s["half_width95"] is None else f" +- {s['half_width95']:.3g}"
        percent = "" if s["percent"] is None else f" ({s['percent']:+.2f} %)"
        print(f"closed - {other}: {s['mean']:.6g}{width}{percent}, better in {s['wins']} of {a.seeds} seeds")


main()
