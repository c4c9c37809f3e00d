"""What is pinned: the settings, initial parameters and batches of every case."""

import math
import zlib

import numpy as np
import torch

from reference_network import ACTIVATIONS, ELEMENTWISE, setting, shapes
from reference_run import learning_rate


def make_case(name, settings, features, outputs, batches, gain=1.0, rows=None):
    """Draws parameters and batches, as multiples of 1/1024: exact in f32 and f64, and short in the file.
    The name seeds the draw."""
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    draw = lambda shape, sd, mean=0.0: np.round(1024 * (mean + sd * rng.standard_normal(shape))) / 1024
    settings = dict(settings)
    rows = rows or settings["batch"]
    parameters = {}
    for n, shape in shapes(settings, features, outputs).items():
        if n.endswith(".weight"):
            parameters[n] = draw(shape, gain / math.sqrt(shape[0]))
        elif n.endswith(".scale"):
            parameters[n] = np.zeros(shape)
        else:
            means = {"slope": "activation.slope", "gate.bias": "residual.transform_bias"}
            mean = [setting(settings, key) for end, key in means.items() if n.endswith(f".{end}")]
            parameters[n] = draw(shape, 0.2, 1.0 if n.endswith(".gain") else sum(mean))
    if settings["loss"] == "binary_cross_entropy" and not settings.get("one_hot"):
        target = lambda: {"values": rng.integers(0, 2, (rows, outputs)).astype(float)}
    elif settings["loss"] in ELEMENTWISE and not settings.get("one_hot"):
        target = lambda: {"values": draw((rows, outputs), 0.5)}
    else:
        target = lambda: {"classes": rng.integers(0, outputs, rows)}
    settings.pop("one_hot", None)
    drawn = [{"x": draw((rows, features), 1.0), **target()} for _ in range(batches)]
    return {"name": name, "settings": settings, "features": features, "outputs": outputs,
            "steps": settings["steps"], "parameters": parameters, "batches": drawn}


