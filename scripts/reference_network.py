"""Our network and its losses, written in PyTorch as src/model and src/ops have them."""

import math

import torch
import torch.nn.functional as F

import reference_convolution as convolution

# What differs from the family's usual default, by kind.
OF_KIND = {
    "gd": {"lr": 0.1}, "sgd": {"lr": 0.1}, "momentum": {"lr": 0.01}, "nesterov": {"lr": 0.01},
    "adagrad": {"lr": 0.01, "eps": 1e-10}, "adadelta": {"lr": 1.0, "rho": 0.9, "eps": 1e-6}, "rmsprop": {"momentum": 0.0},
    "adamax": {"lr": 0.002}, "nadam": {"lr": 0.002}, "lion": {"lr": 1e-4, "beta2": 0.99}, "rprop": {"lr": 0.01},
}
DEFAULTS = {
    "bias": True, "norm": "none", "norm.place": "before", "norm.eps": 1e-5, "norm.momentum": 0.1, "norm.affine": True,
    "residual": "none", "residual.scale": "1/sqrt(depth)", "residual.transform_bias": -2.0, "output_activation": "identity",
    "optimizer.lr": 0.001, "optimizer.momentum": 0.9, "optimizer.rho": 0.99, "optimizer.beta1": 0.9,
    "optimizer.beta2": 0.999, "optimizer.eps": 1e-8, "optimizer.centered": False, "optimizer.momentum_decay": 0.004,
    "optimizer.shrink": 0.5, "optimizer.grow": 1.2, "optimizer.min_step": 1e-6, "optimizer.max_step": 50.0,
    "loss.delta": 1.0, "loss.label_smoothing": 0.0, "loss.class_weights": None,
    "l2": 0.0, "weight_decay": 0.0, "decay_all": False, "clip.norm": None, "clip.value": None,
    "schedule": "constant", "schedule.every": 100, "schedule.factor": 0.1, "schedule.rate": 0.01, "schedule.warmup": 0, "schedule.patience": 10, "schedule.threshold": 1e-4,
    "schedule.power": 1.0, "schedule.period": None, "schedule.growth": 1, "schedule.rise": 0.3, "schedule.first": 0.04,
    "activation.alpha": 1.0,
}


def setting(s, key):
    """The value of a key: the case's own, else our default."""
    if key in s:
        return s[key]
    if key == "activation.slope":
        return 0.25 if s["activation"] == "prelu" else 0.01
    family, _, option = key.partition(".")
    if family == "optimizer" and option in OF_KIND.get(s["optimizer.kind"], {}):
        return OF_KIND[s["optimizer.kind"]][option]
    if key == "weight_decay" and s.get("optimizer.kind") == "adamw":
        return 0.01
    if key == "schedule.final":
        return {"exponential": 0.01, "one_cycle": 4e-6}.get(s["schedule"], 0.0)
    return DEFAULTS[key]


def softplus(z):
    # F.softplus switches to the identity above 20, an error of 2e-9.
    return torch.logaddexp(z, torch.zeros_like(z))


ACTIVATIONS = {
    "identity": lambda z, s: z * 1.0,
    "sigmoid": lambda z, s: torch.sigmoid(z),
    "tanh": lambda z, s: torch.tanh(z),
    "hard_tanh": lambda z, s: F.hardtanh(z),
    "softsign": lambda z, s: F.softsign(z),
    "softplus": lambda z, s: softplus(z),
    "relu": lambda z, s: torch.relu(z),
    "leaky_relu": lambda z, s: F.leaky_relu(z, setting(s, "activation.slope")),
    "elu": lambda z, s: F.elu(z, setting(s, "activation.alpha")),
    "selu": lambda z, s: F.selu(z),
    "gelu": lambda z, s: F.gelu(z),
    "silu": lambda z, s: F.silu(z),
    "mish": lambda z, s: z * torch.tanh(softplus(z)),
    "erf": lambda z, s: torch.erf(z),
    "relu6": lambda z, s: F.relu6(z),
    # F.hardsigmoid has the slope 1/6 in f32 whatever the type.
    "hard_sigmoid": lambda z, s: F.relu6(z + 3.0) / 6.0,
    "sine": lambda z, s: torch.sin(z),
    # The slope of a net is a parameter; this is what it starts at.
    "prelu": lambda z, s: F.prelu(z, torch.as_tensor([setting(s, "activation.slope")], dtype=z.dtype)),
}


