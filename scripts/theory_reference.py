"""Writes tests/fixtures/theory_reference.csv: what tests/numbers/theory.rs holds src/theory against.

    pip install mpmath numpy && python scripts/theory_reference.py > tests/fixtures/theory_reference.csv

Activations are written out anew, integrals are mpmath's tanh-sinh quadrature at 30 digits, fixed points are plain
iteration and secant steps, batch normalization is sampled (its second argument is the standard error): nothing is shared with the
Rust code. Rows: quantity, activation, its option, two arguments, value.
"""

import math
import sys

import numpy as np
from mpmath import acos, asin, binomial, cos, erf, exp, expm1, findroot, log, log1p, mp, mpf, pi, psi, quad, sin, sqrt, tanh

mp.dps = 30
ALPHA, LAMBDA = mpf("1.6732632423543772"), mpf("1.0507009873554805")


def step(x):
    return mpf(1) if x > 0 else mpf(0)


def normal(x):
    return exp(-x * x / 2) / sqrt(2 * pi), (1 + erf(x / sqrt(mpf(2)))) / 2


def sigmoid(x):
    return 1 / (1 + exp(-x))


def softplus(x):
    return max(x, mpf(0)) + log1p(exp(-abs(x)))


# Name: phi, phi', options, kinks.
ACTIVATIONS = {
    "identity": (lambda x, o: x, lambda x, o: mpf(1), []),
    "sigmoid": (lambda x, o: sigmoid(x), lambda x, o: sigmoid(x) * sigmoid(-x), []),
    "tanh": (lambda x, o: tanh(x), lambda x, o: 1 - tanh(x) ** 2, []),
    "hard_tanh": (lambda x, o: max(min(x, mpf(1)), mpf(-1)), lambda x, o: mpf(1) if abs(x) < 1 else mpf(0), [-1, 1]),
    "softsign": (lambda x, o: x / (1 + abs(x)), lambda x, o: 1 / (1 + abs(x)) ** 2, [0]),
    "softplus": (lambda x, o: softplus(x), lambda x, o: sigmoid(x), []),
    "relu": (lambda x, o: max(x, mpf(0)), lambda x, o: step(x), [0]),
    "leaky_relu": (lambda x, o: x if x > 0 else o * x, lambda x, o: mpf(1) if x > 0 else o, [0]),
    "elu": (lambda x, o: x if x > 0 else o * expm1(x), lambda x, o: mpf(1) if x > 0 else o * exp(x), [0]),
    "selu": (
        lambda x, o: LAMBDA * (x if x > 0 else ALPHA * expm1(x)),
        lambda x, o: LAMBDA * (mpf(1) if x > 0 else ALPHA * exp(x)),
        [0],
    ),
    "gelu": (lambda x, o: x * normal(x)[1], lambda x, o: normal(x)[1] + x * normal(x)[0], []),
    "silu": (lambda x, o: x * sigmoid(x), lambda x, o: sigmoid(x) * (1 + x * sigmoid(-x)), []),
    "mish": (
        lambda x, o: x * tanh(softplus(x)),
        lambda x, o: tanh(softplus(x)) + x * sigmoid(x) * (1 - tanh(softplus(x)) ** 2),
        [],
    ),
    "erf": (lambda x, o: erf(x), lambda x, o: 2 / sqrt(pi) * exp(-x * x), []),
    "relu6": (lambda x, o: min(max(x, mpf(0)), mpf(6)), lambda x, o: mpf(1) if 0 < x < 6 else mpf(0), [0, 6]),
    "hard_sigmoid": (
        lambda x, o: min(max(x + 3, mpf(0)), mpf(6)) / 6,
        lambda x, o: mpf(1) / 6 if abs(x) < 3 else mpf(0),
        [-3, 3],
    ),
    # Ends of panels, since the quadrature has to see each wave.
    "sine": (lambda x, o: sin(x), lambda x, o: cos(x), [3 * k for k in range(-40, 41)]),
    "prelu": (lambda x, o: x if x > 0 else o * x, lambda x, o: mpf(1) if x > 0 else o, [0]),
}
OPTIONS = {"leaky_relu": ["0.01", "0.2"], "elu": ["1", "0.5"], "prelu": ["0.25"]}


def mean(f, q, kinks):
    sigma = sqrt(mpf(q))
    scale = {mpf(k) / sigma for k in [0, *kinks]} | {mpf(s) * k / sigma for s in (-1, 1) for k in (2, 6)}
    ends = sorted({e for e in scale | {mpf(k) for k in (-12, -6, -2, 2, 6, 12)} if abs(e) <= 12})
    return quad(lambda z: exp(-z * z / 2) / sqrt(2 * pi) * f(sigma * z), ends)


def row(*cells):
    print(",".join(c if isinstance(c, str) else mp.nstr(c, 17, strip_zeros=True) for c in cells), flush=True)


def field(name, option):
    phi, slope, kinks = ACTIVATIONS[name]
    o = mpf(option) if option else None
    square = lambda q: mean(lambda x: phi(x, o) ** 2, q, kinks)
    slopes = lambda q: mean(lambda x: slope(x, o) ** 2, q, kinks)
    bend = lambda q: mean(lambda x: x * phi(x, o) * slope(x, o), q, kinks) / q
    return square, slopes, bend


