"""Golden values for the TIFF reader, from tifffile (pip install tifffile imagecodecs): small files of every type of samples,
byte order, layout, compression and predictor as base64, with the samples that were written. python3 tiff.py writes
tiff.json."""

import base64
import io
import json
import os

import numpy as np
import tifffile

here = os.path.dirname(os.path.abspath(__file__))
rows, columns = 19, 18
ramp = np.add.outer(np.arange(rows) * 3.0, np.arange(columns) * 4.0)
grey = {
    "u1": ramp, "i1": ramp - 64, "u2": ramp * 500, "i2": ramp * 500 - 32000, "u4": ramp * 3e7, "i4": ramp * 3e7 - 2e9,
    "f2": ramp / 8 - 3, "f4": ramp / 7 - 3, "f8": ramp / 7 - 3,
}
colour = np.stack([ramp, 255 - ramp, ramp[::-1] / 2], -1)
samples, files = {}, []


def add(name, key, array, **options):
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, array, metadata=None, **options)
    buffer.seek(0)
    read = tifffile.imread(buffer)
    assert np.array_equal(read, array), name
    plain = array if array.ndim == 2 or options.get("planarconfig") == "separate" else np.moveaxis(array, -1, 0)
    samples[key] = {"dtype": array.dtype.newbyteorder("=").name, "values": plain.ravel().tolist()}
    files.append({"name": name, "samples": key, "file": base64.b64encode(buffer.getvalue()).decode()})


lzw, adobe_deflate, deflate, packbits = 5, 8, 32946, 32773
for order, order_name in (("<", "little"), (">", "big")):
    for kind, values in grey.items():
        array = values.astype(order + kind)
        predictor = 3 if kind[0] == "f" else 2
        common = {"byteorder": order, "photometric": "minisblack"}
        name = f"{array.dtype.newbyteorder('=').name}, {order_name} endian"
        add(f"{name}, strips", kind, array, rowsperstrip=8, **common)
        add(f"{name}, LZW with predictor {predictor}", kind, array, rowsperstrip=8, compression=lzw, predictor=predictor, **common)
        add(f"{name}, Deflate with predictor {predictor} in tiles", kind, array, tile=(16, 16), compression=adobe_deflate, predictor=predictor, **common)
    for kind in ("u1", "f4"):
        predictor = 3 if kind[0] == "f" else 2
        for planar in ("contig", "separate"):
            array = colour.astype(order + kind)
            array = array if planar == "contig" else np.moveaxis(array, -1, 0)
            add(
                f"colour {array.dtype.newbyteorder('=').name}, {order_name} endian, {planar}, Deflate with predictor {predictor}", f"colour {kind}", array,
                tile=(16, 16), byteorder=order, photometric="rgb", planarconfig=planar, compression=deflate, predictor=predictor,
            )
    add(f"BigTIFF, {order_name} endian, PackBits", "u2", grey["u2"].astype(order + "u2"), bigtiff=True, byteorder=order, photometric="minisblack", compression=packbits)

with open(os.path.join(here, "tiff.json"), "w") as file:
    json.dump({"shape": [columns, rows], "samples": samples, "files": files}, file)
    file.write("\n")
