"""Golden values for the NIfTI reader, from nibabel (pip install nibabel).

python3 nifti.py [folder of NIfTI files]: writes nifti.json: small files made here, as base64, with what nibabel reads
from them, and what it reads from each file of the folder (named, not copied).
"""

import base64
import io
import json
import os
import sys
import tempfile

import nibabel as nib
import numpy as np

here = os.path.dirname(os.path.abspath(__file__))


def describe(image):
    data = np.asarray(image.dataobj)
    shape = list(image.shape)
    if data.dtype.fields:  # RGB
        data = np.stack([data[c] for c in "RGB"], -1)
    flat = data.astype(np.float64)
    probes = np.linspace(0, image.shape[0] - 1, 3).astype(int)
    frame = flat
    while frame.ndim > (4 if image.get_data_dtype().fields else 3):
        frame = frame[..., 0]
    points = [
        [int(i), int(min(i, frame.shape[1] - 1)), int(min(i, frame.shape[2] - 1))] for i in probes
    ]
    return {
        "shape": shape,
        "dtype": "uint8" if image.get_data_dtype().fields else image.get_data_dtype().name,
        "spacing": [float(z) for z in image.header.get_zooms()[:3]],
        "orientation": "".join(nib.aff2axcodes(image.affine)),
        "affine": np.asarray(image.affine, np.float64).tolist(),
        "min": float(np.nanmin(flat)),
        "max": float(np.nanmax(flat)),
        "points": points,
        "values": [np.atleast_1d(frame[tuple(p)]).astype(float).tolist() for p in points],
    }


def oblique(seed, spacing=(1.5, 2, 3), flip=(1, 1, 1), order=(0, 1, 2), angle=0.3):
    rng = np.random.default_rng(seed)
    axis = rng.normal(size=3)
    axis /= np.linalg.norm(axis)
    k = np.array([[0, -axis[2], axis[1]], [axis[2], 0, -axis[0]], [-axis[1], axis[0], 0]])
    rotation = np.eye(3) + np.sin(angle) * k + (1 - np.cos(angle)) * k @ k
    affine = np.eye(4)
    affine[:3, :3] = rotation @ np.diag(flip)[:, list(order)] @ np.diag(spacing)
    affine[:3, 3] = rng.uniform(-100, 100, 3)
    return affine


def small_files():
    rng = np.random.default_rng(7)
    shape = (5, 4, 3)
    floats = rng.normal(size=shape).astype(np.float32)
    affine = oblique(1)

    def make(name, array, affine, kind=nib.Nifti1Image, edit=None, endian="<", suffix=".nii", slope=None):
        header = kind.header_class(endianness=endian)
        header.set_data_dtype(array.dtype)
        image = kind(array, affine, header)
        if edit:
            edit(image.header)
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, name + suffix)
            if slope:
                image.header.set_slope_inter(*slope)
            nib.save(image, path)
            files = {f: base64.b64encode(open(os.path.join(folder, f), "rb").read()).decode() for f in sorted(os.listdir(folder))}
            return {"name": name + suffix, "files": files, "expected": describe(nib.load(path))}

    def qform_only(header):
        header.set_sform(None, 0)
        header.set_qform(oblique(2, flip=(-1, 1, 1)), 1)

    def both_differ(header):
        header.set_sform(oblique(3, flip=(-1, -1, 1)), 2)
        header.set_qform(oblique(4), 1)

    def qform_stronger(header):
        header.set_sform(oblique(5, order=(2, 0, 1)), 1)
        header.set_qform(oblique(6), 3)

    def neither(header):
        header.set_sform(None, 0)
        header.set_qform(None, 0)
        header["pixdim"][1:4] = 2, 3, 4

    def extended(header):
        header.extensions.append(nib.nifti1.Nifti1Extension("comment", b"a comment of some length"))

    def rgb():
        colours = np.zeros(shape, dtype=[("R", "u1"), ("G", "u1"), ("B", "u1")])
        for c in "RGB":
            colours[c] = rng.integers(0, 256, shape)
        return colours

    integers = rng.integers(-30000, 30000, shape)
    yield make("float32", floats, affine)
    yield make("big-endian", integers.astype(">i2"), affine, endian=">")
    yield make("gzipped", floats, affine, suffix=".nii.gz")
    yield make("pair", integers.astype(np.int32), affine, kind=nib.Nifti1Pair, suffix=".img")
    yield make("pair-gzipped", floats, affine, kind=nib.Nifti1Pair, suffix=".img.gz")
    yield make("nifti2", floats.astype(np.float64), affine, kind=nib.Nifti2Image)
    yield make("nifti2-big-endian", integers.astype(">u2"), affine, kind=nib.Nifti2Image, endian=">")
    yield make("scaled", integers.astype(np.int16), affine, slope=(0.25, -1000.0))
    yield make("scaled-down", integers.astype(np.int16), affine, slope=(-0.5, 3.0))
    yield make("int8", rng.integers(-128, 128, shape).astype(np.int8), affine)
    yield make("int64", rng.integers(-(2**40), 2**40, shape), affine)
    yield make("uint64", rng.integers(0, 2**40, shape).astype(np.uint64), affine)
    yield make("uint32", rng.integers(0, 2**32, shape).astype(np.uint32), affine)
    yield make("rgb", rgb(), affine)
    yield make("two-dimensional", rng.integers(0, 9, (5, 4, 1)).astype(np.uint8), affine)
    yield make("four-dimensional", rng.normal(size=(5, 4, 3, 2)).astype(np.float32), affine)
    yield make("five-dimensional", rng.normal(size=(3, 4, 3, 1, 2)).astype(np.float32), affine)
    yield make("qform-only", floats, affine, edit=qform_only)
    yield make("sform-first", floats, affine, edit=both_differ)
    yield make("sform-first-even-if-weaker", floats, affine, edit=qform_stronger)
    yield make("neither-form", floats, affine, edit=neither)
    yield make("extension", floats, affine, edit=extended)
    for n, order in enumerate([(0, 1, 2), (1, 0, 2), (2, 0, 1), (0, 2, 1), (1, 2, 0), (2, 1, 0)]):
        flip = [(1, 1, 1), (-1, 1, 1), (1, -1, -1), (-1, -1, 1), (-1, -1, -1), (1, 1, -1)][n]
        yield make(f"oblique-{n}", floats, oblique(20 + n, flip=flip, order=order, angle=0.75))


if __name__ == "__main__":
    golden = {"made": list(small_files()), "found": {}}
    if len(sys.argv) > 1:
        for name in sorted(os.listdir(sys.argv[1])):
            try:
                golden["found"][name] = describe(nib.load(os.path.join(sys.argv[1], name)))
            except nib.filebasedimages.ImageFileError:
                golden["found"][name] = None
    with open(os.path.join(here, "nifti.json"), "w") as out:
        json.dump(golden, out)
        out.write("\n")
