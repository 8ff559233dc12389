#!/usr/bin/env python3
"""ResNet-8 in aihwkit and in ohmnas: the same weights, pictures and settings give the same accuracy at every time.

  aihwkit_resnet8.py OHMNAS --weights resnet8.st --data CIFAR10   exit 0: within --most points at each time; 1: not so
  aihwkit_resnet8.py OHMNAS ... --digital                         without hardware, on PyTorch alone

OHMNAS is the program; CIFAR10 the folder of the binary version. Tiles of 256 x 256, 8-bit converters, output noise 0.04,
one phase, the device `pcm`, compensation by one-hot reading, input ranges of the file. Both draw their own hardware, so
that means over --draws are compared. Rows of a tile lie in another order here (k_y, k_x, c) than there (c, k_y, k_x):
layers with more than 256 rows are cut in other places.

Exit 77 where aihwkit or PyTorch is absent: pip install aihwkit."""
import argparse
import json
import pathlib
import re
import struct
import subprocess
import sys
import tempfile

try:
    import numpy as np
    import torch
    from torch import nn
except ImportError as problem:
    print(f"SKIPPED: {problem}")
    sys.exit(77)

ROOT = pathlib.Path(__file__).resolve().parents[2]
SECONDS = {"s": 1, "min": 60, "h": 3600, "d": 86400, "y": 365 * 86400}
torch.set_num_threads(2)


# ---- the network ----

