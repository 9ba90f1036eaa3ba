"""Golden values and gradients of the terms of knowledge distillation (KD) and channel-wise distillation (CWD), from PyTorch in float64,
written from the methods' formulas.

python3 methods.py writes methods.json.
"""

import json
import os

import torch
import torch.nn.functional as F

here = os.path.dirname(os.path.abspath(__file__))
torch.manual_seed(0)
terms = {}


def draw(*shape):
    return torch.randint(-200, 200, shape).double() / 100


def rounded(tensor):
    return [float(f"{x:.6g}") for x in tensor.flatten().tolist()]


def record(title, function, **inputs):
    values = {name: x.clone().requires_grad_(True) for name, x in inputs.items()}
    loss = function(**values)
    gradients = torch.autograd.grad(loss, list(values.values()))
    terms[title] = {
        "inputs": [{"name": name, "shape": list(x.shape), "data": rounded(x)} for name, x in inputs.items()],
        "value": loss.item(),
        "gradients": [rounded(g) for g in gradients],
    }


def softened(temperature):
    """Hinton et al.: T^2 KL(teacher || student) of softened classes, mean over pixels."""

    def loss(teacher, student):
        t = F.log_softmax(teacher / temperature, 1)
        s = F.log_softmax(student / temperature, 1)
        pixels = teacher.numel() / teacher.shape[1]
        return temperature**2 * F.kl_div(s, t, log_target=True, reduction="sum") / pixels

    return loss


def channels(temperature):
    """Shu et al., equation 4: T^2 KL over the pixels of each channel, mean over images and channels."""

    def loss(teacher, student):
        n, c = teacher.shape[:2]
        t = F.log_softmax(teacher.reshape(n * c, -1) / temperature, 1)
        s = F.log_softmax(student.reshape(n * c, -1) / temperature, 1)
        return temperature**2 * F.kl_div(s, t, log_target=True, reduction="batchmean")

    return loss


shape = (2, 3, 2, 3)
for temperature in (1, 4):
    record(f"kd {temperature}", softened(temperature), teacher=draw(*shape), student=draw(*shape))
    record(f"cwd {temperature}", channels(temperature), teacher=draw(*shape), student=draw(*shape))

with open(os.path.join(here, "methods.json"), "w") as file:
    json.dump(terms, file, indent=1)
    file.write("\n")
