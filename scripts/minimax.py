"""Prints the polynomial coefficients that src/real/parts.rs holds, so that a reader can redo or change them.

    pip install mpmath && python scripts/minimax.py [NAME ...]

Each polynomial minimises the largest |error * weight| on its interval (Remez's exchange), where the weight turns the
polynomial's error into the relative error of the function it is part of. The error printed is that of the polynomial
with its coefficients rounded to the type, in units of 2^-24 (f32) or 2^-53 (f64).
"""

import struct
import sys
import textwrap

from mpmath import cos, erf, erfc, exp, expm1, linspace, log, lu_solve, matrix, mp, mpf, pi, sqrt, tanh, taylor

mp.dps = 60


def rounded(x, bits):
    """The nearest f32 or f64 (a double rounding on the way to f32 does no harm here)."""
    return mpf(struct.unpack("f", struct.pack("f", float(x)))[0]) if bits == 24 else mpf(float(x))


def remez(target, weight, low, high, count):
    """Coefficients c of sum c_k x^k, k < count, with the least max |(sum - target) * weight| on [low, high]."""
    middle, half = (low + high) / 2, (high - low) / 2
    grid = [middle - half * cos(pi * i / (40 * count)) for i in range(40 * count + 1)]
    values = [(x, target(x), abs(weight(x))) for x in grid]
    # Not at the middle, where a weight may vanish.
    nodes = [values[int(40 * count * (i + 0.51) / (count + 1))] for i in range(count + 1)]
    for _ in range(30):
        rows = [[w * x**k for k in range(count)] + [(-1) ** i] for i, (x, _, w) in enumerate(nodes)]
        *c, level = lu_solve(matrix(rows), matrix([w * t for _, t, w in nodes]))
        errors = [(horner(c, x) - t) * w for x, t, w in values]
        # The largest error of each run of one sign; the runs around the smallest go until one a node is left.
        peaks = []
        for i, e in enumerate(errors):
            if peaks and (e > 0) == (errors[peaks[-1]] > 0):
                if abs(e) > abs(errors[peaks[-1]]):
                    peaks[-1] = i
            else:
                peaks.append(i)
        while len(peaks) > count + 1:
            peaks.pop(0 if abs(errors[peaks[0]]) < abs(errors[peaks[-1]]) else -1)
        if len(peaks) <= count or max(map(abs, errors)) < abs(level) * mpf("1.001"):
            return c
        nodes = [values[i] for i in peaks]
    return c


def horner(c, x):
    total = mpf(0)
    for a in reversed(c):
        total = total * x + a
    return total


def fit(target, weight, low, high, count, bits):
    """Rounded coefficients and their error in units of 2^-bits."""
    low, high = mpf(low), mpf(high)
    fixed = [rounded(c, bits) for c in remez(target, weight, low, high, count)]
    # The ends and what lies between: off the fit's own grid.
    error = max(abs((horner(fixed, x) - target(x)) * weight(x)) for x in linspace(low, high, 1501) if x != 0)
    return fixed, error * 2**bits


def series(f, x, order, shift):
    """(f - its first `shift` Taylor terms at 0) / x^shift, without the cancellation near 0."""
    if abs(x) > mpf("1e-3"):
        return None
    return horner(taylor(f, 0, order)[shift:], x)


def exponential(x):
    near = series(exp, x, 12, 2)
    return (exp(x) - 1 - x) / x**2 if near is None else near


def odd_rest(f):
    """(f(x) / x - 1) as a function of s = x^2, its value at 0 by the limit."""

    def rest(s):
        s = max(s, mpf("1e-30"))
        return f(sqrt(s)) / sqrt(s) - 1

    return rest


def erfcx(t):
    return exp(t * t) * erfc(t)


def scaled_erfc(pole):
    return lambda v: erfcx(pole * (1 + v) / (1 - v)) * 2 * pole / (1 - v)


# Name: target, weight, interval and number of coefficients, for f32 and for f64.
def tables():
    reduced = log(2) / 2 * mpf("1.0001")
    tiny = mpf("1e-12")

    def exponential_row(count, bits):
        return exponential, lambda r: r / (expm1(r) / r), -reduced, reduced, count, bits

    def tanh_row(high, count, bits):
        rest = odd_rest(tanh)
        return lambda s: rest(s) / s, lambda s: s / (1 + rest(s)), tiny, mpf(high) ** 2, count, bits

    def logarithm_row(count, bits):
        # log((1+s)/(1-s)) = 2 s + s z p(z), z = s^2.
        def target(z):
            s = sqrt(z)
            return (log((1 + s) / (1 - s)) / s - 2) / z

        high = ((sqrt(2) - 1) / (sqrt(2) + 1)) ** 2 * mpf("1.0001")
        return target, lambda z: z / 2, tiny, high, count, bits

    def erf_row(high, count, bits):
        rest = odd_rest(erf)
        return rest, lambda s: 1 / (1 + rest(s)), tiny, mpf(high) ** 2, count, bits

    def erfc_row(pole, far, count, bits):
        f = scaled_erfc(mpf(pole))
        return f, lambda v: 1 / f(v), mpf(-1), (mpf(far) - pole) / (mpf(far) + pole), count, bits

    return {
        "EXPONENTIAL f32": lambda: exponential_row(5, 24),
        "EXPONENTIAL f64": lambda: exponential_row(10, 53),
        "TANH f32": lambda: tanh_row("0.6", 5, 24),
        "TANH f64": lambda: tanh_row("0.6", 11, 53),
        "LOGARITHM f32": lambda: logarithm_row(3, 24),
        "LOGARITHM f64": lambda: logarithm_row(7, 53),
        "ERF f32": lambda: erf_row("0.8", 6, 24),
        "ERF f64": lambda: erf_row("0.8", 11, 53),
        "ERFC f32": lambda: erfc_row(mpf(3), 11, 10, 24),
        "ERFC f64": lambda: erfc_row(mpf(4), 28, 23, 53),
    }


def literal(x, bits):
    """The shortest decimal that reads back as x, as Rust writes it."""
    digits = next(d for d in range(1, 18) if rounded(mpf(f"{float(x):.{d}g}"), bits) == x)
    body, _, exponent = f"{float(x):.{digits}g}".partition("e")
    whole, _, fraction = body.partition(".")
    fraction = "_".join(textwrap.wrap(fraction or "0", 3))
    return f"{whole}.{fraction}" + (f"e{int(exponent)}" if exponent else "")


for name, row in tables().items():
    if len(sys.argv) > 1 and not any(word in name for word in sys.argv[1:]):
        continue
    *_, bits = settings = row()
    coefficients, error = fit(*settings)
    table, number = name.split()
    print(f"// Off by at most {float(error):.3f} units.")
    print(f"const {table}: &'static [{number}] = &[")
    numbers = ", ".join(literal(c, bits) for c in coefficients) + ","
    print(textwrap.indent(textwrap.fill(numbers, 104), "    ") + "\n];")
