"""Golden values for the NIfTI writer: what nibabel and ITK (pip install nibabel SimpleITK) read from files that it wrote.

Run from the root of the checkout, python3 test/engine/images/golden/write.py: writes write.json with the files as base64,
so that the test notices when the writer no longer writes what nibabel approved.
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
const { readFileSync, writeFileSync } = require('node:fs');
const { encodeNifti1 } = require('./engine/images/nifti.ts');
const { shape, affine, samples, type } = JSON.parse(readFileSync(process.argv[1], 'utf8'));
writeFileSync(process.argv[2], encodeNifti1(shape, globalThis[type].from(samples), affine));
"""
out = []
rng = np.random.default_rng(11)
sheared = oblique(40)
sheared[0, 1] += 0.7
cases = [
    ("uint8 LPS", "Uint8Array", np.diag([-1.5, -2, 3, 1])),
    ("float32 oblique", "Float32Array", oblique(41, flip=(-1, 1, 1), order=(2, 0, 1), angle=0.9)),
    ("int16 left-handed", "Int16Array", oblique(42, flip=(1, -1, 1), angle=2.5)),
    ("uint8 half a turn", "Uint8Array", oblique(43, flip=(-1, -1, 1), angle=0.0)),
    ("uint8 sheared", "Uint8Array", sheared),
]
for name, kind, affine in cases:
    shape = [4, 3, 2]
    samples = rng.integers(0, 9, shape[::-1]).astype(float)
    with tempfile.TemporaryDirectory() as folder:
        source, target = os.path.join(folder, "in.json"), os.path.join(folder, "out.nii")
        case = {"shape": shape, "affine": affine.tolist(), "samples": samples.ravel().tolist(), "type": kind}
        with open(source, "w") as file:
            json.dump(case, file)
        subprocess.run(["node", "-r", "tsx/cjs", "-e", script, source, target], check=True)
        image = nib.load(target)
        assert np.array_equal(image.get_fdata(), samples.transpose(2, 1, 0)), name
        assert np.allclose(image.affine, affine, atol=1e-4), name
        assert np.allclose(image.get_sform(), affine, atol=1e-4) and image.header["sform_code"] == 1, name
        assert image.header["qform_code"] == 1, name
        if "sheared" in name:
            # ITK opens a sheared sform where a qform stands beside it.
            assert np.allclose(sitk.ReadImage(target).GetSpacing(), np.linalg.norm(affine[:3, :3], axis=0)), name
        else:
            assert np.allclose(image.get_qform(), affine, atol=1e-3), name
        assert image.header.get_xyzt_units()[0] == "mm"
        file = base64.b64encode(open(target, "rb").read()).decode()
        out.append({"name": name, **case, "file": file, "readAffine": image.affine.tolist()})
with open(os.path.join(here, "write.json"), "w") as target:
    json.dump(out, target)
    target.write("\n")
