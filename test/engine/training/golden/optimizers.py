"""Golden weights of optimisers and learning rates of schedules, from PyTorch in float64. python3 optimizers.py writes optimizers.json."""

import json
import os

import torch

here = os.path.dirname(os.path.abspath(__file__))
torch.manual_seed(0)


def rounded(tensor):
    return [float(f"{x:.8g}") for x in tensor.flatten().tolist()]


def draw(*shape):
    return torch.randint(-100, 100, shape).double() / 100


start = {"a": draw(3), "b": draw(2, 2)}
rates = [0.1, 0.1, 0.05, 0.02, 0.1]
# One of them far larger, to see the second moment remember it.
gradients = [{name: draw(*w.shape) * scale for name, w in start.items()} for scale in [1, 0.1, 5, 0.5, 0.01]]

adam = dict(beta1=0.9, beta2=0.999, epsilon=1e-8)
configs = {
    "adam": dict(name="adam", **adam, weightDecay=0),
    "adam, other betas and epsilon": dict(name="adam", beta1=0.5, beta2=0.9, epsilon=1e-3, weightDecay=0),
    "adam, weight decay": dict(name="adam", **adam, weightDecay=0.1),
    "adamw": dict(name="adamw", **adam, weightDecay=0),
    "adamw, weight decay": dict(name="adamw", **adam, weightDecay=0.1),
    "sgd": dict(name="sgd", momentum=0, nesterov=False, weightDecay=0),
    "sgd, weight decay": dict(name="sgd", momentum=0, nesterov=False, weightDecay=0.1),
    "sgd, momentum": dict(name="sgd", momentum=0.9, nesterov=False, weightDecay=0),
    "sgd, momentum, weight decay": dict(name="sgd", momentum=0.9, nesterov=False, weightDecay=0.1),
    "sgd, Nesterov momentum, weight decay": dict(name="sgd", momentum=0.9, nesterov=True, weightDecay=0.1),
}


def optimizer(c, parameters):
    if c["name"] == "sgd":
        return torch.optim.SGD(parameters, 1, momentum=c["momentum"], nesterov=c["nesterov"], weight_decay=c["weightDecay"])
    kind = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}[c["name"]]
    return kind(parameters, 1, (c["beta1"], c["beta2"]), c["epsilon"], weight_decay=c["weightDecay"])


def train(config):
    weights = {name: w.clone().requires_grad_(True) for name, w in start.items()}
    steps = optimizer(config, list(weights.values()))
    seen = []
    for rate, given in zip(rates, gradients):
        for name, w in weights.items():
            w.grad = given[name].clone()
        steps.param_groups[0]["lr"] = rate
        steps.step()
        seen.append({name: rounded(w) for name, w in weights.items()})
    return seen


def clipped(largest):
    """Descent on sum(a^2 c) + sum(b^3) with a clipped gradient."""
    weights = {name: w.clone().requires_grad_(True) for name, w in start.items()}
    steps = torch.optim.SGD(weights.values(), 0.1)
    seen = []
    for _ in range(3):
        steps.zero_grad()
        ((weights["a"] ** 2 * torch.tensor([1.0, 2, 3])).sum() + (weights["b"] ** 3).sum()).backward()
        norm = torch.nn.utils.clip_grad_norm_(weights.values(), largest)
        steps.step()
        seen.append({"norm": norm.item(), "weights": {name: rounded(w) for name, w in weights.items()}})
    return seen


def schedule(make, steps=20):
    steps_of = torch.optim.SGD([torch.zeros(1, requires_grad=True)], 0.5)
    scheduler = make(steps_of)
    rates = []
    for _ in range(steps):
        rates.append(steps_of.param_groups[0]["lr"])
        steps_of.step()
        scheduler.step()
    return rates


lr = torch.optim.lr_scheduler
found = {
    "start": {name: rounded(w) for name, w in start.items()},
    "rates": rates,
    "gradients": [{name: rounded(g) for name, g in given.items()} for given in gradients],
    "optimizers": {title: {"config": c, "steps": train(c)} for title, c in configs.items()},
    "clipped": {str(largest): clipped(largest) for largest in [0.5, 1e6]},
    "schedules": {
        "constant": schedule(lambda o: lr.ConstantLR(o, 1, 0)),
        "cosine": schedule(lambda o: lr.CosineAnnealingLR(o, 20)),
        "cosine, final 0.1": schedule(lambda o: lr.CosineAnnealingLR(o, 20, 0.05)),
        "polynomial, power 0.9": schedule(lambda o: lr.PolynomialLR(o, 20, 0.9)),
        "polynomial, power 2": schedule(lambda o: lr.PolynomialLR(o, 20, 2)),
        "step at 0.25 and 0.6": schedule(lambda o: lr.MultiStepLR(o, [5, 12], 0.1)),
    },
}
with open(os.path.join(here, "optimizers.json"), "w") as file:
    lines = [f"{json.dumps(key)}: {json.dumps(value, separators=(',', ':'))}" for key, value in found.items()]
    file.write("{\n" + ",\n".join(lines) + "\n}\n")
