"""Golden values for the DICOM reader: pixels from pydicom, geometry of series from SimpleITK (GDCM).

pip install pydicom pylibjpeg pylibjpeg-libjpeg pylibjpeg-openjpeg pyjpegls SimpleITK; dcmtk's dcmcjpeg, dcmcjpls, dcmcrle
and dcmconv in the path. python3 dicom.py [folder of a real series]: writes dicom.json: small files made here, gzipped as
base64, with what is read from them, and the geometry and some voxels of the real series (not copied).
"""

import base64
import gzip
import json
import os
import subprocess
import sys
import tempfile

import numpy as np
import pydicom
import SimpleITK as sitk
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.pixels import apply_modality_lut, convert_color_space
from pydicom.sequence import Sequence
from pydicom.uid import (
    CTImageStorage,
    EnhancedMRImageStorage,
    ExplicitVRLittleEndian,
    JPEG2000,
    JPEG2000Lossless,
    MRImageStorage,
)

here = os.path.dirname(os.path.abspath(__file__))
rng = np.random.default_rng(5)
rows, columns = 32, 33


def uid(*parts):
    return "1.2.826.0.1.3680043.8.498." + ".".join(str(p) for p in parts)


def picture(k=0, low=0, high=4095):
    y, x = np.mgrid[:rows, :columns]
    wave = 0.5 + 0.4 * np.sin((x + 2 * k) / 4) * np.cos(y / 3) + rng.integers(-1, 2, (rows, columns)) / 64
    return (low + (high - low) * wave.clip(0, 1)).round()


def dataset(array, series=1, instance=1, bits=None, storage=CTImageStorage, **tags):
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID = storage
    meta.MediaStorageSOPInstanceUID = uid(series, instance)
    ds = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    ds.SOPClassUID = storage
    ds.SOPInstanceUID = uid(series, instance)
    ds.StudyInstanceUID = uid(99)
    ds.SeriesInstanceUID = uid(series)
    ds.FrameOfReferenceUID = uid(98)
    ds.PatientID, ds.PatientName, ds.StudyID = "made", "Made^Up", "1"
    ds.Modality = "CT" if storage == CTImageStorage else "MR"
    ds.SeriesNumber, ds.InstanceNumber = series, instance
    ds.Rows, ds.Columns = array.shape[-2:] if array.shape[-1] != 3 else array.shape[-3:-1]
    ds.SamplesPerPixel = 3 if array.shape[-1] == 3 else 1
    ds.PhotometricInterpretation = "RGB" if array.shape[-1] == 3 else "MONOCHROME2"
    if ds.SamplesPerPixel == 3:
        ds.PlanarConfiguration = 0
    ds.BitsAllocated = 8 * array.itemsize
    ds.BitsStored = bits or ds.BitsAllocated
    ds.HighBit = ds.BitsStored - 1
    ds.PixelRepresentation = int(array.dtype.kind == "i")
    ds.PixelData = array.tobytes()
    for name, value in tags.items():
        setattr(ds, name, value)
    return ds


def packed(path):
    with open(path, "rb") as file:
        return base64.b64encode(gzip.compress(file.read(), 9, mtime=0)).decode()


def packed_values(array):
    values = np.asarray(array, "<f8").tobytes()
    return base64.b64encode(gzip.compress(values, 9, mtime=0)).decode()


# --- transfer syntaxes and pixel types ----------------------------------------------------------------------------


