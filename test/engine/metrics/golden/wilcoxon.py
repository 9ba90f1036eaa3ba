"""Golden values for Wilcoxon's signed-rank test, from SciPy. python3 wilcoxon.py writes wilcoxon.json."""

import json
import os

import numpy as np
from scipy import stats

here = os.path.dirname(os.path.abspath(__file__))
rng = np.random.default_rng(0)
every_sign = stats.PermutationMethod(n_resamples=np.inf)
cases = []


def add(name, differences, method):
    result = stats.wilcoxon(differences, zero_method="wilcox", method=method)
    cases.append(
        {
            "name": name,
            "differences": [float(d) for d in differences],
            "statistic": float(result.statistic),
            "p": float(result.pvalue),
        }
    )


for n in (1, 2, 5, 8, 20, 50):
    add(f"{n} differences", rng.standard_normal(n) + 0.3, "exact")
add("all of one sign", np.arange(1, 16) / 7, "exact")
add("ties", [1, 1, 2, -1, 3, 3, -2, 4, 1], every_sign)
add("ties and zeros", [0, 0, 0.5, 0.5, -0.5, 1, 0, 2, -1, 3], every_sign)
add("all tied", [1, 1, 1, -1, 1, 1, 1, 1], every_sign)
for n in (51, 80, 400):
    add(f"{n} differences", rng.standard_normal(n) + 0.1, "asymptotic")
    add(f"{n} differences with ties and zeros", np.round(2 * rng.standard_normal(n + 20) + 0.4) / 2, "asymptotic")
add("a difference beyond doubt", rng.random(300), "asymptotic")
with open(os.path.join(here, "wilcoxon.json"), "w") as target:
    json.dump(cases, target)
    target.write("\n")
