#!/usr/bin/env python3
"""The other side of tests/unit/cli/test_onnx_peers.c, with python3-onnx, python3-opencv and python3-torch of Debian.

  onnx_peers.py judge DIR    every NAME.onnx in DIR passes the official checker, and OpenCV gives NAME.y for NAME.x, as
                             does onnxruntime where node finds the package onnxruntime-node (NODE_PATH)
  onnx_peers.py make DIR     writes networks of PyTorch and of onnx.helper as NAME.onnx with NAME.x and NAME.y

NAME.x holds float32 [n][c][h][w], NAME.y [n][classes]. `make` writes the list of names, with n and classes, to LIST."""
import json
import pathlib
import subprocess
import sys

import cv2
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

MOST = 1e-4  # of the largest answer
cv2.setNumThreads(1)


def shape_of(model):
    dims = model.graph.input[0].type.tensor_type.shape.dim
    return [d.dim_value for d in dims[1:]]


def opencv(path, x):
    """One picture at a time: a network whose batch is not fixed is read as one of a batch of 1."""
    answers = []
    for picture in x:
        net = cv2.dnn.readNetFromONNX(str(path))
        net.setInput(np.ascontiguousarray(picture[None]))
        answers.append(net.forward().reshape(-1))
    return np.stack(answers)


def apart(a, b):
    return float(np.abs(a - b).max() / max(np.abs(b).max(), 1e-30))


