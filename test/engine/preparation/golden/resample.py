"""Golden values for resampling, from PyTorch. python3 resample.py writes resample.json."""

import json
import os

import torch
import torch.nn.functional as F

here = os.path.dirname(os.path.abspath(__file__))
torch.manual_seed(0)
out = []
for source, target in [
    ((6, 5), (9, 13)),
    ((8, 9), (4, 3)),
    ((7, 11), (10, 4)),
    ((5, 5), (5, 5)),
    ((16, 3), (5, 1)),
    ((1, 4), (3, 8)),
]:
    image = torch.randn(1, 2, *source)
    labels = torch.randint(0, 5, (1, 2, *source)).float()
    out.append(
        {
            "source": source,
            "target": target,
            "image": image.flatten().tolist(),
            "linear": F.interpolate(image, target, mode="bilinear", align_corners=False, antialias=True).flatten().tolist(),
            "labels": labels.int().flatten().tolist(),
            "nearest": F.interpolate(labels, target, mode="nearest-exact").int().flatten().tolist(),
        }
    )
with open(os.path.join(here, "resample.json"), "w") as target:
    json.dump(out, target)
    target.write("\n")