def optimizer_cases():
    """Every rule and what surrounds it, 50 steps on a small tanh net."""
    base = {"depth": 3, "width": 10, "activation": "tanh", "loss": "cross_entropy", "batch": 16, "steps": 50}
    small = {"depth": 2, "width": 6}
    table = {
        "gd": {"optimizer.kind": "gd", "optimizer.lr": 0.5, "batch": "full"},
        "sgd": {"optimizer.kind": "sgd", "optimizer.lr": 0.3},
        "momentum": {"optimizer.kind": "momentum", "optimizer.lr": 0.05},
        "nesterov": {"optimizer.kind": "nesterov", "optimizer.lr": 0.05},
        "adagrad": {"optimizer.kind": "adagrad", "optimizer.lr": 0.05},
        "rmsprop": {"optimizer.kind": "rmsprop", "optimizer.lr": 0.005},
        "adam": {"optimizer.kind": "adam", "optimizer.lr": 0.01},
        "adamw": {"optimizer.kind": "adamw", "optimizer.lr": 0.01, "weight_decay": 0.5},
    } | {kind: {**small, "optimizer.kind": kind, "optimizer.lr": lr} for kind, lr in (
        ("adadelta", 2.0), ("amsgrad", 0.01), ("adamax", 0.01), ("nadam", 0.01), ("radam", 0.02), ("lion", 0.003), ("rprop", 0.005),
    )}
    plain = lambda own: {k: v for k, v in own.items() if k not in ("optimizer.lr", "weight_decay")}
    defaults = {f"{kind}_default_lr": plain(own) for kind, own in table.items() if kind != "gd"}
    table |= defaults
    table |= {
        # Settings far from their defaults, so that an eps in the wrong place or a swapped beta shows.
        "momentum_half": {"optimizer.kind": "momentum", "optimizer.lr": 0.1, "optimizer.momentum": 0.5},
        "nesterov_half": {"optimizer.kind": "nesterov", "optimizer.lr": 0.1, "optimizer.momentum": 0.5},
        "adagrad_eps": {"optimizer.kind": "adagrad", "optimizer.lr": 0.05, "optimizer.eps": 0.01},
        "rmsprop_rho_eps": {"optimizer.kind": "rmsprop", "optimizer.lr": 0.01, "optimizer.rho": 0.8, "optimizer.eps": 0.01},
        "adam_betas_eps": {"optimizer.kind": "adam", "optimizer.lr": 0.02, "optimizer.beta1": 0.7, "optimizer.beta2": 0.95,
                           "optimizer.eps": 0.01},
        "adadelta_rho_eps": {**small, "optimizer.kind": "adadelta", "optimizer.rho": 0.7, "optimizer.eps": 1e-3},
        "rmsprop_centered": {**small, "optimizer.kind": "rmsprop", "optimizer.lr": 0.005, "optimizer.centered": True},
        "rmsprop_momentum": {**small, "optimizer.kind": "rmsprop", "optimizer.lr": 0.002, "optimizer.momentum": 0.8},
        "rmsprop_centered_momentum": {**small, "optimizer.kind": "rmsprop", "optimizer.lr": 0.002, "optimizer.rho": 0.9,
                                      "optimizer.centered": True, "optimizer.momentum": 0.5, "optimizer.eps": 0.01},
        "amsgrad_betas_eps": {**small, "optimizer.kind": "amsgrad", "optimizer.lr": 0.02, "optimizer.beta1": 0.7,
                              "optimizer.beta2": 0.8, "optimizer.eps": 0.01},
        "adamax_betas_eps": {**small, "optimizer.kind": "adamax", "optimizer.lr": 0.02, "optimizer.beta1": 0.7,
                             "optimizer.beta2": 0.8, "optimizer.eps": 0.01},
        "nadam_betas_decay": {**small, "optimizer.kind": "nadam", "optimizer.lr": 0.02, "optimizer.beta1": 0.7,
                              "optimizer.beta2": 0.95, "optimizer.eps": 0.01, "optimizer.momentum_decay": 0.5},
        "radam_betas_eps": {**small, "optimizer.kind": "radam", "optimizer.lr": 0.02, "optimizer.beta1": 0.7,
                            "optimizer.beta2": 0.95, "optimizer.eps": 0.01},
        "lion_betas": {**small, "optimizer.kind": "lion", "optimizer.lr": 0.005, "optimizer.beta1": 0.5, "optimizer.beta2": 0.8},
        "rprop_constants": {**small, "optimizer.kind": "rprop", "optimizer.lr": 0.02, "optimizer.shrink": 0.3,
                            "optimizer.grow": 1.5, "optimizer.min_step": 1e-3, "optimizer.max_step": 0.05},
        "momentum_l2": {"optimizer.kind": "momentum", "optimizer.lr": 0.05, "l2": 0.05},
        "momentum_l2_decay_all": {"optimizer.kind": "momentum", "optimizer.lr": 0.05, "l2": 0.05, "decay_all": True},
        "sgd_l2_weight_decay": {"optimizer.kind": "sgd", "optimizer.lr": 0.2, "l2": 0.05, "weight_decay": 0.1},
        "adam_l2": {"optimizer.kind": "adam", "optimizer.lr": 0.01, "l2": 0.05},
        "adamw_decay_all": {"optimizer.kind": "adamw", "optimizer.lr": 0.01, "weight_decay": 0.5, "decay_all": True},
        "sgd_clip_norm": {"optimizer.kind": "sgd", "optimizer.lr": 0.3, "clip.norm": 0.5},
        "sgd_clip_value": {"optimizer.kind": "sgd", "optimizer.lr": 0.3, "clip.value": 0.05},
        "momentum_clip_norm_l2": {"optimizer.kind": "momentum", "optimizer.lr": 0.05, "clip.norm": 0.5, "l2": 0.05},
        "momentum_cosine_warmup": {"optimizer.kind": "momentum", "optimizer.lr": 0.1, "schedule": "cosine",
                                   "schedule.warmup": 5},
        "adamw_weight_decay_exponential": {"optimizer.kind": "adamw", "optimizer.lr": 0.02, "weight_decay": 0.5,
                                           "schedule": "exponential"},
        "momentum_batch_norm": {"optimizer.kind": "momentum", "optimizer.lr": 0.02, "norm": "batch"},
        "momentum_batch_norm_residual": {"optimizer.kind": "momentum", "optimizer.lr": 0.02, "norm": "batch",
                                         "residual": "pre_activation"},
        # No bias: Adam would turn the rounding noise of a bias before a batch norm into full steps.
        "adam_batch_norm": {"optimizer.kind": "adam", "optimizer.lr": 0.01, "norm": "batch", "bias": False},
    }
    for name, own in table.items():
        full = own.get("batch") == "full"
        yield make_case(name, {**base, **own}, 8, 4, 1 if full else 4, rows=48 if full else None)


BESIDE = {
    "plain": {}, "l2": {"l2": 0.5}, "weight decay": {"weight_decay": 0.5}, "clip norm": {"clip.norm": 20.0},
    "clip value": {"clip.value": 10.0},
    "all": {"l2": 0.5, "weight_decay": 0.5, "clip.norm": 20.0, "clip.value": 15.0},
}


