"""Golden values for CLAHE, from OpenCV (pip install opencv-python-headless). python3 clahe.py writes clahe.json."""

import json
import os

import cv2
import numpy as np

here = os.path.dirname(os.path.abspath(__file__))
rng = np.random.default_rng(5)
out = []
for rows, columns, limit, tiles in [(32, 32, 2.0, 4), (37, 45, 2.0, 8), (48, 40, 4.0, 4), (30, 50, 40.0, 2)]:
    y, x = np.mgrid[:rows, :columns]
    image = 90 + 60 * np.sin(x / 9) * np.cos(y / 7) + rng.normal(0, 12, (rows, columns))
    image = np.clip(image, 0, 255).astype(np.uint8)
    result = cv2.createCLAHE(clipLimit=limit, tileGridSize=(tiles, tiles)).apply(image)
    out.append(
        {
            "rows": rows,
            "columns": columns,
            "clipLimit": limit,
            "tiles": tiles,
            "image": image.ravel().tolist(),
            "result": result.ravel().tolist(),
        }
    )
with open(os.path.join(here, "clahe.json"), "w") as target:
    json.dump(out, target)
    target.write("\n")
