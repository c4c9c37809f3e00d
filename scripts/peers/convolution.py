"""A training step of a convolutional net in PyTorch, one thread, beside ours.

    cargo build --release
    python3 scripts/peers/convolution.py

Ours is a step's share of the wall time of two trainings of different length, each the best of several. Prints milliseconds a step."""

import csv
import subprocess
import tempfile
import time
from pathlib import Path

import torch
from torch import nn

PROGRAM = Path("target/release/gradsweep")
DEPTH, CHANNELS, BATCH, TURNS = 16, 16, 64, 25
NORMS = {"none": lambda: [], "batch": lambda: [nn.BatchNorm2d(CHANNELS)]}


def theirs(norm, activation):
    torch.set_num_threads(1)
    layers, channels = [], 1
    for _ in range(DEPTH):
        layers += [nn.Conv2d(channels, CHANNELS, 3, padding=1), *NORMS[norm](), {"relu": nn.ReLU, "tanh": nn.Tanh}[activation]()]
        channels = CHANNELS
    net = nn.Sequential(*layers, nn.Flatten(), nn.Linear(64 * CHANNELS, 10))
    update = torch.optim.SGD(net.parameters(), lr=1e-3, momentum=0.9)
    x, y = torch.randn(BATCH, 1, 8, 8), torch.randint(10, (BATCH,))
    times = []
    for _ in range(TURNS):
        start = time.perf_counter()
        update.zero_grad(set_to_none=True)
        nn.functional.cross_entropy(net(x), y).backward()
        update.step()
        times.append(time.perf_counter() - start)
    return sorted(times)


def ours(norm, activation):
    """Seconds of a training of so many steps, without those of a shorter one."""
    def training(steps):
        with tempfile.TemporaryDirectory() as folder:
            experiment = Path(folder) / "step.toml"
            experiment.write_text(f"""name = "step"
question = "How long is a step?"
base = {{ network = {{ kind = "conv", channels = {CHANNELS} }}, depth = {DEPTH}, batch = {BATCH}, steps = {steps}, activation = "{activation}", norm = "{norm}", optimizer = {{ kind = "momentum", lr = 1e-3 }} }}
record = {{ gradients = {{ at = [] }}, score = {{ at = [] }} }}
""")
            command = [PROGRAM, "sweep", experiment, "--out", f"{folder}/out", "--jobs", "1", "--quiet"]
            subprocess.run(command, check=True, capture_output=True)
            with open(f"{folder}/out/timings.csv") as file:
                return float(next(csv.DictReader(file))["seconds"])
    return sorted((training(55) - training(5)) / 50 for _ in range(3))


def main():
    print("milliseconds a step: median (least)")
    for norm in NORMS:
        for activation in ("relu", "tanh"):
            own, other = ours(norm, activation), theirs(norm, activation)
            shown = [f"{1e3 * t[len(t) // 2]:.1f} ({1e3 * t[0]:.1f})" for t in (own, other)]
            print(f"norm {norm}, {activation}: gradsweep {shown[0]}, PyTorch {shown[1]}")


if __name__ == "__main__":
    main()
