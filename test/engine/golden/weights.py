"""Safetensors files both ways, with the format's own library.

python3 weights.py writes weights.json, a file of that library in base64, and checks what the engine writes.
"""

import base64
import json
import os
import subprocess
import tempfile

import numpy as np
from safetensors import safe_open
from safetensors.numpy import save

here = os.path.dirname(os.path.abspath(__file__))
tensors = {
    "net/encoder.weight": np.array([[0, 1, 2], [-3, 4, 0.5]], np.float32),
    "double": np.array([np.pi, -1e300]),
    "long": np.array([-(2**40)]),
    "int": np.array([[1], [-2], [3]], np.int32),
    "byte": np.array([1, 2, 3, 4, 255], np.uint8),
    "scalar": np.array(7, np.float32),
    "empty": np.zeros((0, 4), np.float32),
    "µ": np.array([1, 2], np.float32),
}
metadata = {"note": "Gewölbe"}
names = {"float32": "F32", "float64": "F64", "int64": "I64", "int32": "I32", "uint8": "U8"}
with open(os.path.join(here, "weights.json"), "w") as file:
    found = {
        "file": base64.b64encode(save(tensors, metadata)).decode(),
        "metadata": metadata,
        "half": base64.b64encode(save({"h": np.ones(2, np.float16)})).decode(),
        "tensors": {
            name: {"dtype": names[str(t.dtype)], "shape": list(t.shape), "data": t.flatten().tolist()}
            for name, t in tensors.items()
        },
    }
    json.dump(found, file, separators=(",", ":"))
    file.write("\n")

with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "weights.safetensors")
    subprocess.run(["npx", "tsx", os.path.join(here, "write-weights.ts"), path], check=True)
    with safe_open(path, "np") as file:
        assert file.metadata() == metadata
        assert set(file.keys()) == set(tensors)
        for name, expected in tensors.items():
            found = file.get_tensor(name)
            assert found.dtype == expected.dtype and found.shape == expected.shape, name
            assert (found == expected).all(), name
    print("the library reads what the engine writes")
