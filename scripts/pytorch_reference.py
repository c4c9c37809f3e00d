#!/usr/bin/env python3
"""Trains our definitions in PyTorch and writes the numbers that tests/numbers/pytorch.rs holds ours against.

    python3 -m venv /tmp/venv
    /tmp/venv/bin/pip install -r scripts/requirements.txt
    /tmp/venv/bin/python scripts/pytorch_reference.py        # from the repository root; CPU, ten seconds

reference_network.py holds the definitions, reference_run.py a run, reference_cases.py what is pinned and
reference_checks.py the checks. The committed files were written with Python 3.11.7 and the versions of
scripts/requirements.txt (also in each file under `versions`). One thread, deterministic algorithms, every random
number from numpy with a seed made from the case's name: a second run on the same kind of CPU writes the same bytes.

Before it writes, the script checks itself: every gradient, stream gradient and delta against central differences
in f64; every f64 trajectory of torch.optim against the update rules written out in numpy; every schedule against
torch.optim.lr_scheduler where it has the same one; running statistics against numpy; and each f32 run against the
same run in f64, so that a relative error of 1e-5 in f32 is attainable by an implementation that is right.

Schema. Six files tests/fixtures/pytorch_{optimizers,architecture,activations,losses,rosenbrock,schedules}.json.gz, each an object:
    versions   {python, torch, numpy}
    cases      [case, ...]

A case of optimizers, architecture, activations and losses:
    name        unique in its file together with dtype
    dtype       "f32" | "f64"; the probe is f64 in both
    settings    {dotted key of ours: value}; a key that is missing has our default
    features    columns of x
    outputs     units of the output layer (classes, or columns of the targets)
    steps       updates; the update from step t to t+1 uses batches[t % len(batches)] and expected.lr[t]
    parameters  [{name, shape, values}] at step 0, row-major, in our order; per layer l = 1..depth:
                layer{l}.weight [in, out], layer{l}.bias [out], layer{l}.norm.gain [out], layer{l}.norm.shift [out],
                layer{l}.scale [1] (learned_zero, l >= 2), then output.weight, output.bias; only those that exist
    batches     [{rows, x, classes | values}], x row-major [rows, features], classes [rows] of integers or
                values row-major [rows, outputs]
    expected    everything below
      lr                  [steps]
      batch_loss          [steps] loss of the step's batch in training mode, before the update, without l2
      final_batch_loss    the same at step `steps` on batches[steps % len(batches)]; does not touch running statistics
      gradients           one row-major list a parameter, at step 0, before clipping and l2
      zero_gradients      names of parameters whose gradient at step 0 is zero but for rounding (a bias before a
                          batch norm; a branch behind a scale of 0): compare these absolutely
      after_first         parameters after step 1, one list a parameter
      after_last          parameters after the last step
      running             [{mean, var}] a layer after exactly `steps` training passes; [] without batch norm
      eval_loss           evaluation mode (running statistics) on batches[0] after the last step
      eval_outputs        row-major [rows, outputs] of the same, after output_activation
      probe               {stream_rms, delta_rms} [depth] at step 0 on batches[0], training mode, computed in f64

A case of rosenbrock: name, dtype, settings, path [51 points] from (-1.2, 1) on; the gradient of a point is
taken in f64 and rounded to the dtype.
A case of schedules: name, settings, steps, lr [steps], lr[t] for the update from step t to t+1. The schedules file also has
    plateaus    [{name, settings, losses, lr}], lr[i] after losses[i] was seen
The activations file also has
    pointwise   [{settings, z, value, derivative}], f64, by autograd, ties and far tails included

Conventions that a reader may doubt:
  * A case in both dtypes starts from the same numbers (multiples of 1/1024) and has the same batches.
  * Step: gradient -> clip -> + l2 w -> rule -> decoupled decay. The decay term reads the weights from before the
    rule, w' = rule(w) - lr wd w, as AdamW's paper (Loshchilov & Hutter 2019, algorithm 2) and torch.optim.AdamW have it.
  * clip.norm multiplies by max/norm exactly; torch.nn.utils.clip_grad_norm_ divides by norm + 1e-6.
  * dL/dz of a pre-activation block is the gradient through the activation alone, without the skip.
  * At a tie: relu' = 0, leaky_relu'(0) = slope, elu'(0) = alpha, selu'(0) = scale alpha, hard_tanh'(+-1) = 0.
"""

import gzip
import json
import platform
import warnings
from pathlib import Path

import numpy as np
import torch

from reference_cases import (
    activation_cases, architecture_cases, loss_cases, optimizer_cases, plateau_cases, pointwise, rosenbrock_cases, schedule_cases,
)
from reference_checks import check_differences, check_rules, check_running, check_schedule, gap, rounding
from reference_run import descend, probe, train

torch.set_num_threads(1)
torch.use_deterministic_algorithms(True)
# NAdam keeps its product of momenta in the default type.
torch.set_default_dtype(torch.float64)

FIXTURES = Path(__file__).resolve().parent.parent / "tests" / "fixtures"
DTYPES = {"f32": torch.float32, "f64": torch.float64}


def numbers(values, dtype=torch.float64):
    """Shortest decimals that read back as the same number, also when read as f64 and then rounded to f32."""
    flat = np.asarray(values.detach() if torch.is_tensor(values) else values).reshape(-1)
    assert np.isfinite(flat).all()
    if dtype == torch.float64:
        return [float(v) for v in flat]
    short = [float(str(v)) for v in flat.astype(np.float32)]
    assert (np.array(short).astype(np.float32) == flat.astype(np.float32)).all()
    return short


