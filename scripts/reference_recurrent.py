"""Our recurrent networks, written in PyTorch as src/model/recurrent and src/ops/recurrent have them: one cell after the other, so
that every dL/dh_t can be seen."""

import torch

from reference_network import ACTIVATIONS, setting

# The columns of a matrix, gate by gate: what each is put through.
GATES = {"rnn": 1, "lstm": 4, "gru": 3}


def forward(s, p, x, last_step=False, nudge=None, seen=None):
    """Outputs for x [rows, time, features]. `last_step`: read out at the last step alone, without truncation, as a probe does.
    `nudge[("stream" | "cell_stream" | "delta", layer, time)]` is added to h, c or z, which makes its gradient dL/dh, dL/dc, dL/dz;
    `seen[(what, layer, time)]` receives z, a, h, c and the gates."""
    nudge, seen = nudge or {}, {} if seen is None else seen
    kind, n = s["network"], s["width"]
    steps = x.shape[1]
    truncation = None if last_step else s.get("network.bptt")
    inputs = [x[:, t] for t in range(steps)]
    for l in range(1, s["depth"] + 1):
        h = torch.zeros(len(x), n, dtype=x.dtype)
        c = torch.zeros_like(h)
        outputs = []
        for t, own in enumerate(inputs):
            at = (l, t + 1)
            if truncation and t > 0 and (steps - t) % truncation == 0:
                h, c = h.detach(), c.detach()
            u = own @ p[f"layer{l}.input.weight"]
            u = u + p[f"layer{l}.bias"] if f"layer{l}.bias" in p else u
            past = h @ p[f"layer{l}.recurrent.weight"]
            gate = lambda of, k: of[:, k * n:(k + 1) * n]
            if kind == "rnn":
                z = seen["z", *at] = u + past + nudge.get(("delta", *at), 0.0)
                h = seen["a", *at] = ACTIVATIONS[s["activation"]](z, s)
            elif kind == "lstm":
                i, f, o = (torch.sigmoid(gate(u + past, k)) for k in (0, 1, 3))
                g = torch.tanh(gate(u + past, 2))
                seen["gates", *at] = torch.cat([i, f, g, o], 1)
                c = seen["c", *at] = f * c + i * g + nudge.get(("cell_stream", *at), 0.0)
                h = o * torch.tanh(c)
            else:
                r, z = (torch.sigmoid(gate(u + past, k)) for k in (0, 1))
                new = torch.tanh(gate(u, 2) + r * gate(past, 2))
                seen["gates", *at] = torch.cat([r, z, new], 1)
                h = (1 - z) * new + z * h
            h = seen["h", *at] = h + nudge.get(("stream", *at), 0.0)
            outputs.append(h)
        inputs = outputs
    read_out = "last" if last_step else s.get("network.read_out")
    read = {"last": lambda h: h[:, -1], "mean": lambda h: h.mean(1), "every": lambda h: h.flatten(0, 1)}[read_out](torch.stack(inputs, 1))
    y = read @ p["output.weight"]
    y = y + p["output.bias"] if "output.bias" in p else y
    kind = setting(s, "output_activation")
    own = {key.replace("output_activation", "activation"): value for key, value in s.items() if key.startswith("output_activation.")}
    return y if kind == "identity" else ACTIVATIONS[kind](y, own)


def sites(s, steps):
    return [(l, t) for l in range(1, s["depth"] + 1) for t in range(1, steps + 1)]


def streams(s):
    """What has a gradient at a site, by its names in a trace."""
    return {"rnn": ("stream", "delta"), "lstm": ("stream", "cell_stream"), "gru": ("stream",)}[s["network"]]
