"""Golden values for statistics over seeds: Student's t (SciPy), Holm's correction (statsmodels), and a hierarchical bootstrap (NumPy).

python3 seeds.py writes seeds.json.
"""

import json
import os

import numpy as np
from scipy import stats
from statsmodels.stats.multitest import multipletests

here = os.path.dirname(os.path.abspath(__file__))
rng = np.random.default_rng(0)

quantiles = [
    {"share": share, "degrees": degrees, "t": float(stats.t.ppf(0.5 + share / 2, degrees))}
    for share in (0.5, 0.8, 0.9, 0.95, 0.99, 0.999)
    for degrees in (1, 2, 3, 4, 5, 6, 9, 10, 29, 30, 199)
]

samples = []
for n in (3, 4, 5, 8, 10, 31):
    for shift in (0.0, 0.5, 3.0):
        values = rng.standard_normal(n) + shift
        test = stats.ttest_1samp(values, 0)
        ci = test.confidence_interval(0.95)
        samples.append({"values": values.tolist(), "p": float(test.pvalue), "ci": [float(ci.low), float(ci.high)]})

families = []
for p in (
    [0.01],
    [0.01, 0.04, 0.03, 0.005],
    [0.5, 0.6, 0.9],
    [0.02, 0.02, 0.02],
    [1.0, 0.0, 0.049, 0.051],
    rng.random(12).tolist(),
    (rng.random(9) ** 4).tolist(),
):
    families.append({"p": p, "adjusted": multipletests(p, method="holm")[1].tolist()})


def bootstrap(differences, resamples):
    """Seeds, then the same cases for all of them, both with replacement. NaN: the seed does not have the case."""
    seeds, cases = differences.shape
    means = np.empty(resamples)
    for n in range(resamples):
        chosen = differences[rng.integers(seeds, size=seeds)][:, rng.integers(cases, size=cases)]
        counted = np.sum(~np.isnan(chosen), axis=1)
        with np.errstate(invalid="ignore"):
            means[n] = np.nanmean(np.where(counted > 0, np.nansum(chosen, axis=1) / counted, np.nan))
    p = min(1, 2 * min(np.mean(means <= 0), np.mean(means >= 0)))
    return {"ci": np.percentile(means, [2.5, 97.5]).tolist(), "p": p}


bootstraps = []
for name, seeds, cases, missing in (
    ("five seeds, eight cases", 5, 8, 0.0),
    ("three seeds, thirty cases", 3, 30, 0.0),
    ("cases that some seeds lack", 5, 12, 0.4),
):
    differences = 0.6 + rng.standard_normal((seeds, 1)) + rng.standard_normal((1, cases)) + rng.standard_normal((seeds, cases))
    differences[rng.random((seeds, cases)) < missing] = np.nan
    rows = [[None if np.isnan(v) else float(v) for v in row] for row in differences]
    bootstraps.append({"name": name, "differences": rows, **bootstrap(differences, 100_000)})

with open(os.path.join(here, "seeds.json"), "w") as target:
    json.dump({"quantiles": quantiles, "samples": samples, "families": families, "bootstraps": bootstraps}, target)
    target.write("\n")
