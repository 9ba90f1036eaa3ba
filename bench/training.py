"""PyTorch's side of training.ts, the same arithmetic on the same weights.

python3 training.py CASE: CASE is JSON, with the path of a folder that holds `tensors.json` (name -> shape and offset) and `tensors.bin`
(float32). Then for each line that comes in, one step or one inference, whose seconds, processor seconds and results are printed as JSON.
"""

import json
import resource
import sys
import time

import torch
import torch.nn.functional as F

case = json.loads(sys.argv[1])
torch.set_num_threads(case["threads"])
with open(f"{case['folder']}/tensors.json") as file:
    index = json.load(file)
data = torch.from_file(f"{case['folder']}/tensors.bin", size=sum(e["size"] for e in index.values()), dtype=torch.float32)
tensors = {name: data[e["start"] : e["start"] + e["size"]].clone().reshape(e["shape"]) for name, e in index.items()}


class Network:
    """The layers of one network, whose weights stand under `name/`; with `training`, batch norms take the batch's statistics."""

    def __init__(self, name, training):
        self.name, self.training = name, training

    def weight(self, name):
        return tensors[f"{self.name}/{name}"]

    def conv(self, name, x, stride=1, groups=1, bias=False):
        w = self.weight(f"{name}.weight")
        return F.conv2d(x, w, self.weight(f"{name}.bias") if bias else None, stride, w.shape[2] // 2, groups=groups)

    def block(self, name, x, stride=1, groups=1, activation=F.relu):
        y = self.conv(f"{name}.conv", x, stride, groups)
        mean, variance, scale, shift = (self.weight(f"{name}.norm.{p}") for p in ("running_mean", "running_var", "weight", "bias"))
        y = F.batch_norm(y, mean, variance, scale, shift, self.training, 0.1, 1e-5)
        return activation(y) if activation else y

    def up(self, name, x):
        w = self.weight(f"{name}.weight")
        return F.conv_transpose2d(x, w, self.weight(f"{name}.bias"), 2, (w.shape[2] - 2) // 2)

    def linear(self, name, x):
        return x @ self.weight(f"{name}.weight") + self.weight(f"{name}.bias")

    def perceptron(self, name, x):
        return self.linear(f"{name}.1", F.gelu(self.linear(f"{name}.0", x)))


class UNet(Network):
    depth = 4

    def double(self, name, x):
        return self.block(f"{name}.1", self.block(f"{name}.0", x))

    def encode(self, x):
        skips = []
        for level in range(self.depth):
            skips.append(self.double(f"encoder/level{level}", x))
            x = F.max_pool2d(skips[-1], 2)
        return self.double(f"encoder/level{self.depth}", x), skips

    def decode(self, x, skips):
        for level in reversed(range(self.depth)):
            x = torch.cat([skips[level], self.up(f"decoder/up{level}", x)], 1)
            x = self.double(f"decoder/level{level}", x)
        return self.conv("decoder/logits", x, bias=True)


class MobileNetV2UNet(Network):
    # repeats and stride of each stage
    stages = [(1, 1), (2, 2), (3, 2), (4, 2), (3, 1), (3, 2), (1, 1)]

    def inverted(self, name, x, stride=1):
        y = x
        if f"{self.name}/{name}.expand.conv.weight" in tensors:
            y = self.block(f"{name}.expand", y, activation=F.relu6)
        y = self.block(f"{name}.depthwise", y, stride, y.shape[1], F.relu6)
        y = self.block(f"{name}.project", y, activation=None)
        return x + y if stride == 1 and x.shape[1] == y.shape[1] else y

    def encode(self, x):
        x, skips = self.block("encoder/stem", x, 2, activation=F.relu6), []
        for stage, (repeats, stride) in enumerate(self.stages):
            for i in range(repeats):
                x = self.inverted(f"encoder/stage{stage}.{i}", x, stride if i == 0 else 1)
            if stage in (0, 1, 2, 4):
                skips.append(x)
        return self.block("encoder/last", x, activation=F.relu6), skips

    def decode(self, x, skips):
        for level in (3, 2, 1, 0):
            x = self.inverted(f"decoder/level{level}", torch.cat([skips[level], self.up(f"decoder/up{level}", x)], 1))
        x = self.conv("decoder/logits", self.conv("decoder/reduce", x, bias=True), bias=True)
        return F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)


class Alignment(Network):
    def encode(self, bottleneck):
        x = bottleneck
        if f"{self.name}/encoder/channels.weight" in tensors:
            x = self.conv("encoder/channels", x, bias=True)
        return self.perceptron("encoder/perceptron", x.flatten(2)).squeeze(2)

    def header(self, v, like):
        plane = self.perceptron("header/perceptron", v.unsqueeze(2)).reshape(*v.shape, *like.shape[2:])
        return self.conv("header/channels", plane, bias=True) if f"{self.name}/header/channels.weight" in tensors else plane


def cross_entropy(logits, labels):
    return -(labels * logits.log_softmax(1)).sum(1).mean()


def soft_dice(logits, labels):
    p, y = logits.softmax(1)[:, 1:], labels[:, 1:]
    return 1 - ((2 * (p * y).sum((0, 2, 3)) + 1) / (p.sum((0, 2, 3)) + y.sum((0, 2, 3)) + 1)).mean()


def divergence(target, logits, axis=1):
    t = target.log_softmax(axis)
    return (t.exp() * (t - logits.log_softmax(axis))).sum(axis).mean()


def graph_terms(teacher, student, images, temperature):
    def edges(v):
        z = v / (v.square().sum(1, keepdim=True) + 1e-12).sqrt()
        anchors, views = z[:images].unsqueeze(1), z[images:].reshape(images, -1, z.shape[1])
        points = z[images:]
        diagonal = -1e4 * torch.eye(len(points))
        return anchors @ views.transpose(1, 2) / temperature, (points @ points.T / temperature + diagonal).unsqueeze(0)

    pairs = zip(edges(teacher), edges(student))
    return [temperature**2 * divergence(t, s, 2) for t, s in pairs]


networks = {"unet": UNet, "mobilenetv2-unet": MobileNetV2UNet}
work, images = case["work"], tensors["images"]
trained = [t for name, t in tensors.items() if case["trains"] and name.startswith(case["trains"]) and "running_" not in name and "@" not in name]
for t in trained:
    t.requires_grad_(True)
optimizer = torch.optim.Adam(trained, lr=1e-3) if trained else None
scales = None


def alone():
    network = networks[case["network"]](case["trains"].rstrip("/") or "net", bool(case["trains"]))
    return network.decode(*network.encode(images))


def supervised():
    logits = alone()
    return cross_entropy(logits, tensors["labels"]) + soft_dice(logits, tensors["labels"])


def distillation():
    """GKD's step: the first rows are the images, the others their views."""
    global scales
    count = case["images"]
    student, teacher = MobileNetV2UNet("student", True), UNet("teacher", False)
    san, tan = Alignment("san", False), Alignment("tan", False)
    s, s_skips = student.encode(images)
    with torch.no_grad():
        t, t_skips = teacher.encode(images)
        t_vectors = tan.encode(t)
        prediction = teacher.decode(t, t_skips)
        student_header = san.header(t_vectors, s)
    s_vectors = san.encode(s)
    logits = student.decode(s[:count], [skip[:count] for skip in s_skips])
    labels = tensors["labels"][:count]
    entropy = cross_entropy(logits, labels)
    terms = graph_terms(t_vectors, s_vectors, count, 0.1)
    terms.append(divergence(prediction, teacher.decode(tan.header(s_vectors, t), t_skips)))
    terms.append(divergence(prediction, student.decode(student_header, s_skips)))
    if scales is None:
        scales = [(entropy / term).detach().clamp(1e-4, 1e4) for term in terms]
    return entropy + soft_dice(logits, labels) + sum(term * scale for term, scale in zip(terms, scales))


loss_of = {"supervised": supervised, "gkd": distillation}.get(work)
if case.get("compile") and loss_of:
    loss_of = torch.compile(loss_of)


def step():
    optimizer.zero_grad()
    loss = loss_of()
    loss.backward()
    norm = torch.stack([t.grad.square().sum() for t in trained if t.grad is not None]).sum().sqrt()
    optimizer.step()
    return {"loss": loss.item(), "norm": norm.item()}


def inference():
    with torch.no_grad():
        return {"loss": alone().softmax(1)[:, 1].mean().item(), "norm": 0}


for _ in sys.stdin:
    start, processor = time.perf_counter(), time.process_time()
    results = step() if trained else inference()
    seconds = {"seconds": time.perf_counter() - start, "processor": time.process_time() - processor}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({**seconds, **results, "peak": peak}), flush=True)