def rosenbrock_cases():
    """Every rule with everything that composes with it, 50 steps on Rosenbrock's function."""
    rates = {
        "gd": 1e-3, "sgd": 5e-4, "momentum": 2e-4, "nesterov": 2e-4, "adagrad": 0.1, "adadelta": 1.0, "rmsprop": 0.01,
        "adam": 0.05, "amsgrad": 0.05, "adamw": 0.05, "adamax": 0.05, "nadam": 0.01, "radam": 0.001, "lion": 0.01, "rprop": 0.01,
    }
    rules = {kind: {"optimizer.kind": kind} for kind in rates}
    rules["rmsprop centered"] = {"optimizer.kind": "rmsprop", "optimizer.centered": True}
    rules["rmsprop momentum"] = {"optimizer.kind": "rmsprop", "optimizer.momentum": 0.5, "optimizer.lr": 0.002}
    for name, rule in rules.items():
        for beside, own in BESIDE.items():
            settings = {"optimizer.lr": rates[rule["optimizer.kind"]], **rule, **own}
            yield {"name": f"{name}, {beside}", "settings": settings, "steps": 50}


def architecture_cases():
    """Every place of the norm x skip x branch scale x affine x loss, and the corners; 5 momentum steps."""
    base = {"depth": 3, "width": 6, "activation": "tanh", "batch": 8, "steps": 5}
    base |= {"optimizer.kind": "momentum", "optimizer.lr": 0.05}
    table = {}
    norms = [(None, None)] + [(kind, place) for kind in ("batch", "layer", "rms") for place in ("before", "after")]
    for kind, place in norms:
        for form in ("none", "pre_activation", "post_activation", "highway"):
            for scale in (None,) if form in ("none", "highway") else (0.5, "1/sqrt(depth)", "learned_zero"):
                for affine in (None,) if kind is None else (True, False):
                    for loss in ("cross_entropy", "mse") if kind in (None, "batch") else ("cross_entropy",):
                        own = {"norm": kind, "norm.place": place, "residual": form, "residual.scale": scale}
                        own |= {"norm.affine": affine, "loss": loss}
                        own = {k: v for k, v in own.items() if v is not None}
                        table[" ".join(str(v).lower() for v in own.values())] = own
    mse, classes = {"loss": "mse"}, {"loss": "cross_entropy"}
    before = {"norm": "batch", "residual": "pre_activation"}
    after = {"norm": "batch", "norm.place": "after", "residual": "post_activation"}
    table |= {
        "output tanh": {**mse, "output_activation": "tanh"},
        "output tanh, norm before, pre_activation": {**mse, "output_activation": "tanh", **before},
        "mse on classes": {**mse, "one_hot": True},
        "no bias": {**classes, "bias": False},
        "no bias, norm before": {**classes, "bias": False, "norm": "batch"},
        "norm eps and momentum": {**classes, "norm": "batch", "norm.eps": 0.01, "norm.momentum": 0.3},
        "layer norm eps": {**classes, "norm": "layer", "norm.eps": 0.3},
        "rms norm eps": {**classes, "norm": "rms", "norm.eps": 0.3},
        "highway, transform bias": {**classes, "residual": "highway", "residual.transform_bias": 1.0},
        "widths": {**classes, "widths": [7, 3, 5]},
        "widths, batch norm": {**classes, "widths": [4, 8], "norm": "batch", "norm.place": "after"},
        "widths, layer norm": {**classes, "widths": [9, 5, 2], "norm": "layer"},
        "no hidden layer": {**classes, "depth": 0},
        "no hidden layer, residual, norm": {**mse, "depth": 0, "residual": "pre_activation", "norm": "batch"},
        "relu, norm before, pre_activation": {**classes, "activation": "relu", **before},
        "relu, norm after, post_activation": {**classes, "activation": "relu", **after},
    }
    for form in ("none", "pre_activation", "post_activation", "highway"):
        table[f"depth 1, {form}"] = {**classes, "depth": 1, "residual": form, "norm": "batch"}
    for name, own in table.items():
        shape = ("depth", "width") if "widths" in own else ()
        yield make_case(name, {**{k: v for k, v in base.items() if k not in shape}, **own}, 5, 3, 2)


ACTIVATION_TABLE = [{"activation": kind} for kind in ACTIVATIONS] + [
    {"activation": "leaky_relu", "activation.slope": 0.2},
    {"activation": "elu", "activation.alpha": 0.7},
    {"activation": "prelu", "activation.slope": 0.5},
]


def activation_cases():
    """Every activation in a plain net with weights large enough to reach its flat parts; 3 sgd steps."""
    base = {"depth": 3, "width": 7, "loss": "cross_entropy", "batch": 10, "steps": 3}
    base |= {"optimizer.kind": "sgd", "optimizer.lr": 0.1}
    for own in ACTIVATION_TABLE:
        name = " ".join(str(v) for v in own.values())
        yield make_case(name, {**base, **own}, 6, 4, 2, gain=1.5)


