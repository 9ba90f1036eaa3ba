"""The stages of the method on tiny networks with given weights: golden terms, gradient norms and gradients, from PyTorch in float64.

A second implementation, from the method's formulas alone. python3 method.py writes method.json.
"""

import json
import os

import torch
import torch.nn.functional as F

here = os.path.dirname(os.path.abspath(__file__))
torch.manual_seed(1)

size, images, views, k, tau = 16, 2, 2, 4, 0.1
widths, depth = {"teacher": 2, "student": 1}, 2
weights = {}


def rounded(tensor):
    return [float(f"{x:.6g}") for x in tensor.flatten().tolist()]


def weight(name, *shape):
    """The weight of this name; drawn when it is first asked for."""
    if name not in weights:
        drawn = torch.randint(-100, 100, shape).double() / 100
        fan = max(1, drawn[0].numel())
        if name.endswith("norm.weight") or name.endswith("running_var"):
            drawn = 1 + drawn / 2
        elif len(shape) > 1:
            drawn = (drawn * (6 / fan) ** 0.5 * 100).round() / 100
        else:
            drawn = drawn / 4
        weights[name] = drawn.requires_grad_("running" not in name)
    return weights[name]


# --- networks -----------------------------------------------------------------------------------------------------
def norm(name, x, training):
    c = x.shape[1]
    scale, shift = weight(f"{name}.weight", c), weight(f"{name}.bias", c)
    mean, variance = weight(f"{name}.running_mean", c), weight(f"{name}.running_var", c)
    return F.batch_norm(x, None if training else mean, None if training else variance, scale, shift, training, 0.1, 1e-5)


def block(name, x, out, training, stride=1):
    y = F.conv2d(x, weight(f"{name}.conv.weight", out, x.shape[1], 3, 3), None, stride, 1)
    return torch.relu(norm(f"{name}.norm", y, training))


def double(name, x, out, training):
    return block(f"{name}.1", block(f"{name}.0", x, out, training), out, training)


