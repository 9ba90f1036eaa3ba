"""Golden values for surface distances, from MONAI, MedPy and SciPy. python3 surface.py writes surface.json.

assd and hd95: MONAI. hd: MedPy, and checked against MONAI. open: assd and hd with the outside as foreground, from SciPy's erosion and distance transform as the CHAOS evaluation uses them.
"""

import base64
import json
import os
import warnings

import numpy as np
import torch
from medpy.metric.binary import hd
from monai.metrics import compute_average_surface_distance, compute_hausdorff_distance
from scipy import ndimage

warnings.simplefilter("ignore")
here = os.path.dirname(os.path.abspath(__file__))
rng = np.random.default_rng(0)


def noise(shape, share):
    return rng.random(shape) < share


def blob(shape, sigma=2.0):
    field = ndimage.gaussian_filter(rng.standard_normal(shape), sigma)
    return field > np.quantile(field, 0.7)


def points(shape, *places):
    mask = np.zeros(shape, bool)
    for place in places:
        mask[place] = True
    return mask


def board(shape, odd):
    return np.indices(shape).sum(0) % 2 == odd


def ball(shape, centre, radius, spacing):
    grid = np.indices(shape).reshape(len(shape), -1).T * np.array(spacing)
    return (((grid - np.array(centre)) ** 2).sum(1) < radius**2).reshape(shape)


solid = np.ones((6, 7, 8), bool)
hollow = solid.copy()
hollow[2:4, 2:5, 2:6] = False
shifted = blob((9, 14, 17))
cases = [
    ("noise", noise((7, 9, 11), 0.5), noise((7, 9, 11), 0.5), (1, 1, 1)),
    ("sparse noise, thick slices", noise((12, 10, 9), 0.02), noise((12, 10, 9), 0.03), (5, 0.7, 0.8)),
    ("blobs", blob((10, 20, 22)), blob((10, 20, 22)), (2.5, 0.73, 0.73)),
    ("blobs with all spacings different", blob((18, 12, 15)), blob((18, 12, 15)), (0.3, 1.9, 4.1)),
    ("one voxel each, corner to corner", points((8, 9, 10), (0, 0, 0)), points((8, 9, 10), (7, 8, 9)), (3, 2, 1)),
    ("a voxel and noise", points((20, 8, 8), (19, 3, 4)), noise((20, 8, 8), 0.3), (1.5, 1, 1)),
    ("equal", shifted, shifted, (2, 1, 1)),
    ("shifted by two rows", shifted, np.roll(shifted, 2, 1), (2, 0.9, 1.1)),
    ("the whole image and a hole in it", solid, hollow, (1, 2, 3)),
    ("a ball and a ball with a speck far away", ball((16, 16, 16), (8, 8, 8), 5, (1, 1, 1)),
     ball((16, 16, 16), (8, 8, 7), 5, (1, 1, 1)) | points((16, 16, 16), (15, 15, 15)), (1, 1, 1)),
    ("chequerboards", board((6, 6, 6), 0), board((6, 6, 6), 1), (2, 1, 0.5)),
    ("opposite faces", points((40, 5, 5), np.s_[0, :, :]), points((40, 5, 5), np.s_[39, :, :]), (0.5, 1, 1)),
    ("a line along the slices and one across", points((20, 7, 7), np.s_[:, 3, 3]), points((20, 7, 7), np.s_[10, 2, :]), (1.3, 1, 1)),
    ("2D noise", noise((23, 31), 0.4), noise((23, 31), 0.4), (1, 1)),
    ("2D blobs", blob((40, 50), 3), blob((40, 50), 3), (0.5, 1.7)),
    ("2D, one pixel in a corner", points((30, 40), (0, 39)), blob((30, 40), 3), (1, 1)),
    ("2D, a frame and its inside", points((12, 14), np.s_[3:9, 3:11]), points((12, 14), np.s_[4:8, 4:10]), (1, 2)),
]


def pack(mask):
    return base64.b64encode(np.packbits(mask)).decode()


def surface(mask):
    return mask ^ ndimage.binary_erosion(mask, border_value=1)


def without_cuts(prediction, reference, spacing):
    p, r = surface(prediction), surface(reference)
    if not p.any() or not r.any():
        return None
    there = ndimage.distance_transform_edt(~r, spacing)[p]
    back = ndimage.distance_transform_edt(~p, spacing)[r]
    both = np.concatenate([there, back])
    return {"assd": both.mean(), "hd": both.max()}


out = []
for name, prediction, reference, spacing in cases:
    p, r = (torch.from_numpy(m)[None, None].double() for m in (prediction, reference))
    common = {"y_pred": p, "y": r, "include_background": True, "spacing": [float(s) for s in spacing]}
    assert np.isclose(hd(prediction, reference, spacing), compute_hausdorff_distance(**common).item(), rtol=1e-5)
    flat = prediction.ndim == 2
    out.append(
        {
            "name": name,
            "shape": [1, *prediction.shape] if flat else prediction.shape,
            "spacing": [1, *spacing] if flat else spacing,
            "prediction": pack(prediction),
            "reference": pack(reference),
            "assd": compute_average_surface_distance(**common, symmetric=True).item(),
            "hd95": compute_hausdorff_distance(**common, percentile=95).item(),
            "hd": hd(prediction, reference, spacing),
            "open": without_cuts(prediction, reference, spacing),
        }
    )
with open(os.path.join(here, "surface.json"), "w") as target:
    json.dump(out, target, indent=1)
    target.write("\n")
