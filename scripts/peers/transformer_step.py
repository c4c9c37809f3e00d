"""A training step of a transformer, 8 blocks of 32 units on 64 rows of 8 tokens, in gradsweep and with PyTorch's nn.TransformerEncoderLayer.

    cargo build --release
    python scripts/peers/transformer_step.py      # from the repository root; half a minute

Prints milliseconds of one core (user and system time), so that other programs matter less: of gradsweep as `step_time.py`
has it; of PyTorch on one thread the median over 200 steps."""

import statistics
import time

import torch
from step_time import of_gradsweep
from torch import nn


def ours(place):
    base = f"""network = {{ kind = "transformer", heads = 2 }}
norm = {{ kind = "layer", place = "{place}" }}
depth = 8
width = 32
batch = 64"""
    return 1e3 * of_gradsweep(base, 400)


class Net(nn.Module):
    def __init__(self, place):
        super().__init__()
        self.embedding, self.positions = nn.Linear(8, 32), nn.Parameter(0.5 * torch.randn(8, 32))
        block = lambda: nn.TransformerEncoderLayer(32, 2, 128, 0.0, batch_first=True, norm_first=place == "pre")
        self.blocks = nn.Sequential(*(block() for _ in range(8)))
        self.norm = nn.LayerNorm(32) if place == "pre" else nn.Identity()
        self.output = nn.Linear(32, 10)

    def forward(self, x):
        return self.output(self.norm(self.blocks(self.embedding(x) + self.positions)).mean(1))


def theirs(place):
    torch.set_num_threads(1)
    net, x, y = Net(place), torch.randn(64, 8, 8), torch.randint(0, 10, (64,))
    optimizer = torch.optim.SGD(net.parameters(), lr=1e-3)
    times = []
    for _ in range(220):
        start = time.process_time()
        optimizer.zero_grad()
        nn.functional.cross_entropy(net(x), y).backward()
        optimizer.step()
        times.append(1e3 * (time.process_time() - start))
    return statistics.median(times[20:])


for place in ("pre", "post"):
    own, other = ours(place), theirs(place)
    print(f"{place}: gradsweep {own:.1f} ms, PyTorch {other:.1f} ms, ratio {own / other:.2f}")
