"""Golden skeletons from scikit-image, and clDice from them. python3 skeleton.py writes skeleton.json."""

import base64
import json
import os

import numpy as np
from scipy import ndimage
from skimage.morphology import skeletonize

here = os.path.dirname(os.path.abspath(__file__))
rng = np.random.default_rng(0)


def noise(shape, share):
    return rng.random(shape) < share


def blob(shape, sigma=1.5, share=0.5):
    field = ndimage.gaussian_filter(rng.standard_normal(shape), sigma)
    return field > np.quantile(field, 1 - share)


def tubes(shape, radius):
    """Random walks, thickened."""
    mask = np.zeros(shape, bool)
    for _ in range(4):
        at = np.array([rng.integers(n) for n in shape], float)
        way = rng.standard_normal(len(shape))
        for _ in range(3 * max(shape)):
            way += 0.3 * rng.standard_normal(len(shape))
            at += way / np.linalg.norm(way) * 0.5
            place = tuple(np.round(at).astype(int))
            if any(p < 0 or p >= n for p, n in zip(place, shape)):
                break
            mask[place] = True
    return ndimage.distance_transform_edt(~mask) <= radius


def block(shape, *where):
    mask = np.zeros(shape, bool)
    mask[where] = True
    return mask


ring = block((3, 9, 9), 1, slice(1, 8), slice(1, 8)) & ~block((3, 9, 9), 1, slice(3, 6), slice(3, 6))
shell = np.ones((7, 7, 7), bool)
shell[2:5, 2:5, 2:5] = False
pairs = [
    ("noise", noise((9, 10, 11), 0.6), noise((9, 10, 11), 0.4)),
    ("dense noise", noise((8, 9, 10), 0.9), noise((8, 9, 10), 0.95)),
    ("blobs", blob((14, 16, 18)), blob((14, 16, 18))),
    ("tubes", tubes((16, 24, 24), 2.2), tubes((16, 24, 24), 1.5)),
    ("a block and the whole image", block((7, 8, 9), slice(1, 6), slice(2, 7), slice(2, 8)), np.ones((7, 8, 9), bool)),
    ("a ring and a disc", ring, ndimage.binary_fill_holes(ring[1])[None].repeat(3, 0)),
    ("a shell and a ball", shell, np.ones((7, 7, 7), bool)),
    ("a voxel and a pair of voxels", block((4, 4, 4), 1, 1, 1), block((4, 4, 4), 1, 1, slice(1, 3))),
    ("2D noise", noise((23, 31), 0.6), noise((23, 31), 0.8)),
    ("2D blobs", blob((40, 50), 3), blob((40, 50), 3)),
    ("2D tubes", tubes((60, 70), 3), tubes((60, 70), 2)),
    ("2D squares of 2 and 4", block((8, 8), slice(1, 3), slice(1, 3)), block((8, 8), slice(1, 5), slice(1, 5))),
    ("2D, the whole image and its first row", np.ones((9, 14), bool), block((9, 14), 0)),
]


def pack(mask):
    return base64.b64encode(np.packbits(mask)).decode()


def share(skeleton, mask):
    return (skeleton & mask).sum() / skeleton.sum()


out = []
for name, prediction, reference in pairs:
    skeletons = [skeletonize(m, method="lee").astype(bool) for m in (prediction, reference)]
    precision, sensitivity = share(skeletons[0], reference), share(skeletons[1], prediction)
    both = precision + sensitivity
    out.append(
        {
            "name": name,
            "shape": [1] * (3 - prediction.ndim) + list(prediction.shape),
            "prediction": pack(prediction),
            "reference": pack(reference),
            "skeletons": [pack(s) for s in skeletons],
            "cldice": 2 * precision * sensitivity / both if both else 0.0,
        }
    )
with open(os.path.join(here, "skeleton.json"), "w") as target:
    json.dump(out, target, indent=1)
    target.write("\n")