def widths(s):
    """Units of each hidden layer; of a convolutional net its channels."""
    if convolution.are_there(s):
        return [s["network.channels"]] * s["depth"]
    return [int(width) for width in s["widths"]] if "widths" in s else [s["width"]] * s["depth"]


def shapes(s, features, outputs):
    """Name and shape of every parameter, in our order."""
    out, fan_in = {}, features
    for l, width in enumerate(widths(s), 1):
        out[f"layer{l}.weight"] = (fan_in, width)
        if setting(s, "bias"):
            out[f"layer{l}.bias"] = (width,)
        if setting(s, "norm") != "none" and setting(s, "norm.affine"):
            out[f"layer{l}.norm.gain"] = (width,)
            if setting(s, "norm") != "rms":
                out[f"layer{l}.norm.shift"] = (width,)
        form = setting(s, "residual")
        if form in ("pre_activation", "post_activation") and setting(s, "residual.scale") == "learned_zero" and l >= 2:
            out[f"layer{l}.scale"] = (1,)
        if s["activation"] == "prelu":
            out[f"layer{l}.slope"] = (1,)
        if form == "highway" and l >= 2:
            out[f"layer{l}.gate.weight"] = (width, width)
            out[f"layer{l}.gate.bias"] = (width,)
        fan_in = width
    out["output.weight"] = (fan_in, outputs)
    if setting(s, "bias"):
        out["output.bias"] = (outputs,)
    return out


def fresh_running(s, dtype):
    """Running mean 0 and variance 1 for every batch norm."""
    normed = widths(s) if setting(s, "norm") == "batch" else []
    return [(torch.zeros(n, dtype=dtype), torch.ones(n, dtype=dtype)) for n in normed]


def forward(s, p, x, running=None, training=True, nudge=None, seen=None, masks=None):
    """Outputs after output_activation. `running` is read in evaluation mode and updated in training mode;
    `nudge[("stream" | "delta", l)]` is added to h_l or z_l, which makes its gradient dL/dh_l or dL/dz_l;
    `masks[l]` is what dropout multiplies by; `seen[("z" | "a" | "h" | "branch", l)]` receives z_l, phi(z_l), h_l and what a skip adds to, before its scale."""
    nudge, masks, seen = nudge or {}, masks or {}, {} if seen is None else seen
    kind, place, eps = setting(s, "norm"), setting(s, "norm.place"), setting(s, "norm.eps")
    form, scale = setting(s, "residual"), setting(s, "residual.scale")

    def scaled(h, gain, shift):
        """Each unit by its own numbers, at every position."""
        units = h if gain is None and shift is None else h.view(len(h), -1, len(shift if gain is None else gain))
        units = units if gain is None else units * gain
        return (units if shift is None else units + shift).flatten(1)

    def affine(h, layer, l=None):
        weight = p[f"{layer}.weight"]
        u = h @ weight if weight.ndim == 2 else convolution.convolve(s, h, weight, l)
        return scaled(u, None, p.get(f"{layer}.bias"))

    def norm(h, l, here):
        if kind == "none" or place != here:
            return h
        gain, shift = p.get(f"layer{l}.norm.gain"), p.get(f"layer{l}.norm.shift")
        if kind == "layer":
            return scaled(F.layer_norm(h, h.shape[1:], eps=eps), gain, shift)
        if kind == "rms":
            return scaled(F.rms_norm(h, h.shape[1:], eps=eps), gain, shift)
        mean, var = running[l - 1] if running else (None, None)
        units = h.view(-1, widths(s)[l - 1])
        return F.batch_norm(units, mean, var, gain, shift, training, setting(s, "norm.momentum"), eps).view(h.shape)

    def activate(h, l):
        z = seen["z", l] = norm(h, l, "before") + nudge.get(("delta", l), 0.0)
        if s["activation"] == "prelu":
            a = seen["a", l] = F.prelu(z, p[f"layer{l}.slope"])
        else:
            a = seen["a", l] = ACTIVATIONS[s["activation"]](z, s)
        return norm(a, l, "after") * masks.get(l, 1.0)

    def branch(l):
        if scale == "learned_zero":
            return p[f"layer{l}.scale"]
        return 1.0 / math.sqrt(s["depth"]) if scale == "1/sqrt(depth)" else scale

    a = convolution.flat(x) if convolution.are_there(s) else x
    for l in range(1, len(widths(s)) + 1):
        u = seen["branch", l] = affine(a, f"layer{l}", l)
        past = convolution.passed_by(s, h, l) if l > 1 else None
        if form == "pre_activation":
            h = seen["h", l] = (u if l == 1 else past + branch(l) * u) + nudge.get(("stream", l), 0.0)
            a = activate(h, l)
        else:
            b = seen["branch", l] = activate(u, l)
            if form == "none" or l == 1:
                h = b
            elif form == "highway":
                gate = torch.sigmoid(affine(h, f"layer{l}.gate", l))
                h = gate * b + (1 - gate) * past
            else:
                h = past + branch(l) * b
            a = h = seen["h", l] = h + nudge.get(("stream", l), 0.0)
    y = affine(a, "output")
    last = setting(s, "output_activation")
    own = {key.replace("output_activation", "activation"): value for key, value in s.items() if key.startswith("output_activation")}
    return y if last == "identity" else ACTIVATIONS[last](y, own)


