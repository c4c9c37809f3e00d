#!/usr/bin/env python3
"""Writes tests/fixtures/statistics.json: paired tests, estimates and corrections by scipy and by enumeration.

    pip install numpy scipy
    python3 scripts/statistics_reference.py        # from the repository root; a minute

Signed-rank p-values: scipy.stats.wilcoxon, exact where no ranks are tied, else scipy's permutation of all signs (both
two-sided). Median intervals: binomial, scipy.stats.binom. Hodges-Lehmann: numpy over all means of pairs, its interval by enumerating
all signs of the ranks. Holm: scipy has none, so the textbook's step-down loop. Best of k: all subsets. Quantiles of draws:
numpy.quantile, method "inverted_cdf". Interquartile means: scipy.stats.trim_mean. Singular values and eigenvalues: numpy.linalg.
"""

import itertools
import json
import platform
from pathlib import Path

import numpy as np
import scipy
from scipy import stats

rng = np.random.default_rng(5)
# For what came later, so that earlier numbers stay.
rng2 = np.random.default_rng(16)
rng3 = np.random.default_rng(29)
rng4 = np.random.default_rng(41)


def wilcoxon(d):
    kept = np.array([x for x in d if x != 0])
    if len(kept) == 0:
        return {"p": 1.0, "positive": 0.0}
    tied = len(set(np.abs(kept))) < len(kept)
    method = stats.PermutationMethod(n_resamples=np.inf) if tied else "exact"
    found = stats.wilcoxon(kept, alternative="two-sided", method=method)
    ranks = stats.rankdata(np.abs(kept))
    return {"p": float(found.pvalue), "positive": float(ranks[kept > 0].sum())}


