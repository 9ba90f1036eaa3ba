"""Golden values for every form a NIfTI file can take, from nibabel (pip install nibabel).

python3 nifti-forms.py: writes nifti-forms.json: every sample type in both byte orders and both versions, and all 48
axis orders and flips, straight and oblique; each file gzipped as base64, with what nibabel reads from it.
"""

import base64
import gzip
import itertools
import json
import os

import nibabel as nib
import numpy as np

from nifti import describe, oblique

here = os.path.dirname(os.path.abspath(__file__))
shape = (4, 3, 2)
types = ["u1", "i1", "i2", "u2", "i4", "u4", "i8", "u8", "f4", "f8", "RGB", "RGBA"]


def samples(kind, rng):
    if kind in ("RGB", "RGBA"):
        colours = np.zeros(shape, dtype=[(c, "u1") for c in kind])
        for c in kind:
            colours[c] = rng.integers(0, 256, shape)
        return colours
    if kind[0] == "f":
        return (rng.normal(size=shape) * 1000).astype(kind)
    info = np.iinfo(kind)
    # Both ends of the type; of 64 bits, values that a double holds.
    low, high = max(info.min, -(2**52)), min(info.max, 2**52)
    array = rng.integers(low, high, shape, dtype=np.int64 if kind != "u8" else np.uint64, endpoint=True)
    array.flat[0], array.flat[1] = low, high
    return array.astype(kind)


def make(name, array, affine, kind, endian, codes, slope=None):
    header = kind.header_class(endianness=endian)
    header.set_data_dtype(array.dtype)
    image = kind(array, affine, header)
    image.set_sform(affine, codes[0])
    image.set_qform(affine, codes[1], strip_shears=True)
    if slope:
        image.header.set_slope_inter(*slope)
    out = image.to_bytes()
    expected = describe(kind.from_bytes(out))
    packed = base64.b64encode(gzip.compress(out, 9, mtime=0)).decode()
    return {"name": name, "file": packed, "expected": expected}


def files():
    rng = np.random.default_rng(11)
    affine = oblique(3, spacing=(0.7, 1.1, 2.5))
    for kind in types:
        for endian, order in (("<", "little"), (">", "big")):
            for version, image in ((1, nib.Nifti1Image), (2, nib.Nifti2Image)):
                name = f"{kind} {order} endian NIfTI-{version}"
                yield make(name, samples(kind, rng), affine, image, endian, (1, 1))
        if kind[0] in "iuf" and kind != "RGB":
            yield make(f"{kind} scaled", samples(kind, rng), affine, nib.Nifti1Image, "<", (1, 1), (0.5, -3.0))
    n = 0
    for order in itertools.permutations(range(3)):
        for flip in itertools.product((1, -1), repeat=3):
            # Straight and oblique, by sform alone and by qform alone, in turn.
            angle = 0.4 if n % 2 else 0.0
            codes = ((1, 0), (0, 1))[(n // 2) % 2]
            grid = oblique(100 + n, spacing=(0.8, 1.3, 2.1), flip=flip, order=order, angle=angle)
            name = f"axes {order[0]}{order[1]}{order[2]} flips {flip[0]} {flip[1]} {flip[2]}"
            name += f" {'oblique' if n % 2 else 'straight'} {'sform' if codes[0] else 'qform'}"
            yield make(name, samples("i2", rng), grid, nib.Nifti1Image, "<", codes)
            n += 1


if __name__ == "__main__":
    with open(os.path.join(here, "nifti-forms.json"), "w") as out:
        out.write("[\n")
        out.write(",\n".join(json.dumps(f, separators=(",", ":")) for f in files()))
        out.write("\n]\n")
