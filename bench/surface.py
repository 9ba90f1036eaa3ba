"""Surface distances of two masks by SciPy, for surface.ts. python3 surface.py FOLDER SHAPE SPACING prints JSON."""

import json
import os
import resource
import sys
import time

import numpy as np
from scipy import ndimage

folder, shape, spacing = sys.argv[1:]
shape = [int(n) for n in shape.split(",")]
spacing = [float(s) for s in spacing.split(",")]
masks = [np.fromfile(os.path.join(folder, name), np.uint8).reshape(shape).astype(bool) for name in ("prediction", "reference")]


def distances(p, r):
    p, r = (m ^ ndimage.binary_erosion(m) for m in (p, r))
    there = ndimage.distance_transform_edt(~r, spacing)[p]
    back = ndimage.distance_transform_edt(~p, spacing)[r]
    return {
        "assd": np.concatenate([there, back]).mean(),
        "hd95": max(np.percentile(there, 95), np.percentile(back, 95)),
        "hd": max(there.max(), back.max()),
    }


def cropped(p, r):
    where = ndimage.find_objects((p | r).astype(np.uint8))[0]
    where = tuple(slice(max(0, s.start - 1), s.stop + 1) for s in where)
    return distances(p[where], r[where])


out = {}
for name, measure in (("in the bounding box", cropped), ("over the whole grid", distances)):
    start, used = time.perf_counter(), time.process_time()
    found = measure(*masks)
    out[name] = {
        "wall": time.perf_counter() - start,
        "processor": time.process_time() - used,
        **found,
        "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
    }
json.dump(out, sys.stdout)
