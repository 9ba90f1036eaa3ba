"""Golden values for High-Throughput JPEG 2000 in DICOM: encoded by OpenJPH, decoded by pydicom with OpenJPEG.

pip install numpy pydicom pylibjpeg pylibjpeg-openjpeg imagecodecs
python3 dicom-htj2k.py: writes dicom-htj2k.json, small files made here, gzipped as base64, with what is read from them.
"""

import base64
import gzip
import io
import json
import os

import imagecodecs
import numpy as np
import pydicom
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.pixels import apply_modality_lut
from pydicom.uid import CTImageStorage, HTJ2K, HTJ2KLossless, HTJ2KLosslessRPCL

here = os.path.dirname(os.path.abspath(__file__))
rows, columns = 32, 33


def picture(k, low, high):
    y, x = np.mgrid[:rows, :columns]
    wave = 0.5 + 0.4 * np.sin((x + 2 * k) / 4) * np.cos(y / 3)
    return (low + (high - low) * wave).round()


def file_of(array, bits, syntax):
    colour = array.ndim == 3
    stream = imagecodecs.htj2k_encode(array, reversible=syntax != HTJ2K, rgb=colour, level=0.002 if syntax == HTJ2K else None)
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = syntax
    meta.MediaStorageSOPClassUID = CTImageStorage
    meta.MediaStorageSOPInstanceUID = "1.2.826.0.1.3680043.8.498.1"
    ds = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    ds.SOPClassUID, ds.SOPInstanceUID = CTImageStorage, meta.MediaStorageSOPInstanceUID
    ds.StudyInstanceUID, ds.SeriesInstanceUID = "1.2.826.0.1.3680043.8.498.2", "1.2.826.0.1.3680043.8.498.3"
    ds.PatientID, ds.PatientName, ds.Modality = "made", "Made^Up", "CT"
    ds.Rows, ds.Columns = array.shape[:2]
    ds.SamplesPerPixel = 3 if colour else 1
    # The encoder applies JPEG 2000's colour transform.
    ds.PhotometricInterpretation = ("YBR_ICT" if syntax == HTJ2K else "YBR_RCT") if colour else "MONOCHROME2"
    if colour:
        ds.PlanarConfiguration = 0
    else:
        ds.RescaleSlope, ds.RescaleIntercept = "1", "-1024"
    ds.BitsAllocated, ds.BitsStored, ds.HighBit = 8 * array.itemsize, bits, bits - 1
    ds.PixelRepresentation = int(array.dtype.kind == "i")
    ds.PixelData = encapsulate([stream])
    ds["PixelData"].is_undefined_length = True
    out = io.BytesIO()
    ds.save_as(out, enforce_file_format=True)
    return out.getvalue()


def packed(content):
    return base64.b64encode(gzip.compress(content, 9, mtime=0)).decode()


pixels = []
for title, array, bits in (
    ("unsigned 8-bit", picture(0, 0, 255).astype("u1"), 8),
    ("unsigned 16-bit", picture(0, 0, 65535).astype("u2"), 16),
    ("signed 16-bit", picture(0, -3000, 3000).astype("i2"), 16),
    ("colour", np.stack([picture(k, 0, 255) for k in range(3)], -1).astype("u1"), 8),
):
    for syntax, name in (
        (HTJ2KLossless, "HTJ2K lossless"),
        (HTJ2KLosslessRPCL, "HTJ2K lossless RPCL"),
        (HTJ2K, "HTJ2K"),
    ):
        content = file_of(array, bits, syntax)
        ds = pydicom.dcmread(io.BytesIO(content))
        stored = ds.pixel_array
        if syntax != HTJ2K:
            assert np.array_equal(stored, array), (title, name)
        values = stored if array.ndim == 3 else apply_modality_lut(stored, ds)
        # Ours are channel by channel.
        values = np.moveaxis(values, -1, 0) if array.ndim == 3 else values
        pixels.append(
            {
                "name": f"{title} {name}",
                "file": packed(content),
                "dtype": str(array.dtype),
                "channels": 3 if array.ndim == 3 else 1,
                # Lossy decoders may round as they like.
                "tolerance": 2 if syntax == HTJ2K else 0,
                "values": packed(np.asarray(values, "<f8").tobytes()),
            }
        )

with open(os.path.join(here, "dicom-htj2k.json"), "w") as file:
    json.dump({"pixels": pixels}, file)
