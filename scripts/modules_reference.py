#!/usr/bin/env python3
"""Trains nets of torch.nn.Conv2d, BatchNorm2d and GroupNorm, and of torch.nn.TransformerEncoderLayer, for 8 steps, and writes the
numbers that tests/numbers/pytorch_modules.rs holds ours against.

    pip install -r scripts/requirements.txt
    python3 scripts/modules_reference.py      # writes tests/fixtures/pytorch_modules.json.gz, the same bytes each time

PyTorch's attention has a bias of the keys, which the softmax takes no notice of; ours has none. A convolution before batch norm has no
bias, whose gradient would be rounding noise. f64, on one thread.
"""

import zlib
from itertools import product
from pathlib import Path

import numpy as np
import torch
from recurrent_reference import drawn, write
from torch import nn

FIXTURE = Path("tests/fixtures/pytorch_modules.json.gz")
# After more updates single precision drifts: a ReLU net in 20 by 1.6e-4.
ROWS, OUTPUTS, UPDATES = 4, 3, 8
# Both sides odd: where only one is, candle makes the gradient of a convolution with stride 2 a column too wide.
IMAGE, CHANNELS, DEPTH = (2, 5, 7), 3, 2
TOKENS, FEATURES, WIDTH, HEADS, FACTOR = 5, 3, 6, 2, 2

ACTIVATIONS = {"relu": nn.ReLU, "tanh": nn.Tanh}
NORMS = {"none": nn.Identity, "batch": lambda: nn.BatchNorm2d(CHANNELS), "layer": lambda: nn.GroupNorm(1, CHANNELS)}
# From PyTorch's order of a parameter's axes to ours.
matrix = lambda tensor: tensor.T
kernel = lambda tensor: tensor.permute(2, 3, 1, 0)
as_it_is = lambda tensor: tensor


