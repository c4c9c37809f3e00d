"""A training step of a convolutional net, ours and PyTorch's on one thread, by the CPU time that it takes.

    cargo build --release
    python3 scripts/peers/convolution.py

Ours is the difference of two trainings of different length, so that start, probe, scores and figures do not count."""

from resource import RUSAGE_SELF
from statistics import median

import torch
from step_time import cpu, of_gradsweep
from torch import nn

DEPTH, CHANNELS, BATCH, STEPS, ROUNDS = 16, 16, 64, 300, 5
PEERS = {"none": nn.Identity, "batch": lambda: nn.BatchNorm2d(CHANNELS), "relu": nn.ReLU, "tanh": nn.Tanh}


def theirs(norm, activation):
    torch.set_num_threads(1)
    layers, channels = [], 1
    for _ in range(DEPTH):
        layers += [nn.Conv2d(channels, CHANNELS, 3, padding=1), PEERS[norm](), PEERS[activation]()]
        channels = CHANNELS
    net = nn.Sequential(*layers, nn.Flatten(), nn.Linear(64 * CHANNELS, 10))
    update = torch.optim.SGD(net.parameters(), lr=1e-3, momentum=0.9)
    x, y = torch.randn(BATCH, 1, 8, 8), torch.randint(10, (BATCH,))

    def train(steps):
        before = cpu(RUSAGE_SELF)
        for _ in range(steps):
            update.zero_grad(set_to_none=True)
            nn.functional.cross_entropy(net(x), y).backward()
            update.step()
        return cpu(RUSAGE_SELF) - before

    train(5)
    return train(STEPS) / STEPS


def ours(norm, activation):
    base = f"""network = {{ kind = "conv", channels = {CHANNELS} }}
depth = {DEPTH}
batch = {BATCH}
activation = "{activation}"
norm = "{norm}"
optimizer = {{ kind = "momentum", lr = 1e-3 }}"""
    return of_gradsweep(base, STEPS)


def main():
    for norm in ("none", "batch"):
        for activation in ("relu", "tanh"):
            # In alternation, so that both have what else the machine does.
            rounds = [(1e3 * ours(norm, activation), 1e3 * theirs(norm, activation)) for _ in range(ROUNDS)]
            own, other = ([f"{median(times):.1f} ({min(times):.1f} to {max(times):.1f})", median(times)] for times in zip(*rounds))
            print(f"norm {norm}, {activation}: gradsweep {own[0]} ms a step, PyTorch {other[0]}; PyTorch / gradsweep {other[1] / own[1]:.2f}")


if __name__ == "__main__":
    main()