def pixel_files(folder):
    grey = {
        "unsigned 8-bit": (picture(0, 0, 255).astype("u1"), 8),
        "unsigned 12-bit": (picture().astype("u2"), 12),
        "unsigned 16-bit": (picture(0, 0, 65535).astype("u2"), 16),
        "signed 16-bit": (picture(0, -3000, 3000).astype("i2"), 16),
        "signed 12-bit": (picture(0, -2000, 2000).astype("i2"), 12),
    }
    colour = np.stack([picture(k, 0, 255) for k in range(3)], -1).astype("u1")
    scaling = dict(RescaleSlope="1", RescaleIntercept="-1024")
    tools = {
        "big endian": ["dcmconv", "+tb"],
        "RLE": ["dcmcrle"],
        "JPEG baseline": ["dcmcjpeg", "+eb"],
        "JPEG extended": ["dcmcjpeg", "+ee"],
        "JPEG lossless": ["dcmcjpeg", "+el"],
        "JPEG lossless, first order": ["dcmcjpeg", "+e1"],
        "JPEG-LS": ["dcmcjpls", "+el"],
        "JPEG-LS near lossless": ["dcmcjpls", "+en"],
    }
    for title, (array, bits) in list(grey.items()) + [("colour", (colour, 8))]:
        plain = os.path.join(folder, "plain.dcm")
        tags = {} if title == "colour" else scaling
        dataset(array, bits=bits, **tags).save_as(plain, enforce_file_format=True)
        yield f"{title} explicit", plain, 0
        for tool, command in tools.items():
            out = os.path.join(folder, "out.dcm")
            if subprocess.run([*command, plain, out], capture_output=True).returncode:
                continue  # dcmtk refuses signed near-lossless
            # Decoders differ in how they round, and in how they bring chroma to full resolution.
            lossy = (4 if title == "colour" else 1) if tool in ("JPEG baseline", "JPEG extended") else 0
            yield f"{title} {tool}", out, lossy
        for tool, syntax in (("JPEG 2000 lossless", JPEG2000Lossless), ("JPEG 2000", JPEG2000)):
            ds = pydicom.dcmread(plain)
            ds.compress(syntax, **({} if syntax == JPEG2000Lossless else {"j2k_psnr": [60]}))
            out = os.path.join(folder, "out.dcm")
            ds.save_as(out)
            # Lossy decoders may round as they like.
            yield f"{title} {tool}", out, 0 if syntax == JPEG2000Lossless else 1

    def save(ds, **options):
        out = os.path.join(folder, "out.dcm")
        ds.save_as(out, **options)
        return out

    plain = save(dataset(grey["unsigned 12-bit"][0], bits=12, **scaling), enforce_file_format=True)
    for tool, option in (("implicit", "+ti"), ("deflated", "+td")):
        subprocess.run(["dcmconv", option, plain, plain + tool], check=True)
        yield tool, plain + tool, 0
    wide = (picture(0, -(2**30), 2**30)).astype("i4")
    yield "signed 32-bit", save(dataset(wide), enforce_file_format=True), 0
    fractional = dataset(picture().astype("u2"), RescaleSlope="0.5", RescaleIntercept="-0.25")
    yield "a fractional slope", save(fractional, enforce_file_format=True), 0
    beyond = dataset(picture().astype("u2"), RescaleSlope="20", RescaleIntercept="-1000")
    yield "values beyond 16 bits", save(beyond, enforce_file_format=True), 0
    planar = dataset(colour, PlanarConfiguration=1)
    planar.PixelData = colour.transpose(2, 0, 1).tobytes()
    yield "planar colour", save(planar, enforce_file_format=True), 0
    ybr = dataset(colour, PhotometricInterpretation="YBR_FULL")
    ybr.PixelData = convert_color_space(colour, "RGB", "YBR_FULL").tobytes()
    yield "YBR colour", save(ybr, enforce_file_format=True), 1
    bare = dataset(picture().astype("u2"), **scaling)
    out = os.path.join(folder, "bare.dcm")
    bare.save_as(out, enforce_file_format=True)
    with open(out, "rb") as file:
        content = file.read()
    with open(out, "wb") as file:  # neither preamble nor meta information
        file.write(content[144 + int.from_bytes(content[140:144], "little") :])
    yield "without preamble", out, 0


def pixels_of(path):
    ds = pydicom.dcmread(path, force=True)
    if "TransferSyntaxUID" not in ds.file_meta:
        ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    array = ds.pixel_array
    if ds.SamplesPerPixel == 3:
        return array.transpose(2, 0, 1), ds
    return apply_modality_lut(array, ds), ds


# --- series -------------------------------------------------------------------------------------------------------


