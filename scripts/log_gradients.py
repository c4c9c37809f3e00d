"""Writes the tables that `gradsweep import` reads from a training in PyTorch; docs/import.md shows it at work.

    log = GradientLog("tables", run_id="relu-1", seed=1, activation="relu")
    log.watch(*net.blocks)                    # modules whose outputs are the hidden layers, from the input on
    loss.backward(); log.layers(step)         # loss: the mean over the batch
    log.history(step, train_loss=0.31, test_accuracy=0.9)

A module that one pass calls several times, such as an RNNCell, gets a row for each time step.
"""

import csv
from pathlib import Path

import torch


def rms(x):
    return float(x.double().square().mean().sqrt())


class GradientLog:
    def __init__(self, folder, run_id, seed, **labels):
        self.folder, self.run_id, self.modules, self.outputs = Path(folder), run_id, [], {}
        self.folder.mkdir(parents=True, exist_ok=True)
        self.write("runs.csv", {"seed": seed, **labels})

    def watch(self, *modules):
        for module in modules:
            self.modules.append(module)
            module.register_forward_hook(self.keep)

    def keep(self, module, _, output):
        # An LSTMCell gives (h, c), and c carries the gradient through time.
        states = output if isinstance(output, tuple) else (output,)
        if torch.is_grad_enabled():
            [state.retain_grad() for state in states]
            self.outputs.setdefault(module, []).append(states)

    def layers(self, step):
        for layer, module in enumerate(self.modules, 1):
            weights = [p.grad for p in module.parameters() if p.dim() > 1]
            gradient = torch.cat([g.flatten() for g in weights])
            times = self.outputs[module]
            for time, states in enumerate(times, 1):
                h, carrier = states[0], states[-1]
                row = {"step": step, "layer": layer, "time": time if len(times) > 1 else ""}
                row |= {"units": h[0].numel(), "stream_rms": rms(len(h) * h.grad) if h.grad is not None else ""}
                row |= {"weight_grad_rms": rms(gradient), "zeros": float((gradient == 0).double().mean())}
                row |= {"state_rms": rms(len(h) * carrier.grad) if len(times) > 1 else ""}
                self.write("layers.csv", row)
        self.outputs.clear()

    def history(self, step, **numbers):
        self.write("history.csv", {"step": step, **numbers})
        self.outputs.clear()

    def write(self, name, row):
        path, row = self.folder / name, {"run_id": self.run_id, **row}
        header = list(row)
        if path.exists():
            with open(path, newline="") as file:
                header = next(csv.reader(file))
        # The first row decides on the columns; what a later one lacks stays empty.
        if new := [column for column in row if column not in header]:
            raise ValueError(f"{path} has no column {', '.join(new)}: name all columns from the first call on, as None where there is nothing")
        with open(path, "a", newline="") as file:
            to = csv.DictWriter(file, header, restval="", lineterminator="\n")
            if file.tell() == 0:
                to.writeheader()
            to.writerow(row)
