"""Golden values for the picture readers, from Pillow (pip install pillow): small files as base64 with the samples
that Pillow reads. python3 pictures.py writes pictures.json."""

import base64
import io
import json
import os

import numpy as np
from PIL import Image

here = os.path.dirname(os.path.abspath(__file__))
rng = np.random.default_rng(3)
rows, columns = 7, 11
grey = rng.integers(0, 256, (rows, columns), np.uint8)
colour = rng.integers(0, 256, (rows, columns, 3), np.uint8)
wide = rng.integers(0, 65536, (rows, columns), np.uint16)
bits = rng.integers(0, 2, (rows, columns), np.uint8)
smooth = np.add.outer(np.arange(24) * 5, np.arange(16) * 4).astype(np.uint8)
smooth_colour = np.stack([smooth, 200 - smooth, smooth // 2 + 60], -1).astype(np.uint8)
out = []


def add(name, samples, dtype, data, tolerance=0):
    samples = np.asarray(samples)
    if samples.ndim == 3:
        samples = np.moveaxis(samples, -1, 0)
    out.append(
        {
            "name": name,
            "file": base64.b64encode(data).decode(),
            "shape": [samples.shape[-1], samples.shape[-2]],
            "channels": samples.shape[0] if samples.ndim == 3 else 1,
            "dtype": dtype,
            "samples": samples.ravel().tolist(),
            "tolerance": tolerance,
        }
    )


def saved(image, **options):
    buffer = io.BytesIO()
    image.save(buffer, **options)
    return buffer.getvalue()


def palette_image(palette, indices):
    image = Image.fromarray(indices, "P")
    image.putpalette([v for entry in palette for v in entry])
    return image


red = [(0, 0, 0), (180, 40, 40), (0, 255, 0), (9, 9, 9)]
indices = rng.integers(0, 4, (rows, columns), np.uint8)
greys = [(0, 0, 0), (85, 85, 85), (170, 170, 170), (255, 255, 255)]

add("png 8-bit grey", grey, "uint8", saved(Image.fromarray(grey), format="png"))
add("png colour", colour, "uint8", saved(Image.fromarray(colour), format="png"))
alpha = np.dstack([colour, grey])
add("png colour with alpha", colour, "uint8", saved(Image.fromarray(alpha), format="png"))
add("png grey with alpha", grey, "uint8", saved(Image.fromarray(np.dstack([grey, grey]), "LA"), format="png"))
add("png 16-bit", wide, "uint16", saved(Image.fromarray(wide), format="png"))
add("png 1-bit", bits, "bool", saved(Image.fromarray(bits * 255).convert("1"), format="png"))
for depth in (2, 4, 8):
    image = palette_image(red, indices)
    add(f"png {depth}-bit palette", np.asarray(image.convert("RGB")), "uint8", saved(image, format="png", bits=depth))

add("tiff grey", grey, "uint8", saved(Image.fromarray(grey), format="tiff"))
add("tiff colour lzw", colour, "uint8", saved(Image.fromarray(colour), format="tiff", compression="tiff_lzw"))
add("tiff colour deflate", colour, "uint8", saved(Image.fromarray(colour), format="tiff", compression="tiff_adobe_deflate"))
add("tiff 16-bit", wide, "uint16", saved(Image.fromarray(wide), format="tiff"))
floats = grey.astype(np.float32) / 7
add("tiff float", floats, "float32", saved(Image.fromarray(floats), format="tiff"))
add("tiff 1-bit", bits, "bool", saved(Image.fromarray(bits * 255).convert("1"), format="tiff", tiffinfo={258: 1}))
image = palette_image(red, indices)
add("tiff palette", np.asarray(image.convert("RGB")), "uint8", saved(image, format="tiff"))
add("tiff colour with alpha", colour, "uint8", saved(Image.fromarray(alpha), format="tiff"))

image = palette_image(greys, indices)
add("gif of greys", np.asarray(image.convert("L")), "uint8", saved(image, format="gif"))
image = palette_image(red, indices)
add("gif in colour", np.asarray(image.convert("RGB")), "uint8", saved(image, format="gif"))
frames = [palette_image(greys, (indices + n).astype(np.uint8) % 4) for n in range(2)]
add("gif of two frames", np.asarray(frames[0].convert("L")), "uint8", saved(frames[0], format="gif", save_all=True, append_images=frames[1:]))

add("pgm", grey, "uint8", saved(Image.fromarray(grey), format="ppm"))
add("ppm", colour, "uint8", saved(Image.fromarray(colour), format="ppm"))
add("pbm", bits, "bool", saved(Image.fromarray(bits * 255).convert("1"), format="ppm"))
header = f"# a comment\n{columns} # another\n{rows}\n"


def plain(magic, samples, maximum=None):
    body = "\n".join(" ".join(map(str, line)) for line in samples.reshape(rows, -1))
    return f"{magic}\n{header}{'' if maximum is None else str(maximum) + chr(10)}{body}\n".encode()


def read_back(data):
    return np.asarray(Image.open(io.BytesIO(data)))


add("plain pgm", read_back(plain("P2", grey, 255)), "uint8", plain("P2", grey, 255))
add("plain ppm", read_back(plain("P3", colour, 255)), "uint8", plain("P3", colour, 255))
add("plain pbm", read_back(plain("P1", bits)).astype(np.uint8), "bool", plain("P1", bits))
packed = f"P1\n{columns} {rows}\n".encode() + b"\n".join(bytes(48 + b for b in line) for line in bits)
add("plain pbm without blanks", read_back(packed).astype(np.uint8), "bool", packed)
raw = f"P5 {columns} {rows} 65535\n".encode() + wide.astype(">u2").tobytes()
add("16-bit pgm", read_back(raw), "uint16", raw)

for name, array in (("grey", smooth), ("colour", smooth_colour)):
    for progressive in (False, True):
        data = saved(Image.fromarray(array), format="jpeg", quality=95, subsampling=0, progressive=progressive)
        add(f"jpeg {name}{' progressive' if progressive else ''}", read_back(data), "uint8", data, tolerance=3)

# More strings than a GIF's table takes, in rows that are stored in four passes.
noise = rng.integers(0, 256, (70, 66)).astype(np.uint8)
add("gif interlaced", noise, "uint8", saved(Image.fromarray(noise), format="gif", interlace=1))

with open(os.path.join(here, "pictures.json"), "w") as target:
    json.dump(out, target)
    target.write("\n")
