"""The cell as a PyTorch user would write it: eager modules, one seed after another on each of two processes.

    python pytorch_peer.py '{"depth": 20, ...}'        one cell of cells.json, filled in
    python pytorch_peer.py --grid experiments/vanishing.toml

Imports, data and a few steps of warm-up are over before the clock starts. Prints one line of JSON."""

import json
import math
import sys

import common


class Training:
    """Trains one seed of one cell; made in the parent, used in the workers."""

    def __init__(self, optimizer="fused"):
        self.optimizer = optimizer

    def prepare(self):
        import torch
        torch.set_num_threads(1)
        x, y, test_x, test_y = (torch.from_numpy(a) for a in common.digits())
        self.train, self.test = (x, y), (test_x, test_y)
        warm = common.cells()[3] | {"steps": 20}
        self((warm, 1))

    def __call__(self, job):
        import torch
        from torch.nn import functional as F
        cell, seed = job
        net = network(cell, seed)
        weights = [p for p in net.parameters() if p.ndim == 2]
        others = [p for p in net.parameters() if p.ndim == 1]
        groups = [{"params": weights, "weight_decay": cell["l2"]}, {"params": others, "weight_decay": 0.0}]
        how = {"fused": True} if self.optimizer == "fused" else {"foreach": self.optimizer == "foreach"}
        kind, lr = cell["optimizer"]["kind"], cell["optimizer"]["lr"]
        if kind == "adam":
            update = torch.optim.Adam(groups, lr=lr, **how)
        else:
            update = torch.optim.SGD(groups, lr=lr, momentum=0.9 if kind == "momentum" else 0.0, **how)
        rates = common.learning_rates(cell)
        x, y = self.train
        order = torch.from_numpy(common.batches(seed, cell["steps"], cell["batch"], len(x)))
        score, probe = set(cell["score"]), set(cell["probe"])
        record = []
        for step, rows in enumerate(order):
            if step in score:
                record.append(self.scores(net))
            if step in probe:
                record.append(gradients_by_layer(net, x[:64], y[:64]))
            if cell["schedule"] != "constant":
                for group in update.param_groups:
                    group["lr"] = float(rates[step])
            update.zero_grad(set_to_none=True)
            F.cross_entropy(net(x[rows]), y[rows]).backward()
            update.step()
        if probe:
            record.append(gradients_by_layer(net, x[:64], y[:64]))
        return self.scores(net)

    def scores(self, net):
        """(train loss, test loss) in evaluation mode."""
        import torch
        from torch.nn import functional as F
        net.eval()
        with torch.inference_mode():
            losses = [F.cross_entropy(net(x), y).item() for x, y in (self.train, self.test)]
        net.train()
        return losses


def network(cell, seed):
    """The module, with initial weights of this seed."""
    import numpy as np
    import torch
    from torch import nn

    act = {"tanh": torch.tanh, "sigmoid": torch.sigmoid, "relu": torch.relu}[cell["activation"]]
    depth, width = cell["depth"], cell["width"]

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.layers = nn.ModuleList(nn.Linear(64 if i == 0 else width, width) for i in range(depth))
            norm = (lambda: nn.BatchNorm1d(width)) if cell["batch_norm"] else nn.Identity
            self.norms = nn.ModuleList(norm() for _ in range(depth))
            self.output = nn.Linear(width, 10)

        def forward(self, h, streams=None):
            if cell["residual"]:
                scale = 1 / math.sqrt(depth)
                for i, (layer, norm) in enumerate(zip(self.layers, self.norms)):
                    h = layer(h) if i == 0 else torch.add(h, layer(act(self.norms[i - 1](h))), alpha=scale)
                    if streams is not None:
                        streams.append(h)
                h = act(self.norms[-1](h))
            else:
                for layer, norm in zip(self.layers, self.norms):
                    h = act(norm(layer(h)))
                    if streams is not None:
                        streams.append(h)
            return self.output(h)

    net = Net()
    with torch.no_grad():
        drawn = common.initial_weights(cell, np.random.default_rng(seed))
        for layer, weight in zip([*net.layers, net.output], drawn):
            layer.weight.copy_(torch.from_numpy(weight.T))
            layer.bias.zero_()
    return net


def gradients_by_layer(net, x, y):
    """Root mean squares of dL/dh_l and dL/dW_l on the probe rows."""
    import torch
    from torch.nn import functional as F
    streams = []
    loss = F.cross_entropy(net(x, streams), y)
    weights = [layer.weight for layer in net.layers]
    found = torch.autograd.grad(loss, streams + weights)
    return torch.stack([g.square().mean().sqrt() for g in found]).tolist()


def main():
    import statistics
    training = Training(*(a.removeprefix("--optimizer=") for a in sys.argv[2:] if a.startswith("--optimizer=")))
    if sys.argv[1] == "--grid":
        jobs = [(cell, seed) for cell in common.grid(sys.argv[2]) for seed in range(1, cell["seeds"] + 1)]
        jobs.sort(key=lambda job: -job[0]["depth"])
    else:
        cell = json.loads(sys.argv[1])
        jobs = [(cell, seed) for seed in range(1, cell["seeds"] + 1)]
    answers, seconds = common.in_two_processes(training, jobs)
    medians = [statistics.median(losses) for losses in zip(*answers)]
    print(json.dumps({"seconds": seconds, "compile_seconds": 0.0, "runs": len(jobs), "train_loss": medians[0], "test_loss": medians[1]}))


if __name__ == "__main__":
    main()