class Conv(nn.Module):
    """Stage two begins with a stride of 2."""

    def __init__(self, norm, activation, padding, stages):
        super().__init__()
        mode = {"zero": "zeros", "circular": "circular"}[padding]
        (channels, *size), layers = IMAGE, []
        self.named = {}
        for l in range(DEPTH):
            stride = 2 if stages == 2 and l == 1 else 1
            conv = nn.Conv2d(channels, CHANNELS, 3, stride, 1, padding_mode=mode, bias=norm != "batch")
            own = NORMS[norm]()
            layers += [conv, own, ACTIVATIONS[activation]()]
            channels, size = CHANNELS, [-(-side // stride) for side in size]
            name = f"layer{l + 1}"
            self.named[f"{name}.weight"] = (conv.weight, kernel)
            if norm != "batch":
                self.named[f"{name}.bias"] = (conv.bias, as_it_is)
            if norm != "none":
                self.named |= {f"{name}.norm.gain": (own.weight, as_it_is), f"{name}.norm.shift": (own.bias, as_it_is)}
        self.layers = nn.Sequential(*layers)
        self.output = nn.Linear(CHANNELS * size[0] * size[1], OUTPUTS, bias=norm != "batch")
        self.named["output.weight"] = (self.output.weight, matrix)
        if norm != "batch":
            self.named["output.bias"] = (self.output.bias, as_it_is)

    def forward(self, x):
        return self.output(self.layers(x).permute(0, 2, 3, 1).flatten(1))


class Transformer(nn.Module):
    def __init__(self, place, activation, causal, read_out):
        super().__init__()
        self.embedding, self.positions = nn.Linear(FEATURES, WIDTH), nn.Parameter(torch.zeros(TOKENS, WIDTH))
        block = lambda: nn.TransformerEncoderLayer(
            WIDTH, HEADS, FACTOR * WIDTH, 0.0, activation, batch_first=True, norm_first=place == "pre"
        )
        self.blocks = nn.ModuleList(block() for _ in range(DEPTH))
        self.norm = nn.LayerNorm(WIDTH) if place == "pre" else nn.Identity()
        self.output = nn.Linear(WIDTH, OUTPUTS)
        self.mask = nn.Transformer.generate_square_subsequent_mask(TOKENS) if causal else None
        self.read_out = read_out
        self.named = {"positions": (self.positions, as_it_is)}
        self.add_affine("embedding", self.embedding)
        for l, block in enumerate(self.blocks):
            attention = block.self_attn
            for k, what in enumerate(("query", "key", "value")):
                part = lambda tensor, k=k: tensor[k * WIDTH : (k + 1) * WIDTH]
                name = f"layer{l + 1}.attention.{what}"
                self.named[f"{name}.weight"] = (attention.in_proj_weight, lambda tensor, part=part: part(tensor).T)
                if what != "key":
                    self.named[f"{name}.bias"] = (attention.in_proj_bias, part)
            self.add_affine(f"layer{l + 1}.attention.projection", attention.out_proj)
            self.add_affine(f"layer{l + 1}.feed_forward.first", block.linear1)
            self.add_affine(f"layer{l + 1}.feed_forward.second", block.linear2)
            self.add_norm(f"layer{l + 1}.attention", block.norm1)
            self.add_norm(f"layer{l + 1}.feed_forward", block.norm2)
        if place == "pre":
            self.add_norm("output", self.norm)
        self.add_affine("output", self.output)

    def add_affine(self, name, module):
        self.named |= {f"{name}.weight": (module.weight, matrix), f"{name}.bias": (module.bias, as_it_is)}

    def add_norm(self, name, module):
        self.named |= {f"{name}.norm.gain": (module.weight, as_it_is), f"{name}.norm.shift": (module.bias, as_it_is)}

    def forward(self, x):
        h = self.embedding(x) + self.positions
        for block in self.blocks:
            h = block(h, src_mask=self.mask)
        h = self.norm(h)
        return self.output(h[:, -1] if self.read_out == "last" else h.mean(1))


def conv_cases():
    for norm, activation, padding, stages in product(NORMS, ACTIVATIONS, ("zero", "circular"), (1, 2)):
        settings = {
            "network": "conv", "network.channels": CHANNELS, "network.padding": padding, "network.stages": stages,
            "depth": DEPTH, "activation": activation, "norm": norm, "bias": norm != "batch",
        }  # fmt: skip
        yield Conv(norm, activation, padding, stages), IMAGE, settings


def transformer_cases():
    choices = product(("pre", "post"), ("relu", "gelu"), (False, True), ("mean", "last"))
    for place, activation, causal, read_out in choices:
        settings = {
            "network": "transformer", "network.heads": HEADS, "network.feed_forward": FACTOR, "network.causal": causal,
            "network.read_out": read_out, "depth": DEPTH, "width": WIDTH, "activation": activation, "norm": "layer",
            "norm.place": place,
        }  # fmt: skip
        yield Transformer(place, activation, causal, read_out), (TOKENS, FEATURES), settings


def case(net, shape, settings):
    name = ", ".join(str(value) for value in settings.values())
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    gains = [m.weight for m in net.modules() if isinstance(m, (nn.BatchNorm2d, nn.GroupNorm, nn.LayerNorm))]
    for tensor in net.parameters():
        around = 1.0 if any(tensor is gain for gain in gains) else 0.0
        deviation = 0.2 if tensor.dim() == 1 else tensor[0].numel() ** -0.5
        tensor.data = torch.tensor(around + drawn(rng, tuple(tensor.shape), deviation))
    for module in net.modules():
        if isinstance(module, nn.MultiheadAttention):
            module.in_proj_bias.data[WIDTH : 2 * WIDTH] = 0.0
    listed = lambda of: {n: view(of(t)).detach().flatten().tolist() for n, (t, view) in net.named.items()}
    parameters = listed(lambda tensor: tensor)
    batches = [
        (torch.tensor(drawn(rng, (ROWS, *shape), 1.0)), torch.tensor(rng.integers(0, OUTPUTS, ROWS))) for _ in range(3)
    ]
    optimizer = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9)
    losses = []
    net.train()
    for step in range(UPDATES + 1):
        x, y = batches[step % len(batches)]
        value = nn.functional.cross_entropy(net(x), y)
        losses.append(value.item())
        if step == UPDATES:
            break
        optimizer.zero_grad()
        value.backward()
        if step == 0:
            gradients = listed(lambda tensor: tensor.grad)
        optimizer.step()
    return {
        "name": name,
        "settings": {**settings, "loss": "cross_entropy"},
        "input": shape,
        "outputs": OUTPUTS,
        "parameters": parameters,
        "batches": [{"x": x.flatten().tolist(), "y": y.tolist()} for x, y in batches],
        "gradients": gradients,
        "losses": losses,
        "after_last": listed(lambda tensor: tensor),
    }


def main():
    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)
    write(FIXTURE, [case(*own) for make in (conv_cases, transformer_cases) for own in make()])


if __name__ == "__main__":
    main()