def moments():
    for name in ACTIVATIONS:
        for option in OPTIONS.get(name, [""]):
            square, slopes, bend = field(name, option)
            for q in ("0.0001", "0.3", "1", "4", "100"):
                row("mean_square", name, option, q, "", square(mpf(q)))
                row("slope_square", name, option, q, "", slopes(mpf(q)))
                # Over many waves nothing is left of it.
                if not (name == "sine" and float(q) > 1):
                    row("variance_slope", name, option, q, "", bend(mpf(q)))


def fixed_points():
    cases = [
        ("tanh", "25/9", "0"), ("tanh", "2", "0"), ("tanh", "1", "0.05"), ("tanh", "1.5", "0.05"),
        ("tanh", "2.5", "0.05"), ("tanh", "1.69", "0.09"), ("tanh", "6.25", "0.09"), ("tanh", "16", "0.09"),
        ("sigmoid", "1/3", "0"), ("sigmoid", "1", "0"), ("sigmoid", "2", "0"), ("sigmoid", "16", "0"),
        ("hard_tanh", "1", "0.05"), ("erf", "2", "0.05"), ("selu", "1", "0"), ("selu", "9/16", "0.1"),
        ("softplus", "1", "0"), ("elu", "1.55", "0"), ("softsign", "2", "0.3"), ("gelu", "1.5", "0.2"),
        ("silu", "1.5", "0.2"), ("mish", "1.5", "0.2"), ("relu", "1.5", "0.2"), ("leaky_relu", "1.9", "0.01"),
    ]
    for name, sw2, sb2 in cases:
        option = OPTIONS.get(name, [""])[0]
        square, slopes, _ = field(name, option)
        w = mpf(eval(sw2.split("/")[0])) / (mpf(sw2.split("/")[1]) if "/" in sw2 else 1) if "/" in sw2 else mpf(sw2)
        gap = lambda q: w * square(q) + mpf(sb2) - q
        q = mpf(1)
        for _ in range(30):
            q = w * square(q) + mpf(sb2)
        q = findroot(gap, (q, q * mpf("1.001")), tol=1e-25)
        row("fixed_point", name, option, mp.nstr(w, 20), sb2, q)
        row("fixed_chi", name, option, mp.nstr(w, 20), sb2, w * slopes(q))


def critical():
    for name, biases in (("tanh", "0.001 0.01 0.05 0.1 0.2 0.3 0.5 1"), ("erf", "0.05"), ("sigmoid", "0")):
        square, slopes, _ = field(name, "")
        for sb2 in biases.split():
            start = mpf(100) if name == "sigmoid" else 3 * mpf(sb2) ** mpf("0.6")
            q = findroot(lambda q: q - square(q) / slopes(q) - mpf(sb2), (start, start * mpf("1.1")), tol=1e-24)
            row("critical_weight", name, "", sb2, "", 1 / slopes(q))
            row("critical_variance", name, "", sb2, "", q)


def products():
    """log10 of chi(q_1) ... chi(q_k) from q_1 = 1, without bias; arguments sigma_w^2 and k."""
    for name, sw2 in (("tanh", 1), ("tanh", mpf(1) / 3), ("sigmoid", 1), ("sigmoid", 2), ("tanh", mpf(25) / 9),
                      ("selu", 1), ("selu", mpf("0.5625")), ("gelu", 2), ("silu", 2)):
        square, slopes, _ = field(name, "")
        q, total = mpf(1), mpf(0)
        with mp.workdps(20):
            for k in range(1, 51):
                total += log(sw2 * slopes(q), 10)
                q = sw2 * square(q)
                if k in (1, 10, 20, 50):
                    row("log10_product", name, "", mp.nstr(mpf(sw2), 20), str(k), total)


def pair(f, q, c):
    """E f(x) f(y) at variance q and correlation c by the trapezoidal rule, which is exact but for rounding here."""
    z = np.arange(-11, 11.005, 0.01)
    density = np.exp(-z * z / 2)
    density /= density.sum()
    x = f(np.sqrt(q) * z)
    return sum(d * v * (density * f(np.sqrt(q) * (c * a + np.sqrt(1 - c * c) * z))).sum()
               for a, d, v in zip(z, density, x) if d > 1e-25)


def correlations():
    smooth = {
        "tanh": np.tanh,
        "sigmoid": FLOATS["sigmoid"][0],
        "silu": FLOATS["silu"][0],
        "erf": np.vectorize(math.erf),
        "softplus": lambda x: np.logaddexp(x, 0),
    }
    for name, q, c in (("tanh", "1.3", "0.4"), ("tanh", "12.6", "-0.7"), ("sigmoid", "0.5", "0.6"),
                       ("silu", "2", "-0.3"), ("erf", "3", "0.5"), ("softplus", "1", "0.2")):
        row("mean_product", name, "", q, c, mpf(pair(smooth[name], float(q), float(c))))
    # Arc-cosine kernels of Cho & Saul 2009 for relu, and the arcsine of Williams 1998 for erf.
    for c in ("-0.9", "-0.2", "0.5", "0.999999"):
        x = mpf(c)
        row("mean_product", "relu", "", "1.7", c, mpf("1.7") * (sqrt(1 - x * x) + (pi - acos(x)) * x) / (2 * pi))
        row("slope_product", "relu", "", "1.7", c, (pi - acos(x)) / (2 * pi))
        row("mean_product", "erf", "", "1.7", c, 2 / pi * asin(2 * mpf("1.7") * x / (1 + 2 * mpf("1.7"))))


