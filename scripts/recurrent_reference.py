#!/usr/bin/env python3
"""Trains torch.nn.RNN, LSTM and GRU for some steps and writes the numbers that tests/numbers/pytorch_recurrent.rs holds ours against.

    pip install -r scripts/requirements.txt
    python3 scripts/recurrent_reference.py      # writes tests/fixtures/pytorch_recurrent.json.gz, the same bytes each time

PyTorch's modules have two biases a gate; ours have one, so the second is held at 0. Its order of gates is ours: i, f, g, o and
r, z, n. What they lack, norms and skip connections, is computed by the cells of reference_recurrent.py, whose norms are
PyTorch's. f64, on one thread.
"""

import gzip
import json
import platform
import zlib
from itertools import product
from pathlib import Path

import numpy as np
import torch

import reference_recurrent

FIXTURE = Path("tests/fixtures/pytorch_recurrent.json.gz")
TIME, FEATURES, WIDTH, OUTPUTS, ROWS = 7, 3, 5, 4, 6
# A norm over five units enlarges the rounding of f32 some two hundred times over 20 updates, so that nets with one take fewer.
UPDATES, UPDATES_BESIDE = 20, 5

CELLS = {
    "rnn tanh": ({"network": "rnn", "activation": "tanh"}, lambda **own: torch.nn.RNN(nonlinearity="tanh", **own), 1),
    "rnn relu": ({"network": "rnn", "activation": "relu"}, lambda **own: torch.nn.RNN(nonlinearity="relu", **own), 1),
    "lstm": ({"network": "lstm"}, lambda **own: torch.nn.LSTM(**own), 4),
    "gru": ({"network": "gru"}, lambda **own: torch.nn.GRU(**own), 3),
}


READ = {"last": lambda h: h[:, -1], "mean": lambda h: h.mean(1), "every": lambda h: h.flatten(0, 1)}


def across(tensor):
    """Between PyTorch's [outputs, inputs] and our [inputs, outputs]; a bias stays."""
    return (tensor.T if tensor.dim() == 2 else tensor).contiguous()


def drawn(rng, shape, deviation):
    """Multiples of 1/1024: exact, and short in the file."""
    return np.round(1024 * deviation * rng.standard_normal(shape)) / 1024


BESIDE = [
    {"norm": "layer"},
    {"norm": "rms"},
    {"norm": "layer", "norm.affine": False},
    {"residual": "identity"},
    {"norm": "rms", "residual": "identity"},
]


def case(cell, depth, read_out, loss, beside=None):
    settings, make, gates = CELLS[cell]
    name = f"{cell}, {depth} layers, {read_out}, {loss}" + (f", {' '.join(map(str, beside.values()))}" if beside else "")
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    net = make(input_size=FEATURES, hidden_size=WIDTH, num_layers=depth, batch_first=True)
    head = torch.nn.Linear(WIDTH, OUTPUTS)
    tensors = {}
    is_normed = beside and "norm" in beside
    if is_normed:
        beside = {"norm.place": "before", "norm.eps": 1e-5, "norm.affine": True, **beside}
    for layer in range(depth):
        inputs = FEATURES if layer == 0 else WIDTH
        for ours, theirs, shape in (
            ("input.weight", "weight_ih", (inputs, gates * WIDTH)),
            ("recurrent.weight", "weight_hh", (WIDTH, gates * WIDTH)),
            ("bias", "bias_ih", (gates * WIDTH,)),
        ):
            value = drawn(rng, shape, 0.2 if ours == "bias" else 1 / np.sqrt(shape[0]))
            tensor = getattr(net, f"{theirs}_l{layer}")
            tensor.data = across(torch.tensor(value))
            tensors[f"layer{layer + 1}.{ours}"] = tensor
        second = getattr(net, f"bias_hh_l{layer}")
        second.data.zero_()
        second.requires_grad_(False)
        if is_normed and beside["norm.affine"]:
            gain = torch.tensor(1 + drawn(rng, (gates * WIDTH,), 0.2))
            tensors[f"layer{layer + 1}.norm.gain"] = gain.requires_grad_()
    head.weight.data = across(torch.tensor(drawn(rng, (WIDTH, OUTPUTS), 1 / np.sqrt(WIDTH))))
    head.bias.data = torch.tensor(drawn(rng, (OUTPUTS,), 0.2))
    tensors |= {"output.weight": head.weight, "output.bias": head.bias}
    as_ours = lambda tensor: across(tensor.detach()).flatten().tolist()
    listed = lambda: {n: as_ours(t) for n, t in tensors.items()}
    parameters = listed()
    batches = []
    for _ in range(3):
        x = drawn(rng, (ROWS, TIME, FEATURES), 1.0)
        answers = ROWS * TIME if read_out == "every" else ROWS
        y = rng.integers(0, OUTPUTS, answers) if loss == "cross_entropy" else drawn(rng, (answers, OUTPUTS), 0.5)
        batches.append((torch.tensor(x), torch.tensor(y)))
    optimizer = torch.optim.SGD(list(tensors.values()), lr=0.05, momentum=0.9)
    losses, gradients = [], None
    updates = UPDATES_BESIDE if beside else UPDATES
    for step in range(updates + 1):
        x, y = batches[step % len(batches)]
        if beside:
            ours = {name: tensor.T if tensor.dim() == 2 else tensor for name, tensor in tensors.items()}
            out = reference_recurrent.forward({**settings, **beside, "depth": depth, "width": WIDTH, "network.read_out": read_out}, ours, x)
        else:
            out = head(READ[read_out](net(x)[0]))
        value = torch.nn.functional.cross_entropy(out, y) if loss == "cross_entropy" else ((out - y) ** 2).mean()
        losses.append(value.item())
        if step == updates:
            break
        optimizer.zero_grad()
        value.backward()
        if step == 0:
            gradients = {n: as_ours(t.grad) for n, t in tensors.items()}
        optimizer.step()
    return {
        "name": name,
        "settings": {**settings, **(beside or {}), "depth": depth, "width": WIDTH, "network.read_out": read_out, "loss": loss},
        "input": [TIME, FEATURES],
        "outputs": OUTPUTS,
        "parameters": parameters,
        "batches": [{"x": x.flatten().tolist(), "y": y.flatten().tolist()} for x, y in batches],
        "gradients": gradients,
        "losses": losses,
        "after_last": listed(),
    }


def write(fixture, cases):
    versions = {"python": platform.python_version(), "torch": torch.__version__, "numpy": np.__version__}
    text = json.dumps({"versions": versions, "cases": cases}, separators=(",", ":"), allow_nan=False)
    packed = gzip.compress(text.encode(), 9, mtime=0)
    fixture.write_bytes(packed)
    print(f"wrote {fixture}: {len(cases)} cases, {len(packed) / 1e3:.0f} kB")


def main():
    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)
    cases = [case(*own) for own in product(CELLS, (1, 2), READ, ("cross_entropy", "mse"))]
    cases += [case(cell, 2, "every", "mse", beside) for cell, beside in product(CELLS, BESIDE)]
    write(FIXTURE, cases)


if __name__ == "__main__":
    main()
