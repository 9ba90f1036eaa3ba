"""The PyTorch side of training.ts: python3 training.py CASE prints the seconds of each run as JSON."""

import json
import sys
import time

import torch
import torch.nn as nn
import torch.nn.functional as F


def block(i, o, k, s=1, g=1, act=nn.ReLU):
    layers = [nn.Conv2d(i, o, k, s, k // 2, groups=g, bias=False), nn.BatchNorm2d(o)]
    return nn.Sequential(*layers, *([act(inplace=True)] if act else []))


class UNet(nn.Module):
    def __init__(self, width, depth):
        super().__init__()
        c = [width * 2**level for level in range(depth + 1)]
        double = lambda i, o: nn.Sequential(block(i, o, 3), block(o, o, 3))
        self.down = nn.ModuleList(double(1 if n == 0 else c[n - 1], c[n]) for n in range(depth + 1))
        self.up = nn.ModuleList(nn.ConvTranspose2d(c[n + 1], c[n], 2, 2) for n in range(depth))
        self.join = nn.ModuleList(double(2 * c[n], c[n]) for n in range(depth))
        self.logits = nn.Conv2d(width, 2, 1)

    def forward(self, x):
        skips = []
        for n, down in enumerate(self.down):
            x = down(F.max_pool2d(skips[-1], 2) if n else x)
            skips.append(x)
        for n in reversed(range(len(self.up))):
            x = self.join[n](torch.cat([skips[n], self.up[n](x)], 1))
        return self.logits(x)


class Inverted(nn.Module):
    def __init__(self, i, o, t, s):
        super().__init__()
        h = i * t
        parts = [block(i, h, 1, act=nn.ReLU6)] if t > 1 else []
        self.parts = nn.Sequential(*parts, block(h, h, 3, s, h, nn.ReLU6), block(h, o, 1, act=None))
        self.residual = s == 1 and i == o

    def forward(self, x):
        return x + self.parts(x) if self.residual else self.parts(x)


class MobileNetV2UNet(nn.Module):
    def __init__(self):
        super().__init__()
        table = [(1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)]
        self.stem, i = block(1, 32, 3, 2, act=nn.ReLU6), 32
        self.stages = nn.ModuleList()
        for t, c, n, s in table:
            self.stages.append(nn.Sequential(*(Inverted(i if k == 0 else c, c, t, s if k == 0 else 1) for k in range(n))))
            i = c
        self.last, i = block(320, 1280, 1, act=nn.ReLU6), 1280
        self.up, self.join = nn.ModuleList(), nn.ModuleList()
        for c in [96, 32, 24, 16]:
            self.up.append(nn.ConvTranspose2d(i, c, 4, 2, 1))
            self.join.append(Inverted(2 * c, c, 6, 1))
            i = c
        self.logits = nn.Sequential(nn.Conv2d(16, 3, 1), nn.Conv2d(3, 2, 1))

    def forward(self, x):
        x, skips = self.stem(x), []
        for n, stage in enumerate(self.stages):
            x = stage(x)
            if n in (0, 1, 2, 4):
                skips.append(x)
        x = self.last(x)
        for up, join in zip(self.up, self.join):
            x = join(torch.cat([skips.pop(), up(x)], 1))
        return F.interpolate(self.logits(x), scale_factor=2, mode="bilinear", align_corners=False)


case = json.loads(sys.argv[1])
config, batch, size = case["config"], case["batch"], case["size"]
net = UNet(config["width"], config["depth"]) if config["network"] == "unet" else MobileNetV2UNet()
x = torch.randn(batch, 1, size, size)
y = torch.zeros(batch, size, size, dtype=torch.long)
optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)


def step():
    logits = net(x)
    p, g = logits.softmax(1)[:, 1], (y == 1).float()
    dice = 1 - (2 * (p * g).sum() + 1) / (p.sum() + g.sum() + 1)
    optimizer.zero_grad()
    (F.cross_entropy(logits, y) + dice).backward()
    optimizer.step()


seconds = []
net.train(case["train"])
for run in range(case["runs"] + 1):
    start = time.perf_counter()
    if case["train"]:
        step()
    else:
        with torch.no_grad():
            net(x).softmax(1)
    if run:
        seconds.append(time.perf_counter() - start)
print(json.dumps(seconds))
