"""Golden values and gradients of the graph's operators, from PyTorch in float64.

python3 operators.py writes operators.json; with the package onnx it then has every case's graph, forward and gradient, checked.
Inputs are odd hundredths: no nearer than 0.01 to the kinks at 0 and 0.5, and no two that are drawn together equal.
"""

import json
import os
import subprocess
import tempfile

import torch
import torch.nn.functional as F

here = os.path.dirname(os.path.abspath(__file__))
torch.manual_seed(0)
cases = {}


def draw(shape, low=-1.5, high=1.5):
    grid = torch.arange(round(100 * low) + 1, round(100 * high), 2).double() / 100
    count = int(torch.tensor(shape).prod()) if shape else 1
    drawn = torch.cat([grid[torch.randperm(len(grid))] for _ in range(count // len(grid) + 1)])
    return drawn[:count].reshape(shape)


def rounded(tensor):
    return [float(f"{x:.6g}") for x in tensor.flatten().tolist()]


def stored(tensor):
    return {"shape": list(tensor.shape), "data": rounded(tensor)}


def case(title, function, *inputs):
    """Inputs are shapes, or tensors with given values. Without gradient where the result is boolean or constant."""
    values = [x if torch.is_tensor(x) else draw(x) for x in inputs]
    values = [x.clone().requires_grad_(True) for x in values]
    output = function(*values)
    found = {"inputs": [stored(x) for x in values], "output": stored(output.double())}
    if output.requires_grad:
        upstream = draw(output.shape)
        gradients = torch.autograd.grad(output, values, upstream, allow_unused=True)
        found["upstream"] = rounded(upstream)
        found["gradients"] = [None if g is None else rounded(g) for g in gradients]
    cases[title] = found


def positive(*shape):
    return draw(shape, 0.5, 1.5)


# --- convolution --------------------------------------------------------------------------------------------------
case("conv: bias and padding", lambda x, w, b: F.conv2d(x, w, b, padding=1), (2, 3, 4, 5), (2, 3, 3, 3), (2,))
case("conv: one image, no padding", lambda x, w: F.conv2d(x, w), (1, 2, 4, 5), (3, 2, 3, 2))
case("conv: one channel to one", lambda x, w: F.conv2d(x, w, padding=1), (2, 1, 4, 4), (1, 1, 3, 3))
case("conv: kernel of 1", lambda x, w, b: F.conv2d(x, w, b), (2, 3, 3, 2), (4, 3, 1, 1), (4,))
case("conv: kernel of 1, stride 2", lambda x, w: F.conv2d(x, w, stride=2), (2, 2, 4, 5), (3, 2, 1, 1))
case("conv: kernel of 1, padded beyond its reach", lambda x, w: F.conv2d(x, w, padding=1), (2, 2, 3, 2), (2, 2, 1, 1))
case("conv: stride 2, even rows and odd columns", lambda x, w, b: F.conv2d(x, w, b, 2, 1), (2, 2, 6, 5), (2, 2, 3, 3), (2,))
case("conv: stride 3 that leaves rows unused", lambda x, w: F.conv2d(x, w, stride=3), (1, 2, 7, 6), (2, 2, 2, 2))
case("conv: even kernel, stride 2", lambda x, w: F.conv2d(x, w, stride=2, padding=1), (1, 2, 6, 4), (2, 2, 4, 4))
case("conv: dilation 2", lambda x, w: F.conv2d(x, w, padding=2, dilation=2), (2, 2, 5, 4), (2, 2, 3, 3))
case("conv: dilation 2, stride 2", lambda x, w: F.conv2d(x, w, None, 2, 2, 2), (1, 2, 6, 5), (2, 2, 3, 3))
case("conv: groups", lambda x, w, b: F.conv2d(x, w, b, padding=1, groups=2), (2, 4, 3, 4), (6, 2, 3, 3), (6,))
case("conv: groups, stride 2", lambda x, w: F.conv2d(x, w, stride=2, padding=1, groups=2), (2, 4, 4, 5), (2, 2, 3, 3))
case("conv: depthwise", lambda x, w: F.conv2d(x, w, padding=1, groups=3), (2, 3, 4, 5), (3, 1, 3, 3))
case("conv: depthwise, stride 2", lambda x, w, b: F.conv2d(x, w, b, 2, 1, 1, 3), (2, 3, 5, 4), (3, 1, 3, 3), (3,))
case("conv: depthwise, dilation 2, stride 2", lambda x, w: F.conv2d(x, w, None, 2, 2, 2, 2), (2, 2, 6, 5), (2, 1, 3, 3))
case("conv: depthwise, two kernels a channel", lambda x, w: F.conv2d(x, w, padding=1, groups=2), (2, 2, 4, 4), (4, 1, 3, 3))
case("convTranspose: 2 x 2, stride 2", lambda x, w, b: F.conv_transpose2d(x, w, b, 2), (2, 3, 2, 3), (3, 2, 2, 2), (2,))
case("convTranspose: 4 x 4, stride 2, padding 1", lambda x, w, b: F.conv_transpose2d(x, w, b, 2, 1), (2, 2, 2, 3), (2, 3, 4, 4), (3,))
case("convTranspose: stride 1, no bias", lambda x, w: F.conv_transpose2d(x, w, padding=1), (2, 2, 3, 4), (2, 2, 3, 3))
case("convTranspose: groups", lambda x, w: F.conv_transpose2d(x, w, stride=2, groups=2), (1, 4, 2, 3), (4, 2, 3, 3))
case("convTranspose: stride 3, dilation 2", lambda x, w: F.conv_transpose2d(x, w, stride=3, dilation=2), (1, 2, 2, 2), (2, 2, 2, 2))

# --- normalisation ------------------------------------------------------------------------------------------------
c = ((3,), (3,))
case(
    "batchNormalization",
    lambda x, scale, shift, m, v: F.batch_norm(x, m.detach(), v.detach(), scale, shift, False, 0.1, 1e-5),
    (2, 3, 2, 4), *c, (3,), positive(3),
)


def in_training(result):
    def function(x, scale, shift, m, v):
        m, v = m.detach().clone(), v.detach().clone()
        y = F.batch_norm(x, m, v, scale, shift, True, 0.1, 1e-5)
        return {"y": y, "mean": m, "variance": v}[result]

    return function


statistics = (draw((3,)), positive(3))
for result in ["y", "mean", "variance"]:
    case(f"batchNormalizationInTraining: {result}", in_training(result), (2, 3, 2, 4), *c, *statistics)
case("batchNormalizationInTraining: one image", in_training("y"), (1, 2, 3, 2), (2,), (2,), (2,), positive(2))

# --- pooling and resizing -----------------------------------------------------------------------------------------
case("maxPool: 2", lambda x: F.max_pool2d(x, 2), (2, 2, 4, 6))
case("maxPool: 3", lambda x: F.max_pool2d(x, 3), (1, 2, 6, 3))
case("averagePool: 2", lambda x: F.avg_pool2d(x, 2), (2, 2, 4, 6))
case("averagePool: 3", lambda x: F.avg_pool2d(x, 3), (1, 2, 6, 3))
case("upsampleNearest: 2", lambda x: F.interpolate(x, scale_factor=2, mode="nearest"), (2, 2, 2, 3))
case("upsampleNearest: 3", lambda x: F.interpolate(x, scale_factor=3, mode="nearest"), (1, 2, 3, 2))
for k in [2, 3, 4]:
    case(
        f"upsampleBilinear: {k}",
        lambda x: F.interpolate(x, scale_factor=k, mode="bilinear", align_corners=False),
        (1, 2, 3, 2) if k > 2 else (2, 2, 2, 4),
    )
case("upsampleBilinear: one pixel", lambda x: F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False), (2, 2, 1, 1))

# --- matrix products ----------------------------------------------------------------------------------------------
for a, b in [(False, False), (True, False), (False, True), (True, True)]:
    kind = {(False, False): "plain", (True, False): "A transposed", (False, True): "B transposed", (True, True): "both transposed"}[a, b]
    product = lambda x, y: (x.transpose(-1, -2) if a else x) @ (y.transpose(-1, -2) if b else y)
    shape = lambda rows, columns, transposed: (columns, rows) if transposed else (rows, columns)
    left, right = shape(2, 3, a), shape(3, 4, b)
    case(f"matmul: {kind}", product, left, right)
    case(f"matmul: {kind}, batches", product, (2, 2, *left), (2, 2, *right))
    case(f"matmul: {kind}, A broadcast", product, left, (2, *right))
    case(f"matmul: {kind}, B broadcast", product, (2, *left), right)
    case(f"matmul: {kind}, both broadcast", product, (2, 1, *left), (3, *right))

# --- softmax ------------------------------------------------------------------------------------------------------
for axis in [0, 1, 2]:
    case(f"softmax: axis {axis}", lambda x: torch.softmax(x, axis), (2, 3, 4))
    case(f"logSoftmax: axis {axis}", lambda x: torch.log_softmax(x, axis), (2, 3, 4))
case("softmax: channels of an image", lambda x: torch.softmax(x, 1), (2, 3, 2, 2))
case("logSoftmax: channels of an image", lambda x: torch.log_softmax(x, 1), (2, 3, 2, 2))
case("logSoftmax: far apart", lambda x: torch.log_softmax(x, 0), torch.tensor([-60.0, 0.25, 40.0]).double())

# --- reductions ---------------------------------------------------------------------------------------------------
for name, function in [("reduceSum", torch.sum), ("reduceMean", torch.mean), ("reduceMax", lambda x, axes, keepdim: torch.amax(x.detach(), axes, keepdim))]:
    for axes in [[0], [1, 3], [0, 1, 2, 3]]:
        case(f"{name}: axes {axes}", lambda x: function(x, axes, keepdim=True), (2, 3, 2, 2))
case("sumAll", lambda x: x.sum(), (2, 3, 2))
case("sumAll: of a scalar", lambda x: x.sum() * 1, ())
case("meanAll", lambda x: x.mean(), (2, 3, 2))

# --- shape --------------------------------------------------------------------------------------------------------
case("reshape", lambda x: x.reshape(3, 1, 4), (2, 6))
case("reshape: to a scalar", lambda x: x.reshape(()), (1, 1))
for permutation in [[1, 0, 2], [2, 0, 1], [1, 2, 0]]:
    case(f"transpose: {permutation}", lambda x: x.permute(permutation), (2, 3, 4))
case("concat: axis 1, three", lambda a, b, d: torch.cat([a, b, d], 1), (2, 1, 2), (2, 3, 2), (2, 2, 2))
case("concat: axis 0", lambda a, b: torch.cat([a, b], 0), (1, 3), (2, 3))
case("concat: with itself", lambda a: torch.cat([a, a], 1), (2, 3))
case("slice: two axes", lambda x: x[1:2, :, 1:3], (3, 2, 4))
case("slice: to the end", lambda x: x[:, 2:], (2, 4))
case("slice: steps of 2", lambda x: x.detach()[:, 1:6:2], (2, 7))
case("pad", lambda x: F.pad(x, (2, 1, 0, 1, 1, 0)), (2, 2, 3))
case("gather: in another order", lambda x: x[:, [2, 0, 1]], (2, 3, 2))
case("gather: some twice, some not at all", lambda x: x[[1, 1, 3, 1]], (4, 2))
case("expand", lambda x: x.expand(2, 3, 4), (3, 1))
case("expand: a scalar", lambda x: x.expand(2, 3), ())

# --- elementwise --------------------------------------------------------------------------------------------------
shapes = {
    "one shape": ((2, 3, 2), (2, 3, 2)),
    "A broadcast": ((3, 1), (2, 3, 2)),
    "B broadcast": ((2, 3, 2), (1, 3, 1)),
    "both broadcast": ((2, 1, 3), (4, 1)),
    "a scalar and an image": ((), (2, 2, 1, 1)),
    "an image and a scalar": ((2, 2, 2, 2), ()),
    "one element and more axes": ((1,), (2, 3, 1)),
}
for name, function in [("add", torch.add), ("sub", torch.sub), ("mul", torch.mul), ("div", torch.div)]:
    for kind, (a, b) in shapes.items():
        case(f"{name}: {kind}", function, a, positive(*b))
for name, function in [("greater", torch.gt), ("less", torch.lt)]:
    case(name, lambda a, b: function(a, b), (2, 3), (3,))
case("equal", lambda a, b: a == b, torch.tensor([0.0, 1, 2, 1]).double(), torch.tensor([0.0, 2, 2, 1]).double())
case("and", lambda a, b: (a > 0) & (b > 0), (2, 4), (4,))
case("cast: a bool to float32", lambda a: a > 0, (2, 3))
case("where", lambda a, b, d: torch.where(a > 0, b, d), (2, 4), (2, 4), (2, 4))
case("where: broadcast", lambda a, b, d: torch.where(a > 0, b, d), (2, 1, 4), (3, 1), (1,))
case("neg", torch.neg, (2, 3))
case("sqrt", torch.sqrt, positive(2, 3))
case("exp", torch.exp, (2, 3))
case("log", torch.log, positive(2, 3))
case("abs", torch.abs, (2, 3))
case("sign", lambda x: torch.sign(x.detach()), torch.tensor([-0.5, 0.0, 0.25]).double())
limits = torch.tensor([-1.0, -0.5, -0.25, 0.0, 0.25, 0.5, 1.0]).double()
case("inside: two limits", lambda x: ((x.detach() > -0.5) & (x.detach() < 0.5)).double(), limits)
case("inside: one limit", lambda x: (x.detach() > 0).double(), limits)
case("inside: large limits", lambda x: ((1e20 * x.detach() > -5e19) & (1e20 * x.detach() < 5e19)).double(), limits[::2] * 0.75)
case("sigmoid", torch.sigmoid, (2, 3))
case("relu", torch.relu, (2, 5))
case("clip", lambda x: torch.clamp(x, -0.5, 0.5), (3, 5))
case("erf", torch.erf, (2, 3))
case("gelu", F.gelu, (2, 5))
case("stopGradient", lambda x: x.detach(), torch.tensor([-0.5, 0.0, 0.25]).double())

# --- ties and kinks: only PyTorch's choice, no finite difference --------------------------------------------------
# amax shares the gradient among equal values, max_pool2d gives it to the first.
case("maxPool: equal values", lambda x: x.reshape(1, 1, 1, 2, 2, 2).amax((3, 5)), torch.tensor([[0.0, 0, 1, 2], [0, 0, 2, 1]]).double().reshape(1, 1, 2, 4))
case("relu: at the kink", torch.relu, torch.tensor([-0.5, 0.0, 0.5]).double())
case("abs: at the kink", torch.abs, torch.tensor([-0.5, 0.0, 0.5]).double())

# --- appended, so that what is drawn above stays as it is ---------------------------------------------------------
case("split: the second of three parts", lambda x: torch.split(x, [1, 2, 2], 1)[1], (2, 5))
case("split: parts of unlike sizes, both used", lambda x: torch.mul(*torch.split(x, [1, 2], 0)), (3, 2))

with open(os.path.join(here, "operators.json"), "w") as file:
    lines = [f"{json.dumps(title)}: {json.dumps(found, separators=(',', ':'))}" for title, found in cases.items()]
    file.write("{\n" + ",\n".join(lines) + "\n}\n")

try:
    import onnx
except ImportError:
    print("without the package onnx, the models are not checked")
else:
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["npx", "tsx", os.path.join(here, "write-models.ts"), folder], check=True)
        for name in sorted(os.listdir(folder)):
            onnx.checker.check_model(os.path.join(folder, name), full_check=True)
        print(f"{len(os.listdir(folder))} models are valid ONNX")