def hodges_lehmann(d, confidence):
    n = len(d)
    means = sorted((d[i] + d[j]) / 2 for i in range(n) for j in range(i, n))
    sums = [sum(r for r, s in zip(range(1, n + 1), signs) if s) for signs in itertools.product([0, 1], repeat=n)]
    tail = lambda k: np.mean([s < k for s in sums])
    cut = max([k for k in range(1, len(means) // 2 + 1) if 1 - 2 * tail(k) >= confidence], default=1)
    return {"value": float(np.median(means)), "low": means[cut - 1], "high": means[-cut], "coverage": max(0.0, float(1 - 2 * tail(cut)))}


def median_interval(x, confidence):
    n, x = len(x), sorted(x)
    covers = lambda k: 1 - 2 * stats.binom.cdf(k - 1, n, 0.5)
    cut = max([k for k in range(1, (n + 1) // 2 + 1) if covers(k) >= confidence], default=1)
    return {"median": float(np.median(x)), "low": x[cut - 1], "high": x[-cut], "coverage": float(covers(cut))}


def holm(p):
    out, high = [0.0] * len(p), 0.0
    for rank, i in enumerate(np.argsort(p, kind="stable")):
        high = max(high, min(1.0, p[i] * (len(p) - rank)))
        out[i] = high
    return out


def best_of(x, k, share):
    best = sorted(min(subset) for subset in itertools.combinations(x, k))
    i = next(i for i in range(1, len(best) + 1) if i / len(best) >= share - 1e-12)
    # Where exactly this share of the subsets ends here, the mean with the next: of one half the ordinary median.
    ends_here = i < len(best) and abs(i / len(best) - share) <= 1e-12
    return (best[i - 1] + best[i]) / 2 if ends_here else best[i - 1]


def pseudo_median(d):
    return float(np.median([(d[i] + d[j]) / 2 for i in range(len(d)) for j in range(i, len(d))]))


def friedman(n, k, ties):
    table = rng2.normal(size=(n, k)) + 0.3 * np.arange(k)
    table = np.round(2 * table) / 2 if ties else table
    # scipy wants three arms; of two the statistic is that of the sign test.
    ranks = stats.rankdata(table, axis=1)
    if k > 2:
        found = stats.friedmanchisquare(*table.T)
        statistic, p = float(found.statistic), float(found.pvalue)
    else:
        differences = [a - b for a, b in ranks if a != b]
        statistic = float(np.sum(np.sign(differences)) ** 2 / len(differences))
        p = float(stats.chi2.sf(statistic, 1))
    return {"table": table.tolist(), "ranks": ranks.mean(axis=0).tolist(), "statistic": statistic, "p": p}


def stratified(sizes, draws):
    """The interquartile mean and its interval, by the places that are drawn: as many of each stratum as it has."""
    strata = [rng3.random(n).tolist() for n in sizes]
    places = [int(p) for _ in range(draws) for n in sizes for p in rng3.integers(0, n, n)]
    left = iter(places)
    means = [stats.trim_mean([own[next(left)] for own in strata for _ in own], 0.25) for _ in range(draws)]
    ends = [float(np.quantile(means, q, method="inverted_cdf")) for q in (0.05, 0.95)]
    return {"strata": strata, "places": places, "draws": draws, "value": float(stats.trim_mean(sum(strata, []), 0.25)), "ends": ends}


def singular_values(rows, columns, kind):
    matrix = rng4.normal(size=(rows, columns))
    if kind == "deep":  # A product of many matrices: its singular values span decades.
        for _ in range(6):
            matrix = matrix @ rng4.normal(size=(columns, columns)) / np.sqrt(columns)
    if kind == "rank one":
        matrix = np.outer(matrix[:, 0], matrix[0])
    if kind == "tiny":
        matrix = matrix * 1e-200
    values = np.linalg.svd(matrix, compute_uv=False)[::-1]
    return {"kind": kind, "rows": rows, "columns": columns, "matrix": matrix.ravel().tolist(), "values": values.tolist()}


def tridiagonal(n):
    diagonal, beside = rng4.normal(size=n), rng4.normal(size=n - 1)
    if n > 5:
        beside[2] = 0.0
    matrix = np.diag(diagonal) + np.diag(beside, 1) + np.diag(beside, -1)
    return {"diagonal": diagonal.tolist(), "beside": beside.tolist(), "values": np.linalg.eigvalsh(matrix).tolist()}


def cases():
    for n in [1, 2, 3, 4, 5, 6, 8, 10, 12]:
        for kind in ("smooth", "ties", "zeros", "one sided"):
            d = rng.normal(0.4, 1.0, n)
            d = {"smooth": d, "ties": np.round(2 * d) / 2, "zeros": np.where(rng.random(n) < 0.3, 0.0, d), "one sided": np.abs(d)}[kind]
            d = [float(x) for x in d]
            yield {"kind": kind, "differences": d, "wilcoxon": wilcoxon(d), "hodges_lehmann": hodges_lehmann(d, 0.9)}


def main():
    out = {
        "versions": {"python": platform.python_version(), "numpy": np.__version__, "scipy": scipy.__version__},
        "paired": list(cases()),
        "large": [{"differences": (d := [float(x) for x in rng.normal(0.1, 1.0, n)]),
                   "p": float(stats.wilcoxon(d, method="exact").pvalue)} for n in (30, 60)],
        "median": [{"values": (x := [float(v) for v in rng.normal(size=n)]), "confidence": c, **median_interval(x, c)}
                   for n in (1, 2, 4, 5, 7, 10, 25, 40) for c in (0.9, 0.95)],
        "holm": [{"p": (p := [float(v) for v in rng.random(n) ** 2 / 4]), "corrected": holm(p)} for n in (1, 2, 5, 9)],
        "quantile": [{"values": (x := sorted(float(v) for v in rng2.normal(size=n))), "share": q,
                      "value": float(np.quantile(x, q, method="inverted_cdf"))}
                     for n in (1, 2, 5, 10, 37, 100) for q in (0.05, 0.1, 0.5, 0.9, 0.95, 1.0)],
        "pseudo_median": [{"differences": (d := [float(v) for v in rng2.normal(size=n)]), "value": pseudo_median(d)}
                          for n in (1, 2, 3, 4, 7, 10, 25)],
        "friedman": [friedman(n, k, ties) for n, k in ((2, 3), (5, 2), (10, 4), (12, 7), (30, 9)) for ties in (False, True)],
        "chi_square": [{"x": x, "freedom": f, "tail": float(stats.chi2.sf(x, f))}
                       for f in (1, 2, 3, 4, 7, 14, 59) for x in (0.01, 0.5, 3.0, 20.0, 90.0)],
        "stratified": [stratified(sizes, 20) for sizes in ([1], [3], [5, 5], [4, 1, 6])],
        "best_of": [{"values": (x := [float(v) for v in rng.normal(size=n)]), "k": k, "share": q, "value": best_of(x, k, q)}
                    for n, k in ((1, 1), (4, 2), (6, 3), (7, 7), (9, 4)) for q in (0.1, 0.5, 0.9)],
        "singular_values": [singular_values(*case) for case in
                            ((1, 1, "plain"), (3, 3, "plain"), (9, 4, "plain"), (4, 9, "plain"), (12, 12, "deep"), (6, 5, "rank one"),
                             (7, 7, "tiny"))],
        "tridiagonal": [tridiagonal(n) for n in (1, 2, 7, 20)],
    }
    Path("tests/fixtures/statistics.json").write_text(json.dumps(out, indent=1) + "\n")


if __name__ == "__main__":
    main()