def onnxruntime(folder, shapes):
    """Names that it does not agree on; the networks run as a batch of all pictures."""
    try:
        subprocess.run(["node", "-e", "require('onnxruntime-node')"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        print("onnxruntime-node is absent: not asked")
        return []
    (folder / "SHAPES.json").write_text(json.dumps(shapes))
    script = pathlib.Path(__file__).with_name("onnx_runtime.js")
    said = subprocess.run(["node", script, folder], check=True, capture_output=True, text=True).stdout.split()
    d = dict(zip(said[::2], map(float, said[1::2])))
    if len(d) != len(shapes):
        sys.exit("onnxruntime does not judge every network")
    worst = max(d, key=d.get)
    print(f"onnxruntime is at most {d[worst]:.3g} apart ({worst})")
    return [name for name in d if not d[name] < MOST]


def judge(folder):
    worst, count, wrong, shapes = (0.0, ""), 0, 0, []
    for path in sorted(folder.glob("*.onnx")):
        model = onnx.load(str(path))
        onnx.checker.check_model(model, full_check=True)
        x = np.fromfile(path.with_suffix(".x"), np.float32).reshape([-1] + shape_of(model))
        y = np.fromfile(path.with_suffix(".y"), np.float32).reshape(x.shape[0], -1)
        d = apart(opencv(path, x), y)
        worst = max(worst, (d, path.stem))
        count += 1
        shapes.append([path.stem, list(x.shape)])
        if not d < MOST:
            print(f"{path.stem}: OpenCV is {d:.3g} apart")
            wrong += 1
    print(f"{count} networks pass the checker; OpenCV is at most {worst[0]:.3g} apart ({worst[1]})")
    for name in onnxruntime(folder, shapes):
        print(f"{name}: onnxruntime is too far apart")
        wrong += 1
    return 1 if wrong or count == 0 else 0


# ---- networks of others ----

def torch_networks():
    import torch
    from torch import nn

    torch.manual_seed(7)

    class Residual(nn.Module):
        def __init__(self):
            super().__init__()
            self.stem = nn.Sequential(nn.Conv2d(3, 16, 3, padding=1, bias=False), nn.BatchNorm2d(16), nn.ReLU())
            self.a = nn.Sequential(nn.Conv2d(16, 32, 3, 2, 1, bias=False), nn.BatchNorm2d(32), nn.ReLU(),
                                   nn.Conv2d(32, 32, 3, 1, 1, bias=False), nn.BatchNorm2d(32))
            self.skip = nn.Sequential(nn.Conv2d(16, 32, 1, 2, bias=False), nn.BatchNorm2d(32, eps=1e-3))
            self.pool, self.last = nn.AdaptiveAvgPool2d(1), nn.Linear(32, 10)

        def forward(self, x):
            x = self.stem(x)
            x = torch.relu(self.a(x) + self.skip(x))
            return self.last(torch.flatten(self.pool(x), 1))

    class Branches(nn.Module):
        def __init__(self):
            super().__init__()
            self.one, self.three = nn.Conv2d(4, 6, 1), nn.Conv2d(4, 5, 3, padding=1)
            self.five = nn.Conv2d(4, 3, (5, 3), padding=(2, 1))
            self.most, self.mean = nn.MaxPool2d(3, 1, 1), nn.AvgPool2d(3, 1, 1)
            self.less, self.drop = nn.MaxPool2d(2), nn.Dropout(0.4)
            self.hidden, self.norm, self.last = nn.Linear(22 * 5 * 6, 24), nn.BatchNorm1d(24), nn.Linear(24, 7)

        def forward(self, x):
            x = torch.cat([self.one(x), self.three(x), self.five(x), self.most(x), self.mean(x)], 1)
            x = self.less(torch.relu(x))
            x = self.drop(x.view(x.size(0), -1))
            return self.last(torch.relu(self.norm(self.hidden(x))))

    class Separable(nn.Module):
        def __init__(self):
            super().__init__()
            layers = [nn.ZeroPad2d((0, 1, 0, 1)), nn.Conv2d(1, 8, 3, 2, bias=False), nn.BatchNorm2d(8), nn.ReLU()]
            for c in (8, 16):
                layers += [nn.Conv2d(c, c, 3, padding=1, groups=c, bias=False), nn.BatchNorm2d(c), nn.ReLU(),
                           nn.Conv2d(c, 2 * c, 1, bias=False), nn.BatchNorm2d(2 * c), nn.ReLU(), nn.Identity()]
            self.body, self.last = nn.Sequential(*layers), nn.Linear(32, 12, bias=False)

        def forward(self, x):
            return self.last(self.body(x).mean([2, 3]))

    class Step(nn.Module):  # of an LSTM: x, h, c side by side in; h, c out
        def __init__(self):
            super().__init__()
            self.gates = nn.Linear(5 + 7, 4 * 7)

        def forward(self, x):
            i, f, g, o = self.gates(x[:, :12]).chunk(4, 1)
            c = torch.sigmoid(f) * x[:, 12:] + torch.sigmoid(i) * torch.tanh(g)
            return torch.cat([torch.sigmoid(o) * torch.tanh(c), c], 1)

    class Detector(nn.Module):
        def __init__(self):
            super().__init__()
            self.body = nn.Sequential(nn.Linear(20, 32), nn.ELU(), nn.Linear(32, 16), nn.ELU(), nn.Linear(16, 5))

        def forward(self, x):
            return self.body(x).norm(2, 1, keepdim=True)

    class Wave(nn.Module):
        def __init__(self):
            super().__init__()
            self.hidden = nn.Linear(16, 32)

        def forward(self, x):
            return torch.log(torch.cosh(self.hidden(x))).sum(1, keepdim=True)

    torch.onnx.register_custom_op_symbolic("::cosh", lambda g, x: g.op("Cosh", x), 9)

    def settle(net):
        for m in net.modules():
            if isinstance(m, (nn.BatchNorm1d, nn.BatchNorm2d)):
                m.running_mean.normal_(0, 0.3)
                m.running_var.uniform_(0.4, 2)
                nn.init.uniform_(m.weight, 0.6, 1.4)
                nn.init.normal_(m.bias, 0, 0.2)
        return net.eval()

    shapes = {Residual: (3, 16, 16), Branches: (4, 10, 12), Separable: (1, 15, 13), Step: (19,), Detector: (20,),
              Wave: (16,)}
    for kind, shape in shapes.items():
        for opset in (9, 11, 13, 16):
            for fold in (True, False):
                net, x = settle(kind()), torch.randn(3, *shape)
                yield (f"torch-{kind.__name__}-{opset}-{'folded' if fold else 'plain'}", x.numpy(),
                       lambda path, net=net, x=x, opset=opset, fold=fold: torch.onnx.export(
                           net, x[:1], str(path), opset_version=opset, do_constant_folding=fold,
                           training=torch.onnx.TrainingMode.EVAL if fold else torch.onnx.TrainingMode.PRESERVE,
                           dynamic_axes={"x": {0: "n"}} if opset != 11 else None, input_names=["x"]),
                       net(x).detach().numpy())


def made_networks():
    """What PyTorch does not write: padding by name, products of matrices, lists of floats, attributes of old opsets.
    The last of each is None, or its answers by PyTorch where OpenCV 4.6 does not read the network."""
    import torch
    from torch.nn import functional as F
    rng = np.random.default_rng(5)

    def tensor(name, *shape, raw=True, scale=0.5):
        value = (scale * rng.standard_normal(shape)).astype(np.float32)
        if raw:
            return numpy_helper.from_array(value, name)
        return helper.make_tensor(name, TensorProto.FLOAT, shape, value.flatten())

    def model(nodes, tensors, shape, classes, opset, inputs_too=False):
        inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n"] + shape)]
        if inputs_too:
            inputs += [helper.make_tensor_value_info(t.name, t.data_type, t.dims) for t in tensors]
        output = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", classes])
        graph = helper.make_graph(nodes, "made", inputs, [output], tensors)
        made = helper.make_model(graph, opset_imports=[helper.make_operatorsetid("", opset)])
        made.ir_version = 7 if opset > 8 else 3
        return made

    node = helper.make_node
    yield "made-same", (3, 11, 9), model(
        [node("Conv", ["x", "w1"], ["a"], auto_pad="SAME_UPPER", strides=[2, 2], kernel_shape=[3, 3]),
         node("Add", ["a", "b1"], ["b"]),
         node("Relu", ["b"], ["c"]),
         node("Conv", ["c", "w2", "b2"], ["d"], auto_pad="SAME_LOWER", strides=[2, 1], kernel_shape=[2, 3]),
         node("Relu", ["d"], ["e"]),
         node("Sum", ["e", "e", "e"], ["f"]),
         node("GlobalAveragePool", ["f"], ["g"]),
         node("Flatten", ["g"], ["h"]),
         node("MatMul", ["h", "w3"], ["i"]),
         node("Add", ["b3", "i"], ["y"])],
        [tensor("w1", 6, 3, 3, 3), tensor("b1", 6, 1, 1),
         tensor("w2", 8, 6, 2, 3, raw=False), tensor("b2", 8), tensor("w3", 8, 5), tensor("b3", 5, raw=False)],
        [3, 11, 9], 5, 13), None
    w1, s, b, m = tensor("w1", 4, 2, 3, 3), tensor("s", 4), tensor("b", 4), tensor("m", 4)
    v = numpy_helper.from_array(np.array([0.5, 1, 2, 0.1], np.float32), "v")
    w2, b2 = tensor("w2", 4 * 4 * 4, 3), tensor("b2", 3)

    def of(t):
        return torch.from_numpy(numpy_helper.to_array(t).copy())

    def old(x):
        x = F.conv2d(F.pad(torch.from_numpy(x), (1, 0, 0, 1)), of(w1))
        x = F.pad(torch.relu(F.batch_norm(x, of(m), of(v), of(s), of(b), eps=1e-3)), (1, 1, 1, 1))
        return (0.5 * F.avg_pool2d(x, 3, 2).flatten(1) @ of(w2) + 2 * of(b2)).numpy()

    yield "made-old", (2, 8, 8), model(
        [node("Pad", ["x"], ["p"], pads=[0, 0, 0, 1, 0, 0, 1, 0], mode="constant", value=0.0),
         node("Conv", ["p", "w1"], ["a"]),
         node("BatchNormalization", ["a", "s", "b", "m", "v"], ["c"], epsilon=1e-3),
         node("Clip", ["c"], ["d"], min=0.0),
         node("Dropout", ["d"], ["e"], ratio=0.5),
         node("Pad", ["e"], ["f"], pads=[0, 0, 1, 1, 0, 0, 1, 1]),
         node("AveragePool", ["f"], ["g"], kernel_shape=[3, 3], strides=[2, 2]),
         node("Reshape", ["g", "shape"], ["h"]),
         node("Gemm", ["h", "w2", "b2"], ["y"], alpha=0.5, beta=2.0)],
        [w1, s, b, m, v, w2, b2, numpy_helper.from_array(np.array([0, -1], np.int64), "shape")],
        [2, 8, 8], 3, 8, inputs_too=True), old
    w, bias = tensor("w", 4, 5), tensor("", 4)

    def turned(x):
        return torch.relu(torch.from_numpy(x).flatten(1) @ of(w).T + of(bias)).numpy()

    yield "made-turned", (5, 1, 1), model(
        [node("Identity", ["w"], ["w_"]), node("Transpose", ["w_"], ["t"], perm=[1, 0]),
         node("Squeeze", ["x", "axes"], ["a"]), node("MatMul", ["a", "t"], ["b"]),
         node("Constant", [], ["c"], value=bias), node("Add", ["b", "c"], ["d"]), node("Relu", ["d"], ["y"])],
        [w, numpy_helper.from_array(np.array([2, 3], np.int64), "axes")], [5, 1, 1], 4, 13), turned


def make(folder):
    lines, worst = [], (0.0, "")
    rng = np.random.default_rng(1)
    for name, x, export, y in torch_networks():
        path = folder / f"{name}.onnx"
        export(path)
        if x.ndim == 4:  # OpenCV 4.6 does not read all that PyTorch writes of rows of numbers
            worst = max(worst, (apart(opencv(path, x), y), name))
        x.tofile(path.with_suffix(".x"))
        y.tofile(path.with_suffix(".y"))
        lines.append(f"{name} {y.shape[0]} {y.shape[1]}")
    for name, shape, model, answers in made_networks():
        path = folder / f"{name}.onnx"
        onnx.checker.check_model(model, full_check=True)
        onnx.save(model, str(path))
        x = rng.standard_normal((3, *shape)).astype(np.float32)
        y = (answers(x) if answers else opencv(path, x)).astype(np.float32)
        x.tofile(path.with_suffix(".x"))
        y.tofile(path.with_suffix(".y"))
        lines.append(f"{name} {y.shape[0]} {y.shape[1]}")
    (folder / "LIST").write_text("\n".join(lines) + "\n")
    print(f"{len(lines)} networks of others; OpenCV and PyTorch are at most {worst[0]:.3g} apart ({worst[1]})")
    return 0


if __name__ == "__main__":
    sys.exit({"judge": judge, "make": make}[sys.argv[1]](pathlib.Path(sys.argv[2])))
