"""Our transformer, written in PyTorch as src/model/transformer has it, with PyTorch's own attention and norms."""

import torch
import torch.nn.functional as F

from reference_network import ACTIVATIONS, setting

# What has a gradient at a block, by its names in a trace.
STREAMS = ("attended_stream", "delta", "stream")


def sinusoids(tokens, width):
    t, i = torch.arange(tokens).unsqueeze(1), torch.arange(width).unsqueeze(0)
    angle = t / 10000.0 ** (2 * (i // 2) / width)
    return torch.where(i % 2 == 0, angle.sin(), angle.cos())


def forward(s, p, x, nudge=None, seen=None):
    """Outputs for x [rows, tokens, features]. `nudge[(what, layer)]`, what of STREAMS, is added to the stream after attention, to z or
    to h, which makes its gradient that of the trace; `seen[(what, layer)]` receives z, a, h, attended, attention and, for the scale of
    a learned branch, its two outputs."""
    nudge, seen = nudge or {}, {} if seen is None else seen
    n, heads, depth = s["width"], s["network.heads"], s["depth"]
    kind, place, branch = s["norm"], s.get("norm.place"), s["network.branch_scale"]
    affine = lambda name, v: F.linear(v, p[f"{name}.weight"].T, p.get(f"{name}.bias"))

    def norm(name, v):
        gain, shift = p.get(f"{name}.norm.gain"), p.get(f"{name}.norm.shift")
        eps = s["norm.eps"]
        return F.layer_norm(v, (n,), gain, shift, eps) if kind == "layer" else F.rms_norm(v, (n,), gain, eps)

    def joined(layer, name, h, f):
        seen.setdefault(("branches", layer), []).append(f)
        if branch == "learned_zero":
            total = h + p[f"layer{layer}.scale"] * f
        elif branch == "deepnorm":
            total = (2 * depth) ** 0.25 * h + f
        else:
            total = h + (depth**-0.5 if branch == "1/sqrt(depth)" else branch) * f
        return norm(name, total) if place == "post" else total

    h = affine("embedding", x)
    if "class_token" in p:
        h = torch.cat([h, p["class_token"].expand(len(x), 1, n)], 1)
    tokens = h.shape[1]
    if s["network.positions"] == "learned":
        h = h + p["positions"]
    elif s["network.positions"] == "sinusoidal":
        h = h + sinusoids(tokens, n)
    for layer in range(1, depth + 1):
        name = f"layer{layer}.attention"
        v = norm(name, h) if place == "pre" else h
        q, k, v = (affine(f"{name}.{what}", v).unflatten(2, (heads, n // heads)).transpose(1, 2) for what in ("query", "key", "value"))
        mixed = F.scaled_dot_product_attention(q, k, v, is_causal=s["network.causal"]).transpose(1, 2).flatten(2)
        scores = q @ k.transpose(2, 3) / (n // heads) ** 0.5
        if s["network.causal"]:
            scores = scores.masked_fill(torch.ones(tokens, tokens).triu(1).bool(), -torch.inf)
        seen["attention", layer] = scores.softmax(3)
        h = joined(layer, name, h, affine(f"{name}.projection", mixed)) + nudge.get(("attended_stream", layer), 0.0)
        seen["attended", layer] = h
        name = f"layer{layer}.feed_forward"
        z = affine(f"{name}.first", norm(name, h) if place == "pre" else h) + nudge.get(("delta", layer), 0.0)
        a = ACTIVATIONS[s["activation"]](z, s)
        h = joined(layer, name, h, affine(f"{name}.second", a)) + nudge.get(("stream", layer), 0.0)
        seen["z", layer], seen["a", layer], seen["h", layer] = z, a, h
    h = norm("output", h) if place == "pre" else h
    read_out = s["network.read_out"]
    y = affine("output", h.mean(1) if read_out == "mean" else h.flatten(0, 1) if read_out == "every" else h[:, -1])
    kind = setting(s, "output_activation")
    own = {key.replace("output_activation", "activation"): value for key, value in s.items() if key.startswith("output_activation.")}
    return y if kind == "identity" else ACTIVATIONS[kind](y, own)


def sizes(s, x):
    """What a nudge has to fit, by its name: numbers of all tokens of a row."""
    tokens = x.shape[1] + (s["network.read_out"] == "class_token")
    width = s["width"]
    return {"attended_stream": (tokens, width), "delta": (tokens, width * s["network.feed_forward"]), "stream": (tokens, width)}