class Block(nn.Module):
    def __init__(self, c_in, c_out, stride):
        super().__init__()
        self.stride = stride
        self.conv1 = nn.Conv2d(c_in, c_out, 3, stride, 0, bias=False)
        self.bn1 = nn.BatchNorm2d(c_out, eps=1e-5)
        self.conv2 = nn.Conv2d(c_out, c_out, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(c_out, eps=1e-5)
        self.shortcut = nn.Conv2d(c_in, c_out, 1, stride) if c_in != c_out else None

    def forward(self, x):
        # "same" as TensorFlow has it: with stride 2 one row and column at the end, none at the beginning.
        pad = (1, 1, 1, 1) if self.stride == 1 else (0, 1, 0, 1)
        y = torch.relu(self.bn1(self.conv1(nn.functional.pad(x, pad))))
        y = self.bn2(self.conv2(y))
        return torch.relu(y + (x if self.shortcut is None else self.shortcut(x)))


class ResNet8(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 16, 3, 1, 1, bias=False)
        self.stem_bn = nn.BatchNorm2d(16, eps=1e-5)
        self.group1 = Block(16, 16, 1)
        self.group2 = Block(16, 32, 2)
        self.group3 = Block(32, 64, 2)
        self.classifier = nn.Linear(64, 10)

    def forward(self, x):
        x = torch.relu(self.stem_bn(self.stem(x)))
        x = self.group3(self.group2(self.group1(x)))
        return self.classifier(x.mean((2, 3)))


def names():
    """Module here: layer in the file."""
    pairs = {"stem": "stem", "stem_bn": "stem.bn", "classifier": "classifier"}
    for g in (1, 2, 3):
        for k in (1, 2):
            pairs[f"group{g}.conv{k}"] = f"group{g}.block1.conv{k}"
            pairs[f"group{g}.bn{k}"] = f"group{g}.block1.conv{k}.bn"
        if g > 1:
            pairs[f"group{g}.shortcut"] = f"group{g}.block1.shortcut"
    return pairs


def tensors(path):
    """Name without the number of the layer: numbers."""
    data = pathlib.Path(path).read_bytes()
    length = struct.unpack("<Q", data[:8])[0]
    out = {}
    for name, about in json.loads(data[8:8 + length]).items():
        if name == "__metadata__":
            continue
        first, end = (8 + length + at for at in about["data_offsets"])
        numbers = np.frombuffer(data[first:end], "<f4").reshape(about["shape"])
        out[name.split(".", 1)[1]] = torch.from_numpy(numbers.copy())
    return out


def fill(net, t):
    for module, layer in names().items():
        m = net.get_submodule(module)
        if isinstance(m, nn.BatchNorm2d):
            m.weight.data, m.bias.data = t[f"{layer}.scale"], t[f"{layer}.shift"]
            m.running_mean.data, m.running_var.data = t[f"{layer}.running_mean"], t[f"{layer}.running_var"]
        else:
            w = t[f"{layer}.weight"]
            m.weight.data = w if w.dim() == 2 else w.permute(0, 3, 1, 2).contiguous()
            if f"{layer}.bias" in t:
                m.bias.data = t[f"{layer}.bias"]
    return net.eval()


# ---- the pictures ----

def pictures(folder, count):
    text = (ROOT / "searchspaces/tasks/cifar10.yaml").read_text()
    norms = re.search(r"normalise: *\{mean: *\[(.*?)\], *std: *\[(.*?)\]", text)
    mean, std = (np.array([float(v) for v in norms.group(k).split(",")], "f4") for k in (1, 2))
    records = np.fromfile(pathlib.Path(folder) / "test_batch.bin", np.uint8).reshape(-1, 1 + 3072)
    count = min(count, len(records)) if count else len(records)
    records = records[np.arange(count) * len(records) // count]
    x = (records[:, 1:].reshape(-1, 3, 32, 32).astype("f4") - mean[:, None, None]) / std[:, None, None]
    return torch.from_numpy(x), torch.from_numpy(records[:, 0].astype("i8"))


def accuracy(net, x, label):
    with torch.no_grad():
        right = sum(int((net(x[i:i + 100]).argmax(1) == label[i:i + 100]).sum()) for i in range(0, len(x), 100))
    return 100 * right / len(x)


# ---- aihwkit ----

def on_aihwkit(net, t, x, label, times, draws):
    from aihwkit.inference import GlobalDriftCompensation, PCMLikeNoiseModel
    from aihwkit.nn.conversion import convert_to_analog
    from aihwkit.simulator.configs import BoundManagementType, InferenceRPUConfig, NoiseManagementType

    rpu = InferenceRPUConfig()
    rpu.forward.inp_res = rpu.forward.out_res = 1 / (2**8 - 2)
    rpu.forward.inp_bound, rpu.forward.out_bound = 1.0, 10.0
    rpu.forward.out_noise, rpu.forward.w_noise = 0.04, 0.0
    rpu.forward.noise_management = NoiseManagementType.NONE
    rpu.forward.bound_management = BoundManagementType.NONE
    rpu.mapping.max_input_size = rpu.mapping.max_output_size = 256
    rpu.mapping.weight_scaling_omega, rpu.mapping.weight_scaling_columnwise = 1.0, False
    rpu.mapping.digital_bias, rpu.mapping.learn_out_scaling = True, False
    rpu.pre_post.input_range.enable = True
    rpu.noise_model = PCMLikeNoiseModel(g_max=25.0)
    rpu.drift_compensation = GlobalDriftCompensation()
    sums = [0.0] * len(times)
    for _ in range(draws):
        analog = convert_to_analog(net, rpu).eval()
        for module, layer in names().items():
            m = analog.get_submodule(module)
            for tile in m.analog_tiles() if hasattr(m, "analog_tiles") else []:
                tile.input_range.data.fill_(float(t[f"{layer}.input_range"]))
                if hasattr(tile, "input_range_update_idx"):  # or the range would be found anew
                    tile.input_range_update_idx.data.fill_(rpu.pre_post.input_range.init_from_data)
        analog.program_analog_weights()
        for i, seconds in enumerate(times):
            analog.drift_analog_weights(seconds)
            sums[i] += accuracy(analog, x, label) / draws
    return sums


# ---- ohmnas ----

def on_ohmnas(o):
    with tempfile.TemporaryDirectory() as folder:
        said = subprocess.run(
            [o.ohmnas, "validate", str(ROOT / "searchspaces/reference/resnet8.yaml"), "--weights", o.weights, "--task",
             "cifar10", "--data", o.data, "--device", "pcm", "--compensation", "global", "--times", o.times, "--draws",
             str(o.draws), "--samples", str(o.samples), "--progress", "none", "--db", f"{folder}/log.db", "--json"],
            check=True, capture_output=True, text=True).stdout
    return json.loads(said)


def seconds_of(text):
    number, unit = re.fullmatch(r"([0-9.]+)([a-z]*)", text).groups()
    return float(number) * SECONDS[unit or "s"]


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("ohmnas")
    p.add_argument("--weights", required=True)
    p.add_argument("--data", required=True)
    p.add_argument("--times", default="0,1h,1d,30d,1y")
    p.add_argument("--samples", type=int, default=2000)
    p.add_argument("--draws", type=int, default=10)
    p.add_argument("--most", type=float, default=1.0, help="points")
    p.add_argument("--digital", action="store_true")
    o = p.parse_args()
    t = tensors(o.weights)
    net = fill(ResNet8(), t)
    x, label = pictures(o.data, o.samples)
    if o.digital:
        o.draws, o.times = 1, "0"
        here, there = on_ohmnas(o)["digital"], accuracy(net, x, label)
        print(f"digital: ohmnas {here:.2f}, PyTorch {there:.2f}")
        return abs(here - there) > 100.5 / len(x)  # a picture between two classes may fall to either
    try:
        import aihwkit
    except ImportError:
        print("SKIPPED: aihwkit is absent")
        return 77
    ours = on_ohmnas(o)
    times = o.times.split(",")
    theirs = on_aihwkit(net, t, x, label, [seconds_of(v) for v in times], o.draws)
    print(f"aihwkit {aihwkit.__version__}, {len(x)} pictures, {o.draws} draws, digital {ours['digital']:.2f}")
    worst = 0.0
    for row, top1 in zip(ours["times"], theirs):
        worst = max(worst, abs(row["top1"] - top1))
        print(f"{row['time']:>4}: ohmnas {row['top1']:.2f} +- {row['sd'] or 0:.2f}, aihwkit {top1:.2f}")
    print(f"at most {worst:.2f} points apart, {o.most} are allowed")
    return worst > o.most


sys.exit(int(main()))