def poole():
    """c* and xi_c for tanh at sigma_b = 0.3, by iterating the correlation map."""
    square, _, _ = field("tanh", "")
    for sw2 in ("1.69", "6.25", "16"):
        q = findroot(lambda q: mpf(sw2) * square(q) + mpf("0.09") - q, (mpf(sw2) * mpf("0.4"), mpf(sw2)), tol=1e-20)
        q, s, c = float(q), float(sw2), 0.5
        for _ in range(600):
            c = min((s * pair(np.tanh, q, c) + 0.09) / q, 1.0)
        slope = s * pair(lambda x: 1 - np.tanh(x) ** 2, q, c)
        row("fixed_correlation", "tanh", "", sw2, "0.09", "%.8f" % c)
        row("correlation_depth", "tanh", "", sw2, "0.09", "%.6f" % (-1 / np.log(slope)))


def widths():
    for n in (10, 16, 32, 64, 128, 256, 512):
        k = [mpf(i) for i in range(1, n + 1)]
        p = [binomial(n, i) / mpf(2) ** n for i in k]
        total = sum(p)
        centers = [log(mpf(2) / n) + psi(0, i / 2) + log(2) for i in k]
        first = sum(a * b for a, b in zip(p, centers)) / total
        second = sum(a * (psi(1, i / 2) + b * b) for a, b, i in zip(p, centers, k)) / total
        row("width_mean", "relu", "", str(n), "", first)
        row("width_variance", "relu", "", str(n), "", second - first**2)
        row("width_mean", "identity", "", str(n), "", psi(0, mpf(n) / 2) - log(mpf(n) / 2))
        row("width_variance", "identity", "", str(n), "", psi(1, mpf(n) / 2))


FLOATS = {
    "identity": (lambda x: x, lambda x: np.ones_like(x)),
    "relu": (lambda x: np.maximum(x, 0), lambda x: (x > 0) * 1.0),
    "leaky_relu": (lambda x: np.where(x > 0, x, 0.2 * x), lambda x: np.where(x > 0, 1, 0.2)),
    "tanh": (np.tanh, lambda x: 1 - np.tanh(x) ** 2),
    "sigmoid": (lambda x: 1 / (1 + np.exp(-x)), lambda x: np.exp(-x) / (1 + np.exp(-x)) ** 2),
    "selu": (
        lambda x: float(LAMBDA) * np.where(x > 0, x, float(ALPHA) * np.expm1(np.minimum(x, 0))),
        lambda x: float(LAMBDA) * np.where(x > 0, 1, float(ALPHA) * np.exp(np.minimum(x, 0))),
    ),
    "hard_tanh": (lambda x: np.clip(x, -1, 1), lambda x: (np.abs(x) < 1) * 1.0),
    "silu": (
        lambda x: x / (1 + np.exp(-x)),
        lambda x: 1 / (1 + np.exp(-x)) * (1 + x / (1 + np.exp(x))),
    ),
}


def batch_norm():
    """Growth under batch normalization by sampling the normalized batch itself: 20 blocks, so an error bar, too."""
    rng = np.random.default_rng(1)
    for b in (4, 8, 32, 128):
        blocks = 20
        size = 2_000_000 // b
        sums = {name: [] for name in FLOATS}
        for _ in range(blocks):
            y = rng.standard_normal((size, b))
            y -= y.mean(1, keepdims=True)
            y *= np.sqrt(b) / np.sqrt((y * y).sum(1, keepdims=True))
            n = y / np.sqrt(b)
            for name, (phi, slope) in FLOATS.items():
                value, d = phi(y), slope(y)
                s = ((value - value.mean(1, keepdims=True)) ** 2).sum(1).mean()
                t = ((d * d).sum(1) * (1 - 2 / b) - (d * d * n * n).sum(1) + d.sum(1) ** 2 / b**2
                     + (d * n).sum(1) ** 2 / b).mean()
                sums[name].append((s, t))
        for name, pairs in sums.items():
            s, t = np.array(pairs).T
            ratio = b / (b - 3) * t.mean() / s.mean()
            error = b / (b - 3) * np.std(t / s, ddof=1) / np.sqrt(blocks)
            row("batch_growth", name, "0.2" if name == "leaky_relu" else "", str(b), "%.1e" % error, "%.7f" % ratio)


if __name__ == "__main__":
    print("quantity,activation,option,first,second,value")
    parts = [moments, fixed_points, critical, products, correlations, poole, widths, batch_norm]
    for part in parts:
        if len(sys.argv) < 2 or part.__name__ in sys.argv[1:]:
            part()
