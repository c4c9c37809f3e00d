#!/usr/bin/env python3
"""Writes tests/fixtures/import: tables by scripts/log_gradients.py of small nets in PyTorch, and what should be derived from them.

    pip install torch
    python3 scripts/import_reference.py        # from the repository root; seconds

The expected attenuations do not come through the hooks: torch.autograd.grad gives the gradient at every layer's output.
"""

import json
import math
import shutil
from pathlib import Path

import torch
from torch import nn

from log_gradients import GradientLog, rms

FOLDER = Path("tests/fixtures/import")
SEEDS, STEPS, RECORDED = 3, 12, 4
torch.set_num_threads(1)


def images(n):
    """Two classes of 6 x 6 images: a bright upper or lower half, in noise."""
    y = torch.arange(n) % 2
    x = torch.randn(n, 1, 6, 6)
    x[y == 0, :, :3] += 1
    x[y == 1, :, 3:] += 1
    return x, y


def sequences(n):
    """Sequences of 6 numbers; the class is the sign of the first."""
    x = torch.randn(n, 6, 1)
    return x, (x[:, 0, 0] > 0).long()


class Convolutional(nn.Module):
    def __init__(self, activation):
        super().__init__()
        phi = {"sigmoid": nn.Sigmoid, "relu": nn.ReLU}[activation]
        block = lambda i: nn.Sequential(nn.Conv2d(1 if i == 0 else 4, 4, 3, padding=1), phi())
        self.blocks = nn.ModuleList(block(i) for i in range(4))
        self.head = nn.Linear(4 * 6 * 6, 2)
        self.watched = self.blocks

    def hidden(self, x):
        hs = []
        for block in self.blocks:
            x = block(x)
            hs.append(x)
        return hs, self.head(x.flatten(1))


class Recurrent(nn.Module):
    def __init__(self, cell):
        super().__init__()
        self.cell = {"rnn": nn.RNNCell, "lstm": nn.LSTMCell}[cell](1, 5)
        self.head = nn.Linear(5, 2)
        self.watched = [self.cell]

    def hidden(self, x):
        state, carriers = None, []
        for t in range(x.shape[1]):
            state = self.cell(x[:, t], state)
            carriers.append(state[1] if isinstance(state, tuple) else state)
        return carriers, self.head(state[0] if isinstance(state, tuple) else state)


def attenuation(net, x, y):
    """Decades lost from the last layer, or time step, to the first, by autograd alone."""
    hs, out = net.hidden(x)
    grads = torch.autograd.grad(nn.functional.cross_entropy(out, y), hs)
    return math.log10(rms(grads[-1])) - math.log10(rms(grads[0])), len(hs)


def train(folder, kind, data, axis, label, seed):
    torch.manual_seed(seed)
    net, (x, y), (x_val, y_val) = kind(label), data(32), data(32)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
    log = GradientLog(folder, f"{label}-{seed}", seed, **{axis: label})
    log.watch(*net.watched)
    losses, totals = [], []
    for step in range(STEPS + 1):
        if step % RECORDED == 0:
            totals.append(attenuation(net, x, y))
            log.outputs.clear()
            with torch.no_grad():
                loss = lambda x, y: float(nn.functional.cross_entropy(net.hidden(x)[1], y))
                accuracy = float((net.hidden(x_val)[1].argmax(1) == y_val).double().mean())
                losses.append((loss(x_val, y_val), step, loss(x, y), accuracy))
            log.history(step, train_loss=losses[-1][2], val_loss=losses[-1][0], val_accuracy=accuracy)
        optimizer.zero_grad()
        nn.functional.cross_entropy(net.hidden(x)[1], y).backward()
        if step % RECORDED == 0:
            log.layers(step)
        log.outputs.clear()
        optimizer.step()
    total, n = totals[0]
    middle = "_time" if kind is Recurrent else ""
    best = min(losses)
    return {
        f"attenuation{middle}_init": total / (n - 1),
        f"attenuation{middle}_total_init": total,
        f"attenuation{middle}_total_end": totals[-1][0],
        "best_step": best[1],
        "best_val_loss": best[0],
        "best_train_loss": best[2],
        "train_loss": losses[-1][2],
        "val_accuracy": losses[-1][3],
        "steps": STEPS,
    }


def main():
    shutil.rmtree(FOLDER, ignore_errors=True)
    for name, kind, data, axis, labels in [
        ("convolutional", Convolutional, images, "activation", ["sigmoid", "relu"]),
        ("recurrent", Recurrent, sequences, "network", ["rnn", "lstm"]),
    ]:
        folder = FOLDER / name
        runs = [(label, seed) for label in labels for seed in range(1, SEEDS + 1)]
        expected = {f"{label}-{seed}": train(folder, kind, data, axis, label, seed) for label, seed in runs}
        (folder / "expected.json").write_text(json.dumps({"torch": torch.__version__, "runs": expected}, indent=1) + "\n")


if __name__ == "__main__":
    main()
