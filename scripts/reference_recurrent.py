"""Our recurrent networks, written in PyTorch as src/model/recurrent and src/ops/recurrent have them: one cell after the other, so
that every dL/dh_t can be seen."""

import torch
import torch.nn.functional as F

from reference_network import ACTIVATIONS, setting

# The columns of a matrix, gate by gate: what each is put through.
GATES = {"rnn": 1, "lstm": 4, "gru": 3}


def argument(s, p, l, gate, v):
    """Of a gate's nonlinearity, from the sum of its products: with a norm PyTorch's own, whose shift is the gate's bias."""
    kind, n = setting(s, "norm"), v.shape[1]
    if kind == "none":
        return v
    gain, bias = (p[name][gate * n:(gate + 1) * n] if name in p else None for name in (f"layer{l}.norm.gain", f"layer{l}.bias"))
    if kind == "layer":
        return F.layer_norm(v, (n,), gain, bias, s["norm.eps"])
    v = F.rms_norm(v, (n,), gain, s["norm.eps"])
    return v if bias is None else v + bias


def forward(s, p, x, last_step=False, nudge=None, seen=None, masks=None):
    """Outputs for x [rows, time, features]. `last_step`: read out at the last step alone, without truncation, as a probe does.
    `nudge[("stream" | "cell_stream" | "delta", layer, time)]` is added to h, c or z, which makes its gradient dL/dh, dL/dc, dL/dz;
    `seen[(what, layer, time)]` receives z, a, h, c and the gates; a step whose inputs are infinite is padding, before which nothing is; `masks[(layer, time)]` is what dropout multiplies h by for the layer above."""
    nudge, seen, masks = nudge or {}, {} if seen is None else seen, masks or {}
    kind, n = s["network"], s["width"]
    steps = x.shape[1]
    truncation = None if last_step else s.get("network.bptt")
    there = (x[:, :, :1] != torch.inf).to(x.dtype)
    inputs = [torch.where(x[:, t] == torch.inf, 0.0, x[:, t]) for t in range(steps)]
    for l in range(1, s["depth"] + 1):
        h = torch.zeros(len(x), n, dtype=x.dtype)
        c = torch.zeros_like(h)
        outputs, is_normed = [], setting(s, "norm") != "none"
        for t, below in enumerate(inputs):
            at = (l, t + 1)
            own = below * masks.get((l - 1, t + 1), 1.0)
            if truncation and t > 0 and (steps - t) % truncation == 0:
                h, c = h.detach(), c.detach()
            u = own @ p[f"layer{l}.input.weight"]
            u = u + p[f"layer{l}.bias"] if f"layer{l}.bias" in p and not is_normed else u
            past = h @ p[f"layer{l}.recurrent.weight"]
            gate = lambda of, k: of[:, k * n:(k + 1) * n]
            if kind == "rnn":
                z = seen["z", *at] = argument(s, p, l, 0, u + past) + nudge.get(("delta", *at), 0.0)
                h = seen["a", *at] = ACTIVATIONS[s["activation"]](z, s) * there[:, t]
            elif kind == "lstm":
                i, f, o = (torch.sigmoid(argument(s, p, l, k, gate(u + past, k))) for k in (0, 1, 3))
                g = torch.tanh(argument(s, p, l, 2, gate(u + past, 2)))
                seen["gates", *at] = torch.cat([i, f, g, o], 1)
                c = seen["c", *at] = (f * c + i * g + nudge.get(("cell_stream", *at), 0.0)) * there[:, t]
                h = o * torch.tanh(c)
            else:
                r, z = (torch.sigmoid(argument(s, p, l, k, gate(u + past, k))) for k in (0, 1))
                new = torch.tanh(argument(s, p, l, 2, gate(u, 2) + r * gate(past, 2)))
                seen["gates", *at] = torch.cat([r, z, new], 1)
                h = (1 - z) * new + z * h
            h = seen["h", *at] = (h + nudge.get(("stream", *at), 0.0)) * there[:, t]
            outputs.append(h + below if l > 1 and s.get("residual") == "identity" else h)
        inputs = outputs
    read_out = "last" if last_step else s.get("network.read_out")
    read = {"last": lambda h: h[:, -1], "mean": lambda h: h.sum(1) / there.sum(1), "every": lambda h: h.flatten(0, 1)}[read_out](torch.stack(inputs, 1))
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
