"""Golden values for predictions on NIfTI images: what nibabel and ITK (pip install nibabel SimpleITK) read from them.

Run from the root of the checkout, python3 test/engine/images/golden/write-like.py: writes write-like.json with images whose
headers are odd, and the label maps written on their grids, both as base64. Asserts that both readers find the two in one
place, so that the test notices when the writer no longer writes what they approved.
"""

import base64
import json
import os
import subprocess
import tempfile

import nibabel as nib
import numpy as np
import SimpleITK as sitk
from nifti import oblique

here = os.path.dirname(os.path.abspath(__file__))
script = """
const { writeLikeInput } = require('./engine/images/write-volume.ts');
writeLikeInput(process.argv[1], Uint8Array.from({ length: 24 }, (_, n) => n % 3), process.argv[2]);
"""
shape = (4, 3, 2)
plain = np.diag([-1.0, -1.0, 2.0, 1.0])
plain[:3, 3] = [12, 10, -8]
other = oblique(40, flip=(-1, -1, 1), angle=0.3)
turned = other.copy()
turned[:3, :3] *= np.array([1, 1, 2]) / np.linalg.norm(turned[:3, :3], axis=0)
sheared = plain.copy()
sheared[1, 2] = 0.7


def image(kind=nib.Nifti1Image, sform=None, qform=None, units="mm", scale=1.0, endianness="<", **fields):
    header = kind.header_class(endianness=endianness)
    header.set_data_dtype(np.int16)
    made = kind(np.arange(24, dtype=np.int16).reshape(shape), None, header)
    header = made.header
    header["pixdim"][1:4] = [1, 1, 2]
    if qform is not None:
        made.set_qform(qform[0], qform[1], strip_shears=False)
    if sform is not None:
        made.set_sform(sform[0], sform[1])
    header.set_xyzt_units(units, "sec")
    header["descrip"] = b"scanner of the north"
    header["aux_file"] = b"beside.txt"
    header["dim_info"] = 57
    header["toffset"] = 1.5
    header["cal_max"] = 900
    for name, value in fields.items():
        header[name] = value
    return made


def of_zeros():
    made = image(qform=(plain, 1))
    made.header["sform_code"] = 1
    for row in "xyz":
        made.header["srow_" + row] = 0
    return made


cases = [
    ("qform and sform differ", image(sform=(plain, 2), qform=(turned, 1))),
    ("big endian, qform and sform differ", image(sform=(plain, 4), qform=(turned, 1), endianness=">")),
    ("NIfTI-2, qform alone", image(nib.Nifti2Image, qform=(turned, 3))),
    ("sform alone", image(sform=(turned, 2), pixdim=[1, *np.linalg.norm(turned[:3, :3], axis=0), 1, 1, 1, 1])),
    ("sform of zeros", of_zeros()),
    ("no form", image()),
    ("micrometres", image(sform=(1000 * plain, 1), qform=(1000 * plain, 1), units="micron")),
    ("metres", image(sform=(plain / 1000, 1), qform=(plain / 1000, 1), units="meter")),
    ("sform and pixdim disagree", image(sform=(other, 1))),
    ("sheared sform alone", image(sform=(sheared, 2), pixdim=[1, *np.linalg.norm(sheared[:3, :3], axis=0), 1, 1, 1, 1])),
]
out = []
carried = ["descrip", "aux_file", "dim_info", "toffset", "xyzt_units", "sform_code", "qform_code", "pixdim"]
for name, made in cases:
    with tempfile.TemporaryDirectory() as folder:
        source, target = os.path.join(folder, "image.nii"), os.path.join(folder, "label.nii")
        nib.save(made, source)
        subprocess.run(["node", "-r", "tsx/cjs", "-e", script, source, target], check=True)
        given, label = nib.load(source), nib.load(target)
        assert np.array_equal(label.get_fdata(), (np.arange(24) % 3).reshape(shape[::-1]).T), name
        for field in carried:
            if not (field == "qform_code" and name.startswith("sheared")):
                assert np.allclose(given.header[field], label.header[field]) if given.header[field].dtype.kind != "S" else (
                    given.header[field] == label.header[field]
                ), (name, field)
        assert label.header["cal_max"] == 0
        if name != "sform of zeros":
            assert np.allclose(given.affine, label.affine, atol=1e-5), name
        else:
            assert np.allclose(label.affine, plain), name
        itk = sitk.ReadImage(target)
        if name == "sheared sform alone":
            assert np.allclose(itk.GetSpacing(), given.header["pixdim"][1:4]), name
        elif not name.startswith("NIfTI-2"):  # which ITK does not read
            place = sitk.ReadImage(source)
            for what in ("GetOrigin", "GetSpacing", "GetDirection"):
                assert np.allclose(getattr(itk, what)(), getattr(place, what)(), atol=1e-5), (name, what)
        files = [base64.b64encode(open(path, "rb").read()).decode() for path in (source, target)]
        out.append({"name": name, "image": files[0], "label": files[1]})
with open(os.path.join(here, "write-like.json"), "w") as target:
    json.dump(out, target)
    target.write("\n")