def loss_cases():
    """Every loss, its constants, one-hot targets, class weights and smoothing; 5 momentum steps."""
    base = {"depth": 2, "width": 8, "activation": "tanh", "batch": 12, "steps": 5}
    base |= {"optimizer.kind": "momentum", "optimizer.lr": 0.05}
    weights = {"loss.class_weights": [0.5, 1.0, 4.0]}
    for loss in ("cross_entropy", "hinge", *ELEMENTWISE):
        classes = {} if loss in ("cross_entropy", "hinge") else {"one_hot": True}
        table = {"": {}, "of classes": classes, "weighed": {**classes, **weights}}
        if loss == "huber":
            table["delta"] = {"loss.delta": 0.3}
        if loss == "cross_entropy":
            table |= {"smoothed": {"loss.label_smoothing": 0.2}, "both": {"loss.label_smoothing": 0.2, **weights}}
        for name, own in table.items():
            if name != "of classes" or classes:
                yield make_case(f"{loss} {name}".strip(), {**base, "loss": loss, **own}, 5, 3, 2)


def pointwise():
    """Value and derivative of every activation at ties, usual arguments and far tails."""
    points = [-1000.0, -100.0, -30.0, -20.5, -5.0, -2.5, -1.0, -0.5, -1e-3, -1e-9, 0.0]
    points = points + [-z for z in reversed(points[:-1])]
    out = []
    for s in ACTIVATION_TABLE:
        z = torch.tensor(points, dtype=torch.float64, requires_grad=True)
        value = ACTIVATIONS[s["activation"]](z, s)
        value.sum().backward()
        out.append({"settings": s, "z": points, "value": value.tolist(), "derivative": z.grad.tolist()})
    return out


def plateau_cases():
    """What ReduceLROnPlateau makes of losses that fall, stay, rise and come back."""
    rng = np.random.default_rng(7)
    losses = [float(f"{x:.6f}") for x in np.concatenate([np.geomspace(2, 0.5, 15), np.full(14, 0.5), 0.5 + 0.1 * rng.random(15), np.geomspace(0.4999, 0.3, 16)])]
    for own in (
        {"schedule.factor": 0.1, "schedule.patience": 10, "schedule.threshold": 1e-4, "schedule.final": 0.0},
        {"schedule.factor": 0.5, "schedule.patience": 2, "schedule.threshold": 0.0, "schedule.final": 0.0},
        {"schedule.factor": 0.5, "schedule.patience": 0, "schedule.threshold": 0.05, "schedule.final": 0.01},
    ):
        s = {"schedule": "plateau", "optimizer.kind": "sgd", "optimizer.lr": 0.3, **own}
        optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.3)
        scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(
            optimizer, factor=own["schedule.factor"], patience=own["schedule.patience"], threshold=own["schedule.threshold"],
            min_lr=0.3 * own["schedule.final"], eps=0.0)
        lr = []
        for loss in losses:
            scheduler.step(loss)
            lr.append(optimizer.param_groups[0]["lr"])
        yield {"name": f"plateau {list(own.values())}", "settings": s, "losses": losses, "lr": lr}


def schedule_cases():
    """The learning rate of every step, each schedule with and without warm-up."""
    kinds = [
        {"schedule": "constant"},
        {"schedule": "step", "schedule.every": 6, "schedule.factor": 0.5},
        {"schedule": "exponential", "schedule.final": 0.05},
        {"schedule": "inverse_time", "schedule.rate": 0.3},
        {"schedule": "inverse_sqrt"},
        {"schedule": "inverse_sqrt", "schedule.rate": 0.3},
        {"schedule": "linear", "schedule.final": 0.0},
        {"schedule": "linear", "schedule.final": 0.2},
        {"schedule": "cosine", "schedule.final": 0.0},
        {"schedule": "cosine", "schedule.final": 0.1},
        {"schedule": "cosine", "schedule.final": 0.1, "schedule.period": 5},
        {"schedule": "cosine", "schedule.final": 0.0, "schedule.period": 2, "schedule.growth": 2},
        {"schedule": "multi_step", "schedule.milestones": [3, 4, 11], "schedule.factor": 0.5},
        {"schedule": "polynomial", "schedule.final": 0.0, "schedule.power": 2.0},
        {"schedule": "polynomial", "schedule.final": 0.1, "schedule.power": 0.9},
        {"schedule": "one_cycle", "schedule.rise": 0.3},
        {"schedule": "one_cycle", "schedule.rise": 0.45, "schedule.first": 0.2, "schedule.final": 0.01},
    ]
    for own in kinds:
        for warmup in (None, 1, 4, 20):
            s = {**own, "optimizer.kind": "sgd", "optimizer.lr": 0.3, "steps": 20}
            s |= {"schedule.warmup": warmup} if warmup else {}
            name = f"{own['schedule']} {list(own.values())[1:]} warmup {warmup or 0}"
            yield {"name": name, "settings": s, "steps": 20, "lr": [learning_rate(s, t, 20) for t in range(20)]}
