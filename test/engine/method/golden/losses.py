"""Golden values and gradients of every loss of the method, from PyTorch in float64, written from the method's formulas.

python3 losses.py writes losses.json.
"""

import json
import os

import torch
import torch.nn.functional as F

here = os.path.dirname(os.path.abspath(__file__))
torch.manual_seed(0)
losses = {}


def draw(*shape):
    return torch.randint(-200, 200, shape).double() / 100


def rounded(tensor):
    return [float(f"{x:.6g}") for x in tensor.flatten().tolist()]


def record(title, function, **inputs):
    values = {name: x.clone().requires_grad_(True) for name, x in inputs.items()}
    loss = function(**values)
    gradients = torch.autograd.grad(loss, list(values.values()), allow_unused=True)
    losses[title] = {
        "inputs": [{"name": name, "shape": list(x.shape), "data": rounded(x)} for name, x in inputs.items()],
        "value": loss.item(),
        "gradients": [None if g is None else rounded(g) for g in gradients],
    }


# --- segmentation -------------------------------------------------------------------------------------------------
def cross_entropy(logits, target):
    return F.cross_entropy(logits, target)


def soft_dice(logits, labels):
    p = torch.softmax(logits, 1)[:, 1:]
    y = labels[:, 1:]
    overlap = 2 * (p * y).sum((0, 2, 3)) + 1
    return 1 - (overlap / (p.sum((0, 2, 3)) + y.sum((0, 2, 3)) + 1)).mean()


def kl(target, logits):
    pixels = logits.numel() / logits.shape[1]
    return F.kl_div(torch.log_softmax(logits, 1), torch.log_softmax(target, 1), log_target=True, reduction="sum") / pixels


shape = (2, 3, 2, 3)
onehot = F.one_hot(torch.randint(0, 3, (2, 2, 3)), 3).permute(0, 3, 1, 2).double()
absent = F.one_hot(torch.randint(0, 2, (2, 2, 3)), 3).permute(0, 3, 1, 2).double()
hard = lambda function, labels: lambda logits: function(logits, labels)
losses["labels"] = {"shape": list(onehot.shape), "data": rounded(onehot)}
losses["labels without the last class"] = {"shape": list(absent.shape), "data": rounded(absent)}
record("cross-entropy against labels", hard(cross_entropy, onehot), logits=draw(*shape))
record("cross-entropy against probabilities", cross_entropy, logits=draw(*shape), target=torch.softmax(draw(*shape), 1))
record("soft Dice", hard(soft_dice, onehot), logits=draw(*shape))
record("soft Dice, a class absent", hard(soft_dice, absent), logits=draw(*shape))
record("KL per pixel", kl, target=draw(*shape), logits=draw(*shape))

# --- contrastive graphs -------------------------------------------------------------------------------------------
images, views, k, tau = 2, 3, 5, 0.1


def by_image(v):
    z = F.normalize(v, dim=1)
    return z[:images], z[images:].reshape(images, views, k)


def star(v):
    anchors, z = by_image(v)
    return torch.stack([z[b] @ anchors[b] for b in range(images)])


def complete(v, scope):
    """Each node's edges to the others, one row a node."""
    _, z = by_image(v)
    rows = []
    for points in [z.reshape(images * views, k)] if scope == "batch" else z:
        for i in range(len(points)):
            rows.append(torch.stack([points[i] @ points[j] for j in range(len(points)) if j != i]))
    return torch.stack(rows)


def distance(teacher, student, loss):
    if loss == "mse":
        return ((teacher - student) ** 2).mean()
    p, q = torch.softmax(teacher / tau, 1), torch.softmax(student / tau, 1)
    return tau**2 * (p * (p.log() - q.log())).sum(1).mean()


vectors = dict(teacher=draw(images * (1 + views), k), student=draw(images * (1 + views), k))
for loss in ["kl", "mse"]:
    record(f"intra {loss}", lambda teacher, student: distance(star(teacher), star(student), loss), **vectors)
    for scope in ["image", "batch"]:
        record(
            f"inter {loss} {scope}",
            lambda teacher, student: distance(complete(teacher, scope), complete(student, scope), loss),
            **vectors,
        )


# --- alignment consistency training -------------------------------------------------------------------------------
def terms(bottleneck, reconstructed, logits, reconstructed_logits, vectors, semantic):
    z, s = F.normalize(vectors, dim=1), F.normalize(semantic, dim=1)
    own = torch.softmax(logits.detach(), 1)
    cosines = [
        F.cosine_similarity(vectors[images + b * views + i], vectors[b], dim=0) for b in range(images) for i in range(views)
    ]
    return {
        "features": F.mse_loss(reconstructed, bottleneck),
        "output": F.cross_entropy(reconstructed_logits, own),
        "regularisation": (1 - (z * s).sum(1)).mean(),
        "consistency": torch.stack([1 - c for c in cosines]).mean(),
    }


n = images * (1 + views)
alignment = dict(
    bottleneck=draw(n, 2, 1, 2),
    reconstructed=draw(n, 2, 1, 2),
    logits=draw(n, 2, 1, 3),
    reconstructed_logits=draw(n, 2, 1, 3),
    vectors=draw(n, k),
    semantic=draw(n, k),
)
for name in ["features", "output", "regularisation", "consistency"]:
    record(f"alignment {name}", lambda **inputs: terms(**inputs)[name], **alignment)

with open(os.path.join(here, "losses.json"), "w") as file:
    lines = [f"{json.dumps(title)}: {json.dumps(found, separators=(',', ':'))}" for title, found in losses.items()]
    file.write("{\n" + ",\n".join(lines) + "\n}\n")
