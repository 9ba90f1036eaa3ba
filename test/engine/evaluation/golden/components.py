"""Masks and their largest face-connected component, from scipy.ndimage.label. python3 components.py writes components.json."""

import json
import os

import numpy as np
from scipy import ndimage

random = np.random.default_rng(0)
cases = []
for shape, share in [((1, 9, 12), 0.5), ((4, 6, 7), 0.35), ((5, 8, 8), 0.6), ((3, 5, 5), 0.05), ((2, 3, 3), 0.0)]:
    mask = random.random(shape) < share
    parts, count = ndimage.label(mask)
    sizes = np.bincount(parts.ravel())[1:]
    kept = parts == (1 + int(np.argmax(sizes))) if count else mask
    cases.append({"shape": shape, "mask": mask.ravel().astype(int).tolist(), "kept": kept.ravel().astype(int).tolist()})
path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "components.json")
with open(path, "w") as file:
    json.dump(cases, file)
