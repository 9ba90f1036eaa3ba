"""Parameter counts and logits of the segmentation networks, from a second implementation in PyTorch in float64.

Weights are sines of their index, so that the golden file need not hold them. python3 networks.py writes networks.json.
"""

import json
import math
import os

import torch
import torch.nn.functional as F

here = os.path.dirname(os.path.abspath(__file__))


class Network:
    def __init__(self):
        self.weights = {}

    def weight(self, name, *shape):
        """Made when it is first asked for."""
        if name not in self.weights:
            n = math.prod(shape)
            x = torch.sin(torch.arange(n).double() + 7 * len(name)).reshape(shape)
            if name.endswith("norm.weight") or name.endswith("running_var"):
                x = 1 + x / 2
            elif len(shape) > 1:
                x = x * math.sqrt(6 / (n / shape[0]))
            else:
                x = x / 4
            self.weights[name] = x
        return self.weights[name]

    def count(self):
        return sum(w.numel() for name, w in self.weights.items() if "running" not in name)

    def conv(self, name, x, out, kernel, stride=1, groups=1, bias=False):
        w = self.weight(f"{name}.weight", out, x.shape[1] // groups, kernel, kernel)
        b = self.weight(f"{name}.bias", out) if bias else None
        return F.conv2d(x, w, b, stride, kernel // 2, groups=groups)

    def block(self, name, x, out, kernel, stride=1, groups=1, activation=torch.relu):
        y = self.conv(f"{name}.conv", x, out, kernel, stride, groups)
        mean, variance, scale, shift = (
            self.weight(f"{name}.norm.{part}", out) for part in ["running_mean", "running_var", "weight", "bias"]
        )
        return activation(F.batch_norm(y, mean, variance, scale, shift, False, 0.1, 1e-5))

    def up(self, name, x, out, kernel):
        w, b = self.weight(f"{name}.weight", x.shape[1], out, kernel, kernel), self.weight(f"{name}.bias", out)
        return F.conv_transpose2d(x, w, b, 2, (kernel - 2) // 2)


class UNet(Network):
    def __init__(self, width, depth):
        super().__init__()
        self.width, self.depth = width, depth

    def double(self, name, x, out):
        return self.block(f"{name}.1", self.block(f"{name}.0", x, out, 3), out, 3)

    def __call__(self, x, classes):
        skips = []
        for level in range(self.depth):
            skips.append(self.double(f"net/encoder/level{level}", x, self.width * 2**level))
            x = F.max_pool2d(skips[-1], 2)
        x = self.double(f"net/encoder/level{self.depth}", x, self.width * 2**self.depth)
        for level in reversed(range(self.depth)):
            c = self.width * 2**level
            x = self.double(f"net/decoder/level{level}", torch.cat([skips[level], self.up(f"net/decoder/up{level}", x, c, 2)], 1), c)
        return self.conv("net/decoder/logits", x, classes + 1, 1, bias=True)


class MobileNetV2UNet(Network):
    def __init__(self, width):
        super().__init__()
        self.width = width

    def scaled(self, channels):
        """The rounding of MobileNetV2's authors, _make_divisible."""
        v = channels * self.width
        new = max(8, int(v + 4) // 8 * 8)
        return new + 8 if new < 0.9 * v else new

    def inverted(self, name, x, out, expansion, stride):
        hidden = x.shape[1] * expansion
        y = self.block(f"{name}.expand", x, hidden, 1, activation=F.relu6) if expansion > 1 else x
        y = self.block(f"{name}.depthwise", y, hidden, 3, stride, hidden, F.relu6)
        y = self.block(f"{name}.project", y, out, 1, activation=lambda z: z)
        return x + y if stride == 1 and x.shape[1] == out else y

    def __call__(self, x, classes):
        x = self.block("net/encoder/stem", x, self.scaled(32), 3, 2, activation=F.relu6)
        skips = []
        # t, c, n, s of table 2
        table = [(1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)]
        for stage, (t, c, n, s) in enumerate(table):
            for i in range(n):
                x = self.inverted(f"net/encoder/stage{stage}.{i}", x, self.scaled(c), t, s if i == 0 else 1)
            if c in (16, 24, 32, 96):
                skips.append(x)
        x = self.block("net/encoder/last", x, self.scaled(1280), 1, activation=F.relu6)
        for level in [3, 2, 1, 0]:
            c = skips[level].shape[1]
            x = torch.cat([skips[level], self.up(f"net/decoder/up{level}", x, c, 4)], 1)
            x = self.inverted(f"net/decoder/level{level}", x, c, 6, 1)
        x = self.conv("net/decoder/reduce", x, max(3, classes + 1), 1, bias=True)
        x = self.conv("net/decoder/logits", x, classes + 1, 1, bias=True)
        return F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)


def unet(width, depth):
    return {"network": "unet", "width": width, "depth": depth}


def mobile(width):
    return {"network": "mobilenetv2-unet", "width": width}


found = []
for config, channels, classes, size in [
    (unet(2, 1), 1, 1, (4, 6)),
    (unet(3, 3), 3, 2, (8, 16)),
    (unet(32, 4), 1, 1, None),
    (unet(64, 4), 3, 2, None),
    (mobile(1), 1, 1, None),
    (mobile(0.5), 3, 1, None),
    (mobile(0.35), 1, 4, None),
    (mobile(0.25), 1, 1, (32, 64)),
]:
    net = UNet(config["width"], config["depth"]) if config["network"] == "unet" else MobileNetV2UNet(config["width"])
    n, (rows, columns) = 2, size or (32, 32)
    x = torch.cos(0.7 * torch.arange(n * channels * rows * columns).double()).reshape(n, channels, rows, columns)
    logits = net(x, classes)
    found.append({"config": config, "channels": channels, "classes": classes, "parameters": net.count()})
    if size:
        # Every logit of a U-Net; of the larger maps one in seven.
        step = 1 if logits.numel() < 1000 else 7
        found[-1].update(size=size, step=step, logits=[float(f"{v:.6g}") for v in logits.flatten()[::step].tolist()])
with open(os.path.join(here, "networks.json"), "w") as file:
    json.dump(found, file, separators=(",", ":"))
    file.write("\n")