ELEMENTWISE = {
    "mse": lambda y, t, s: (y - t) ** 2,
    "mae": lambda y, t, s: F.l1_loss(y, t, reduction="none"),
    "huber": lambda y, t, s: F.huber_loss(y, t, reduction="none", delta=setting(s, "loss.delta")),
    "binary_cross_entropy": lambda y, t, s: F.binary_cross_entropy_with_logits(y, t, reduction="none"),
}


def of_answers(target, y):
    """The targets of rows, one below the other, for as many answers as `y` has: a row's one target holds at each of its time steps; of
    one for each step that of the last is taken where `y` has one answer a row."""
    rows, width = len(target), y.shape[1] if target.is_floating_point() else 1
    target, given = target.reshape(rows, -1, width), len(y) // len(target)
    asked = target.shape[1]
    target = target if given == asked else target.expand(rows, given, width) if asked == 1 else target[:, -1:]
    return target.reshape(-1, width) if target.is_floating_point() else target.flatten()


def loss_of(s, y, batch):
    """Mean over samples (cross_entropy, hinge), or over samples and outputs (the others; classes as one-hot rows). With class weights
    the sum of the samples' losses times their weights over the sum of the weights."""
    batch = {what: of_answers(batch[what], y) for what in ("classes", "values") if what in batch}
    weights = setting(s, "loss.class_weights")
    weights = None if weights is None else torch.as_tensor(weights, dtype=y.dtype)
    if s["loss"] == "cross_entropy":
        smoothing = setting(s, "loss.label_smoothing")
        return F.cross_entropy(y, batch["classes"], weight=weights, label_smoothing=smoothing)
    if s["loss"] == "hinge":
        own = F.one_hot(batch["classes"], y.shape[1]).bool()
        each = (1.0 + y.masked_fill(own, -math.inf).max(dim=1).values - y[own]).clamp_min(0.0)
    else:
        target = batch["values"] if "values" in batch else F.one_hot(batch["classes"], y.shape[1]).to(y.dtype)
        each = ELEMENTWISE[s["loss"]](y, target, s)
    if weights is None:
        return each.mean()
    own = weights[batch["classes"]]
    return (own * each.reshape(len(own), -1).mean(dim=1)).sum() / own.sum()