def written(case, dtype_word, run, zero):
    """A case as the schema says."""
    dtype = DTYPES[dtype_word]
    listed = lambda by_name: [numbers(v, dtype) for v in by_name.values()]
    target = lambda b: {"classes": b["classes"].tolist()} if "classes" in b else {"values": numbers(b["values"], dtype)}
    start = run["weights"][0].items()
    return {
        "name": case["name"], "dtype": dtype_word, "settings": {**case["settings"], "dtype": dtype_word},
        "features": case["features"], "outputs": case["outputs"], "steps": case["steps"],
        "parameters": [{"name": n, "shape": list(v.shape), "values": numbers(v, dtype)} for n, v in start],
        "batches": [{"rows": len(b["x"]), "x": numbers(b["x"], dtype), **target(b)} for b in case["batches"]],
        "expected": {
            "lr": run["lr"],
            "batch_loss": numbers(run["loss"], dtype),
            "final_batch_loss": numbers([run["final_loss"]], dtype)[0],
            "gradients": listed(run["gradients"][0]),
            "zero_gradients": zero,
            "after_first": listed(run["weights"][1]),
            "after_last": listed(run["weights"][-1]),
            "running": [{"mean": numbers(m, dtype), "var": numbers(v, dtype)} for m, v in run["running"]],
            "eval_loss": numbers([run["eval_loss"]], dtype)[0],
            "eval_outputs": numbers(run["outputs"], dtype),
            "probe": probe(case)[0],
        },
    }


def family(cases, dtypes):
    """Trains, checks and lists the cases; returns them with the worst figure of each check."""
    out, worst = [], {"central difference": 0.0, "written-out rule": 0.0, "f32 against f64": 0.0}
    for case in cases:
        runs = {word: train(case, DTYPES[word]) for word in dtypes}
        exact = runs["f64"]
        s = case["settings"]
        worst["central difference"] = max(worst["central difference"], check_differences(case))
        worst["written-out rule"] = max(worst["written-out rule"], check_rules(case, exact))
        if "clip.norm" in s:
            assert 0 < sum(exact["clipped"]) < case["steps"], f"{case['name']}: must clip some steps, not all"
        if "clip.value" in s:
            assert all(0 < n < 300 for n in exact["clipped"]), f"{case['name']}: must clip some entries"
        size = {n: float(g.abs().max()) for n, g in exact["gradients"][0].items()}
        zero = [n for n, g in size.items() if g < 1e-13 * max(size.values())]
        if "f32" in runs:
            # A first gradient entry near eps is ill-conditioned under a sign-type rule: its rounding becomes a step.
            rounded = rounding(runs["f32"], exact, zero)
            worst["f32 against f64"] = max(worst["f32 against f64"], rounded)
            assert rounded < 4e-6, f"{case['name']}: rounding alone moves f32 by {rounded:.1e}; rename it for another draw"
        out += [written(case, word, run, zero) for word, run in runs.items()]
    return out, worst


def rosenbrock():
    """Descends, checks and lists the cases; returns them with the worst figure of each check."""
    out, worst = [], {"written-out rule": 0.0, "f32 against f64": 0.0}
    for case in rosenbrock_cases():
        runs = {word: descend(case, dtype) for word, dtype in DTYPES.items()}
        worst["written-out rule"] = max(worst["written-out rule"], check_rules(case, runs["f64"]))
        pairs = zip(*([w["point.weight"] for w in runs[word]["weights"]] for word in ("f32", "f64")))
        rounded = max(gap(single, exact) for single, exact in pairs)
        worst["f32 against f64"] = max(worst["f32 against f64"], rounded)
        assert rounded < 4e-6, f"{case['name']}: rounding alone moves f32 by {rounded:.1e}"
        if any(k.startswith("clip") for k in case["settings"]):
            assert any(runs["f64"]["clipped"]), f"{case['name']}: must clip"
        for word, run in runs.items():
            settings = {**case["settings"], "dtype": word}
            path = [numbers(w["point.weight"], DTYPES[word]) for w in run["weights"]]
            out.append({"name": case["name"], "dtype": word, "settings": settings, "path": path})
    return out, worst


def save(name, content):
    """Gzip without a time stamp, so that equal numbers are equal bytes."""
    versions = {"python": platform.python_version(), "torch": torch.__version__, "numpy": np.__version__}
    text = json.dumps({"versions": versions, **content}, separators=(",", ":"), allow_nan=False)
    packed = gzip.compress(text.encode(), 9, mtime=0)
    (FIXTURES / f"pytorch_{name}.json.gz").write_bytes(packed)
    print(f"  wrote pytorch_{name}.json.gz: {len(content['cases'])} cases, {len(packed) / 1e3:.0f} kB")


def main():
    FIXTURES.mkdir(parents=True, exist_ok=True)
    check_running()
    for name, cases, dtypes in (
        ("optimizers", optimizer_cases(), ("f32", "f64")),
        ("architecture", architecture_cases(), ("f64",)),
        ("activations", activation_cases(), ("f64",)),
        ("losses", loss_cases(), ("f32", "f64")),
    ):
        listed, worst = family(cases, dtypes)
        print(f"{name}: " + ", ".join(f"{what} {x:.1e}" for what, x in worst.items() if x > 0.0))
        names = [(c["name"], c["dtype"]) for c in listed]
        assert len(set(names)) == len(names)
        save(name, {"cases": listed, **({"pointwise": pointwise()} if name == "activations" else {})})
    listed, worst = rosenbrock()
    print("rosenbrock: " + ", ".join(f"{what} {x:.1e}" for what, x in worst.items()))
    save("rosenbrock", {"cases": listed})
    schedules = list(schedule_cases())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        for case in schedules:
            check_schedule(case)
    print("schedules: as torch.optim.lr_scheduler")
    save("schedules", {"cases": schedules, "plateaus": list(plateau_cases())})


if __name__ == "__main__":
    main()
