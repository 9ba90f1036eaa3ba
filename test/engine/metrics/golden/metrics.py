"""Golden values of overlap and AUC (scikit-learn), of the Fréchet distance (SciPy's sqrtm, as FID's own script has it) and of
statistics (NumPy). python3 metrics.py writes metrics.json.
"""

import json
import os

import numpy as np
from scipy import linalg
from sklearn import metrics

here = os.path.dirname(os.path.abspath(__file__))
random = np.random.default_rng(0)


def rounded(array, digits=3):
    return np.round(array, digits).tolist()


# --- overlap: three classes, of which a small field of view is counted --------------------------------------------
overlaps = []
for fov in [None, (random.random(120) < 0.7).astype(int)]:
    reference = random.integers(0, 4, 120)
    prediction = np.where(random.random(120) < 0.6, reference, random.integers(0, 4, 120))
    inside = np.ones(120, bool) if fov is None else fov > 0
    expected = []
    for label in [1, 2, 3]:
        r, p = reference[inside] == label, prediction[inside] == label
        expected.append(
            {
                "dice": metrics.f1_score(r, p),
                "iou": metrics.jaccard_score(r, p),
                "sensitivity": metrics.recall_score(r, p),
                "specificity": metrics.recall_score(~r, ~p),
                "precision": metrics.precision_score(r, p),
                "ravd": 100 * abs(int(p.sum()) - int(r.sum())) / int(r.sum()),
            }
        )
    overlaps.append(
        {
            "reference": reference.tolist(),
            "prediction": prediction.tolist(),
            "fov": None if fov is None else fov.tolist(),
            "expected": expected,
        }
    )

# --- AUC: fine and coarse scores (ties), negative ones, within a field of view ------------------------------------
aucs = []
for digits, shift, with_fov in [(4, 0, False), (1, 0, False), (1, -0.5, True), (0, 0, False)]:
    truth = (random.random(80) < 0.3).astype(int)
    scores = np.round(0.3 * truth + random.random(80) + shift, digits)
    fov = (random.random(80) < 0.6).astype(int) if with_fov else np.ones(80, int)
    aucs.append(
        {
            "scores": scores.tolist(),
            "truth": truth.tolist(),
            "fov": fov.tolist() if with_fov else None,
            "auc": metrics.roc_auc_score(truth[fov > 0], scores[fov > 0]),
        }
    )


# --- Fréchet distance ---------------------------------------------------------------------------------------------
def frechet(p, q):
    cp, cq = np.atleast_2d(np.cov(p, rowvar=False)), np.atleast_2d(np.cov(q, rowvar=False))
    root = linalg.sqrtm(cp @ cq)
    return float(((p.mean(0) - q.mean(0)) ** 2).sum() + np.trace(cp + cq - 2 * np.real(root)))


distances = []
for n, m, d in [(12, 9, 4), (40, 40, 6), (5, 7, 1), (2, 2, 2), (30, 25, 3)]:
    mix = random.normal(size=(d, d))
    p = np.round(random.normal(size=(n, d)) @ mix, 3)
    q = np.round(0.5 + 1.5 * random.normal(size=(m, d)) @ np.roll(mix, 1, 0), 3)
    distances.append({"p": p.tolist(), "q": q.tolist(), "fsd": frechet(p, q)})

projected = []
for n, d, dims in [(20, 6, 3), (6, 10, 3), (12, 30, 64)]:
    basis, p, q = (np.round(random.normal(size=(n, d)) * np.linspace(3, 0.5, d) + s, 3) for s in [0, 0, 1])
    mean = basis.mean(0)
    kept = min(dims, n - 1)
    axes = np.linalg.svd(basis - mean, full_matrices=False)[2][:kept]
    value = frechet((p - mean) @ axes.T, (q - mean) @ axes.T)
    projected.append({"basis": basis.tolist(), "p": p.tolist(), "q": q.tolist(), "dims": dims, "kept": kept, "fsd": value})

# --- statistics ---------------------------------------------------------------------------------------------------
values = rounded(random.random(9))
statistics = {
    "values": values,
    "mean": float(np.mean(values)),
    "sd": float(np.std(values, ddof=1)),
    "percentiles": {str(p): float(np.percentile(values, p)) for p in [0, 2.5, 25, 50, 90, 97.5, 100]},
    # Of very many resamples: what the interval of fewer comes near.
    "interval": np.percentile(random.choice(values, (200000, 9)).mean(1), [2.5, 97.5]).tolist(),
}

with open(os.path.join(here, "metrics.json"), "w") as file:
    found = {"overlaps": overlaps, "aucs": aucs, "distances": distances, "projected": projected, "statistics": statistics}
    file.write("{\n" + ",\n".join(f'"{k}": {json.dumps(v, separators=(",", ":"))}' for k, v in found.items()) + "\n}\n")
