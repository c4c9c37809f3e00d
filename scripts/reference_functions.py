"""The test functions, written in PyTorch as src/data/function.rs has them."""

import numpy as np
import torch


def quadratic(x, s):
    n = len(x)
    eigenvalues = s["function.condition"] ** (torch.arange(n, dtype=x.dtype) / max(n - 1, 1))
    return 0.5 * (eigenvalues * x * x).sum()


def beale(x, s):
    a, b = x
    return (1.5 - a + a * b) ** 2 + (2.25 - a + a * b**2) ** 2 + (2.625 - a + a * b**3) ** 2


def polynomial(x, s):
    """Less its least value, at a root of its slope."""
    coefficients = s["function.coefficients"]
    at = lambda z: sum(c * z**i for i, c in enumerate(coefficients))
    stationary = np.polynomial.Polynomial(coefficients).deriv().roots()
    return at(x[0]) - min(at(z.real) for z in stationary if abs(z.imag) < 1e-9)


FUNCTIONS = {
    "quadratic": quadratic,
    "polynomial": polynomial,
    "rosenbrock": lambda x, s: (1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2,
    "beale": beale,
    "himmelblau": lambda x, s: (x[0] ** 2 + x[1] - 11) ** 2 + (x[0] + x[1] ** 2 - 7) ** 2,
    "saddle": lambda x, s: 0.5 * x[0] ** 2 + 0.25 * (x[1] ** 2 - 1) ** 2,
    "reddi": lambda x, s: (s["function.c"] - 2) / 3 * (x[0] + 1),
}

# Whose points stay between -1 and 1.
BOXED = {"reddi"}


def step_loss(x, s, t):
    """What step t = 0, 1, ... takes the gradient of."""
    if s["function"] == "reddi":
        return (s["function.c"] if t % 3 == 0 else -1.0) * x[0]
    return FUNCTIONS[s["function"]](x, s)