def frame_of(axis, angle):
    """Row direction, column direction and normal: a plane turned about the axis of its rows."""
    turn = {
        "axial": ([1, 0, 0], [0, 1, 0]),
        "coronal": ([1, 0, 0], [0, 0, -1]),
        "sagittal": ([0, 1, 0], [0, 0, -1]),
    }[axis]
    row, column = (np.array(v, float) for v in turn)
    normal = np.cross(row, column)
    c, s = np.cos(angle), np.sin(angle)
    return row, c * column + s * normal, -s * column + c * normal


def series(number, axis="axial", angle=0.0, heights=range(5), origin=(-20.0, 31.5, -400.0), spacing=(0.7, 1.2),
           storage=CTImageStorage, shear=0.0, backwards=False, **tags):
    row, column, normal = frame_of(axis, angle)
    heights = list(heights)
    made = []
    for k, height in enumerate(heights):
        position = np.array(origin) + normal * height + column * shear * height
        ds = dataset(
            picture(k).astype("u2"),
            series=number,
            instance=len(heights) - k if backwards else k + 1,
            bits=12,
            storage=storage,
            RescaleSlope="1",
            RescaleIntercept="-1024",
            ImagePositionPatient=[f"{v:.6f}" for v in position],
            ImageOrientationPatient=[f"{v:.8f}" for v in (*row, *column)],
            PixelSpacing=[str(v) for v in spacing],
            SliceThickness="3",
            **tags,
        )
        made.append(ds)
    return made


def enhanced(number):
    """An enhanced MR file: geometry in functional groups, frames not in the order of their positions."""
    row, column, normal = frame_of("coronal", 0.2)
    heights = [0, 6, 2, 4]
    arrays = np.stack([picture(k) for k in range(4)]).astype("u2")
    ds = dataset(arrays, series=number, bits=12, storage=EnhancedMRImageStorage)
    ds.NumberOfFrames = 4
    shared = Dataset()
    measures = Dataset()
    measures.PixelSpacing, measures.SliceThickness = ["0.9", "1.1"], "2"
    shared.PixelMeasuresSequence = Sequence([measures])
    orientation = Dataset()
    orientation.ImageOrientationPatient = [f"{v:.8f}" for v in (*row, *column)]
    shared.PlaneOrientationSequence = Sequence([orientation])
    scaling = Dataset()
    scaling.RescaleSlope, scaling.RescaleIntercept, scaling.RescaleType = "2", "-7", "US"
    shared.PixelValueTransformationSequence = Sequence([scaling])
    frames = []
    for height in heights:
        frame, place = Dataset(), Dataset()
        place.ImagePositionPatient = [f"{v:.6f}" for v in np.array([3.0, -5.0, 9.0]) + normal * height]
        frame.PlanePositionSequence = Sequence([place])
        frames.append(frame)
    ds.SharedFunctionalGroupsSequence = Sequence([shared])
    ds.PerFrameFunctionalGroupsSequence = Sequence(frames)
    order = np.argsort(heights)
    affine = np.eye(4)
    affine[:3, 0], affine[:3, 1], affine[:3, 2], affine[:3, 3] = row * 1.1, column * 0.9, normal * 2, [3, -5, 9]
    affine[:2] *= -1
    return [ds], affine, arrays[order].astype(float) * 2 - 7


def all_series():
    yield "axial CT, last slice first", series(1, heights=[0, 2.5, 5, 7.5, 10], backwards=True)
    yield "oblique axial MR", series(2, angle=0.3, storage=MRImageStorage)
    yield "coronal", series(3, axis="coronal", heights=np.arange(6) * 1.5)
    yield "oblique sagittal", series(4, axis="sagittal", angle=-0.4, heights=np.arange(4) * 2.0)


def geometry(image):
    direction = np.array(image.GetDirection()).reshape(3, 3)
    affine = np.eye(4)
    affine[:3, :3] = direction * image.GetSpacing()
    affine[:3, 3] = image.GetOrigin()
    affine[:2] *= -1
    return affine


def describe(shape, affine, array):
    """`array` is [k][j][i]."""
    return {
        "shape": list(shape),
        "spacing": [float(np.linalg.norm(affine[:3, n])) for n in range(3)],
        "affine": affine.tolist(),
        "min": float(array.min()),
        "max": float(array.max()),
        "values": packed_values(array),
    }