def up(name, x, out, kernel):
    w, b = weight(f"{name}.weight", x.shape[1], out, kernel, kernel), weight(f"{name}.bias", out)
    return F.conv_transpose2d(x, w, b, 2, (kernel - 2) // 2)


def encode(network, x, training=False):
    skips = []
    for level in range(depth):
        x = double(f"{network}/encoder/level{level}", x, widths[network] * 2**level, training)
        skips.append(x)
        x = F.max_pool2d(x, 2)
    return double(f"{network}/encoder/level{depth}", x, widths[network] * 2**depth, training), skips


def decode(network, x, skips, training=False):
    for level in reversed(range(depth)):
        channels = widths[network] * 2**level
        x = torch.cat([skips[level], up(f"{network}/decoder/up{level}", x, channels, 2)], 1)
        x = double(f"{network}/decoder/level{level}", x, channels, training)
    name = f"{network}/decoder/logits"
    return F.conv2d(x, weight(f"{name}.weight", 2, x.shape[1], 1, 1), weight(f"{name}.bias", 2))


def perceptron(name, x, hidden, out):
    x = x @ weight(f"{name}.0.weight", x.shape[-1], hidden) + weight(f"{name}.0.bias", hidden)
    x = F.gelu(x)
    return x @ weight(f"{name}.1.weight", hidden, out) + weight(f"{name}.1.bias", out)


def channels(name, x, out):
    if x.shape[1] == out:
        return x
    return F.conv2d(x, weight(f"{name}/channels.weight", out, x.shape[1], 1, 1), weight(f"{name}/channels.bias", out))


def align(network, x, training=False):
    x = channels(f"{network}/encoder", x, k)
    area = x.shape[2] * x.shape[3]
    v = perceptron(f"{network}/encoder/perceptron", x.flatten(2), max(4, area // 4), 1).squeeze(2)
    mean, variance = weight(f"{network}/encoder/norm.running_mean", k), weight(f"{network}/encoder/norm.running_var", k)
    return F.batch_norm(v, None if training else mean, None if training else variance, None, None, training, 0.1, 1e-5)


def header(network, v, like):
    area = like.shape[2] * like.shape[3]
    plane = perceptron(f"{network}/header/perceptron", v.unsqueeze(2), max(4, area // 4), area)
    return channels(f"{network}/header", plane.reshape(*v.shape, *like.shape[2:]), like.shape[1])


def psae_features(x, training=False):
    for i, out in enumerate([k // 4, k // 2, k]):
        x = block(f"psae/encoder/down{i}", x, out, training, 2)
    return x


def psae_vectors(features):
    return perceptron("psae/encoder/perceptron", features.flatten(2), 4, 1).squeeze(2)


def psae_features_of(s, like):
    area = like.shape[2] * like.shape[3]
    return perceptron("psae/decoder/perceptron", s.unsqueeze(2), 4, area).reshape(like.shape)


def psae_decode(x, out):
    for i, c in enumerate([k // 2, k // 4, out]):
        x = up(f"psae/decoder/up{i}", x, c, 2)
    return x


# --- losses -------------------------------------------------------------------------------------------------------
def kl(target, logits):
    pixels = logits.numel() / logits.shape[1]
    return F.kl_div(torch.log_softmax(logits, 1), torch.log_softmax(target, 1), log_target=True, reduction="sum") / pixels


def segmentation(logits, labels):
    p, y = torch.softmax(logits, 1)[:, 1], labels[:, 1]
    dice = 1 - (2 * (p * y).sum() + 1) / (p.sum() + y.sum() + 1)
    return {"crossEntropy": F.cross_entropy(logits, labels), "dice": dice}


def edges(v):
    """The star's edges [images, views], and the complete graph's over the batch [images views, images views - 1]."""
    z = F.normalize(v, dim=1)
    anchors, points = z[:images], z[images:]
    star = (anchors.unsqueeze(1) * points.reshape(images, views, k)).sum(2)
    n = images * views
    others = torch.tensor([[j for j in range(n) if j != i] for i in range(n)])
    return star, (points @ points.T).gather(1, others)


def graph_distance(teacher, student):
    p, q = torch.softmax(teacher / tau, 1), torch.softmax(student / tau, 1)
    return tau**2 * (p * (p.log() - q.log())).sum(1).mean()


# --- stages -------------------------------------------------------------------------------------------------------
x = torch.randint(-200, 200, (images * (1 + views), 1, size, size)).double() / 100
classes = (F.avg_pool2d(x, 5, 1, 2) > 0.0).long().squeeze(1)
y = F.one_hot(classes, 2).permute(0, 3, 1, 2).double()


def warmup():
    return segmentation(decode("student", *encode("student", x[:images], True), True), y[:images])


def psae():
    masks = y[:images]
    features = psae_features(masks, True)
    fixed = features.detach()
    return {
        "reconstruction": F.cross_entropy(psae_decode(features, 2), masks),
        "perceptrons": F.mse_loss(psae_features_of(psae_vectors(fixed), fixed), fixed),
    }


def act():
    terms = {}
    s = F.normalize(F.batch_norm(psae_vectors(psae_features(y)), None, None, training=True), dim=1)
    taught = None
    for network, name in [("teacher", "tan"), ("student", "san")]:
        features, skips = encode(network, x)
        v = align(name, features, True)
        reconstructed = header(name, v, features)
        z = F.normalize(v, dim=1)
        cosine = (z[:images].repeat_interleave(views, 0) * z[images:]).sum(1)
        own = torch.softmax(decode(network, features, skips), 1).detach()
        terms[f"{name}.features"] = F.mse_loss(reconstructed, features)
        terms[f"{name}.output"] = F.cross_entropy(decode(network, reconstructed, skips), own)
        terms[f"{name}.regularisation"] = (1 - (z * s).sum(1)).mean()
        terms[f"{name}.consistency"] = (1 - cosine).mean()
        if taught is None:
            taught = z.detach()
        else:
            terms[f"{name}.frame"] = (1 - (z * taught).sum(1)).mean()
    return terms


def distill(scope):
    def stage():
        teacher, teacher_skips = encode("teacher", x)
        student, student_skips = encode("student", x, True)
        v_t, v_s = align("tan", teacher), align("san", student)
        first = lambda skips, n: [skip[:n] for skip in skips]
        terms = segmentation(decode("student", student[:images], first(student_skips, images), True), y[:images])
        (star_t, complete_t), (star_s, complete_s) = edges(v_t), edges(v_s)
        terms["intra"] = graph_distance(star_t, star_s)
        terms["inter"] = graph_distance(complete_t, complete_s)
        n = images if scope == "images" else len(x)
        f_t = decode("teacher", teacher[:n], first(teacher_skips, n))
        to_teacher = decode("teacher", header("tan", v_s[:n], teacher), first(teacher_skips, n))
        to_student = decode("student", header("san", v_t[:n], student), first(student_skips, n), True)
        terms["studentToTeacher"] = kl(f_t, to_teacher)
        terms["teacherToStudent"] = kl(f_t, to_student)
        return terms

    return stage


def record(stage, prefixes):
    terms = stage()
    trained = {n: w for n, w in weights.items() if w.requires_grad and n.startswith(prefixes)}
    found = lambda loss: torch.autograd.grad(loss, list(trained.values()), retain_graph=True, allow_unused=True)
    norms = {name: sum((g**2).sum() for g in found(t) if g is not None).sqrt().item() for name, t in terms.items()}
    total = found(sum(terms.values()))
    return {
        "terms": {name: t.item() for name, t in terms.items()},
        "norms": norms,
        "gradients": {n: rounded(g) for n, g in zip(trained, total) if g is not None},
    }


act(), psae(), distill("images")()  # So that all weights are there.
stages = {
    "warmup": record(warmup, ("student/",)),
    "psae": record(psae, ("psae/",)),
    "act": record(act, ("tan/", "san/")),
    "distill, cross terms on images": record(distill("images"), ("student/",)),
    "distill, cross terms on views": record(distill("views"), ("student/",)),
}
shapes = {n: list(w.shape) for n, w in weights.items()}
with open(os.path.join(here, "method.json"), "w") as file:
    json.dump(
        {
            "images": rounded(x),
            "labels": "".join(str(c) for c in classes.flatten().tolist()),
            "weights": {n: {"shape": shapes[n], "data": rounded(w)} for n, w in weights.items()},
            "stages": stages,
        },
        file,
        separators=(",", ":"),
    )
    file.write("\n")
