#!/usr/bin/python3
"""bench_step_torch.py - a whole ResNet-8 training step beside PyTorch's, in one run.

    bench_step_torch.py BENCH_STEP [ROUNDS]

BENCH_STEP is the built tests/bench/bench_step.c. Both take batches of 64 random pictures through forward, loss,
backward and stochastic gradient descent with momentum and weight decay; PyTorch with channels_last, on as many threads.
The two take turns, ROUNDS times (5 when not given); each figure is its best round. The bar is 1.15; the exit status is
1 when one of the ratios misses it. Needs Debian's python3-torch (tools/check --peers installs it).
"""
import os
import re
import subprocess
import sys
import time

BATCH, WARM, STEPS, BAR = 64, 5, 30, 1.15


def block(nn, c_in, c_out, stride):
    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv1 = nn.Conv2d(c_in, c_out, 3, stride, 1, bias=False)
            self.bn1 = nn.BatchNorm2d(c_out)
            self.conv2 = nn.Conv2d(c_out, c_out, 3, 1, 1, bias=False)
            self.bn2 = nn.BatchNorm2d(c_out)
            self.shortcut = nn.Conv2d(c_in, c_out, 1, stride) if stride > 1 else nn.Identity()
            self.relu = nn.ReLU(inplace=True)

        def forward(self, x):
            y = self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x)))))
            return self.relu(y + self.shortcut(x))

    return Block()


def resnet8(nn):
    stem = [nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU(inplace=True)]
    blocks = [block(nn, 16, 16, 1), block(nn, 16, 32, 2), block(nn, 32, 64, 2)]
    return nn.Sequential(*stem, *blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))


def torch_ms(threads):
    """Run in a process of its own, as ours is: milliseconds of the median step."""
    import torch

    torch.set_num_threads(threads)
    torch.manual_seed(1)
    net = resnet8(torch.nn).to(memory_format=torch.channels_last)
    x = torch.randn(BATCH, 3, 32, 32).to(memory_format=torch.channels_last)
    label = torch.randint(0, 10, (BATCH,))
    sgd = torch.optim.SGD(net.parameters(), lr=0.01, momentum=0.9, weight_decay=5e-4, nesterov=True)
    loss = torch.nn.CrossEntropyLoss()
    times = []
    for _ in range(WARM + STEPS):
        start = time.perf_counter()
        sgd.zero_grad(set_to_none=True)
        loss(net(x), label).backward()
        sgd.step()
        times.append(time.perf_counter() - start)
    return 1e3 * sorted(times[WARM:])[STEPS // 2]


def run(command, pattern, threads):
    env = dict(os.environ, OMP_NUM_THREADS=str(threads), OMP_WAIT_POLICY="passive")
    text = subprocess.run(command, env=env, check=True, stdout=subprocess.PIPE, text=True).stdout
    return float(re.search(pattern, text).group(1))


def main():
    if sys.argv[1:2] == ["--torch"]:
        print("torch %.4f" % torch_ms(int(sys.argv[2])))
        return 0
    if len(sys.argv) < 2:
        print(__doc__, file=sys.stderr)
        return 2
    rounds, missed = int(sys.argv[2]) if len(sys.argv) > 2 else 5, False
    for threads in (1, 2):
        ours, theirs = [], []
        for _ in range(rounds):
            ours.append(run([sys.argv[1], "digital", str(threads)], r"ms_per_step ([0-9.]+)", threads))
            theirs.append(run([sys.executable, __file__, "--torch", str(threads)], r"torch ([0-9.]+)", threads))
        ratio = min(theirs) / min(ours)
        missed = missed or ratio < BAR
        print("%d thread%s: ohmnas %.2f ms, PyTorch %.2f ms a step of %d: %.2f times as fast%s"
              % (threads, " " if threads == 1 else "s", min(ours), min(theirs), BATCH, ratio,
                 "" if ratio >= BAR else ", misses %.2f" % BAR))
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