def read_with_itk(folder, series_uid=""):
    names = sitk.ImageSeriesReader.GetGDCMSeriesFileNames(folder, series_uid)
    image = sitk.ReadImage(names)
    return geometry(image), sitk.GetArrayFromImage(image).astype(float)


def main():
    global rows, columns
    golden = {"pixels": [], "series": [], "odd": {}}
    with tempfile.TemporaryDirectory() as folder:
        seen = {}
        for title, path, tolerance in pixel_files(folder):
            array, ds = pixels_of(path)
            values = packed_values(array)
            golden["pixels"].append(
                {
                    "name": title,
                    "file": packed(path),
                    "dtype": f"{'int' if ds.PixelRepresentation else 'uint'}{ds.BitsAllocated}",
                    "channels": int(ds.SamplesPerPixel),
                    "tolerance": tolerance * float(ds.get("RescaleSlope", 1)) * 1.001,
                    # Lossless syntaxes give the same samples: these are named once.
                    "values": seen.setdefault(values, title),
                }
            )
        golden["samples"] = {title: values for values, title in seen.items()}
    rows, columns = 7, 9  # encoders ask for more, series need not be large
    for title, made in all_series():
        with tempfile.TemporaryDirectory() as folder:
            files = {}
            # Names say nothing about the order, and have no extension.
            for name, ds in zip("qzabmk", made):
                ds.save_as(os.path.join(folder, name), enforce_file_format=True)
                files[name] = packed(os.path.join(folder, name))
            affine, array = read_with_itk(folder)
            expected = describe(array.shape[::-1], affine, array)
            golden["series"].append({"name": title, "files": files, "expected": expected})
    with tempfile.TemporaryDirectory() as folder:
        (ds,), affine, array = enhanced(5)
        path = os.path.join(folder, "enhanced")
        ds.save_as(path, enforce_file_format=True)
        expected = describe(array.shape[::-1], affine, array)
        golden["series"].append({"name": "enhanced multi-frame MR", "files": {"enhanced": packed(path)}, "expected": expected})

    def bundle(*lists):
        with tempfile.TemporaryDirectory() as folder:
            files = {}
            for n, ds in enumerate(ds for made in lists for ds in made):
                ds.save_as(os.path.join(folder, "a"), enforce_file_format=True)
                files[f"IM{n:03d}"] = packed(os.path.join(folder, "a"))
            return files

    echoes = [ds for n, echo in enumerate(["4.6", "2.3"]) for ds in series(6, EchoTime=echo, storage=MRImageStorage)]
    for n, ds in enumerate(echoes):
        ds.InstanceNumber = n + 1
        ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = uid(6, n + 1)
    scout = series(8, axis="sagittal", heights=[0], SeriesDescription="Scout", ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"])
    twice = series(13, heights=[0, 2, 4])
    golden["odd"] = {
        "gap": bundle(series(10, heights=[0, 2, 4, 8, 10])),
        "uneven": bundle(series(11, heights=[0, 2, 4, 5.1, 7.1])),
        "tilted": bundle(series(12, heights=[0, 2, 4, 6], shear=0.2)),
        "echoes": bundle(echoes),
        "several": bundle(series(7, SeriesDescription="Portal venous", heights=[0, 2, 4]), scout),
        "twice": bundle(twice, twice[:1]),
        "unplaced": bundle([dataset(picture(k).astype("u2"), 14, 3 - k, 12, PixelSpacing=["0.5", "0.5"]) for k in range(3)]),
    }
    if len(sys.argv) > 1:
        affine, array = read_with_itk(sys.argv[1])
        real = describe(array.shape[::-1], affine, array)
        real["points"] = [[100, 200, 3], [256, 256, 40], [300, 210, 77]]
        real["values"] = [float(array[k, j, i]) for i, j, k in real["points"]]
        golden["real"] = real
    with open(os.path.join(here, "dicom.json"), "w") as out:
        json.dump(golden, out, separators=(",", ":"))
        out.write("\n")


if __name__ == "__main__":
    main()
