"""One run in PyTorch: schedule, clip, torch.optim and decay in our order, and the probe of step 0."""

import math

import torch

from reference_network import forward, fresh_running, loss_of, setting, widths


def learning_rate(s, t, steps):
    """The schedule at step t, from the formulas of src/schedule.rs."""
    lr, warmup = setting(s, "optimizer.lr"), setting(s, "schedule.warmup")
    if t < warmup:
        return lr * (t + 1) / warmup
    t, total = t - warmup, steps - warmup
    kind = setting(s, "schedule")
    cosine = lambda start, end, part: end + (start - end) * 0.5 * (1.0 + math.cos(math.pi * part))
    if kind == "constant":
        return lr
    if kind == "multi_step":
        return lr * setting(s, "schedule.factor") ** sum(m <= t for m in s["schedule.milestones"])
    if kind == "step":
        return lr * setting(s, "schedule.factor") ** (t // setting(s, "schedule.every"))
    if kind == "inverse_time":
        return lr / (1.0 + setting(s, "schedule.rate") * t)
    if kind == "inverse_sqrt":
        return lr / math.sqrt(1.0 + s.get("schedule.rate", 1.0 / max(warmup, 1)) * t)
    if kind == "plateau":
        # Within the first epochs, before any loss has stayed.
        return lr
    final = setting(s, "schedule.final")
    if kind == "exponential":
        return lr * final ** (t / total)
    if kind == "linear":
        return lr * (1.0 - (1.0 - final) * t / total)
    if kind == "polynomial":
        return lr * (final + (1.0 - final) * (1.0 - t / total) ** setting(s, "schedule.power"))
    if kind == "one_cycle":
        top, end = setting(s, "schedule.rise") * total - 1, total - 1
        rising = t < top
        return lr * (cosine(setting(s, "schedule.first"), 1.0, t / top) if rising else cosine(1.0, final, (t - top) / (end - top)))
    assert kind == "cosine", kind
    length = setting(s, "schedule.period") or total
    while t >= length:
        t, length = t - length, length * setting(s, "schedule.growth")
    return lr * cosine(1.0, final, t / length)


def is_decayed(s, name):
    return setting(s, "decay_all") or name.endswith(".weight") or name == "point"


class Lion(torch.optim.Optimizer):
    """Chen et al. 2023, algorithm 2, which PyTorch lacks."""

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            lr, (beta1, beta2) = group["lr"], group["betas"]
            for w in group["params"]:
                m = self.state[w].setdefault("m", torch.zeros_like(w))
                change = torch.sign(beta1 * m + (1 - beta1) * w.grad) + group["weight_decay"] * w
                m.mul_(beta2).add_(w.grad, alpha=1 - beta2)
                w.sub_(change, alpha=lr)


def own_decay(s):
    """Which of our two decays the torch class of the kind has as its `weight_decay`; the other is done beside it."""
    kind = s["optimizer.kind"]
    if kind == "rprop":
        return None
    either = kind in ("nadam", "radam") and setting(s, "weight_decay") > 0.0 and setting(s, "l2") == 0.0
    return "weight_decay" if either or kind in ("adamw", "lion") else "l2"


def torch_optimizer(s, p):
    """The torch.optim class of the kind, every constant said."""
    kind, own = s["optimizer.kind"], own_decay(s)
    o = lambda name: setting(s, f"optimizer.{name}")
    adam = {"betas": (o("beta1"), o("beta2")), "eps": o("eps"), "foreach": False}
    decoupled = {"decoupled_weight_decay": own == "weight_decay"}
    make, constants = {
        "gd": (torch.optim.SGD, {"foreach": False}),
        "sgd": (torch.optim.SGD, {"foreach": False}),
        "momentum": (torch.optim.SGD, {"momentum": o("momentum"), "foreach": False}),
        "nesterov": (torch.optim.SGD, {"momentum": o("momentum"), "nesterov": True, "foreach": False}),
        "adagrad": (torch.optim.Adagrad, {"eps": o("eps"), "foreach": False}),
        "adadelta": (torch.optim.Adadelta, {"rho": o("rho"), "eps": o("eps"), "foreach": False}),
        "rmsprop": (torch.optim.RMSprop, {"alpha": o("rho"), "eps": o("eps"), "momentum": o("momentum"),
                                          "centered": o("centered"), "foreach": False}),
        "adam": (torch.optim.Adam, adam),
        "amsgrad": (torch.optim.Adam, {**adam, "amsgrad": True}),
        "adamw": (torch.optim.AdamW, adam),
        "adamax": (torch.optim.Adamax, adam),
        "nadam": (torch.optim.NAdam, {**adam, **decoupled, "momentum_decay": o("momentum_decay")}),
        "radam": (torch.optim.RAdam, {**adam, **decoupled}),
        "lion": (lambda groups, lr, betas: Lion(groups, {"lr": lr, "betas": betas}), {"betas": adam["betas"]}),
        "rprop": (torch.optim.Rprop, {"etas": (o("shrink"), o("grow")), "step_sizes": (o("min_step"), o("max_step")),
                                      "foreach": False}),
    }[kind]
    groups = [{"params": [w]} for w in p.values()]
    for group, name in zip(groups, p):
        if own:
            group["weight_decay"] = setting(s, own) if is_decayed(s, name) else 0.0
    return make(groups, lr=o("lr"), **constants)


def update(s, p, optimizer, lr):
    """One step in our order from the gradients in place; returns what `clip` does."""
    touched = clip(s, [w.grad for w in p.values()])
    own, before = own_decay(s), {n: w.detach().clone() for n, w in p.items()}
    decayed = [n for n in p if is_decayed(s, n)]
    if own != "l2" and setting(s, "l2") > 0.0:
        for n in decayed:
            p[n].grad.add_(before[n], alpha=setting(s, "l2"))
    for group in optimizer.param_groups:
        group["lr"] = lr
    optimizer.step()
    if own != "weight_decay" and setting(s, "weight_decay") > 0.0:
        with torch.no_grad():
            for n in decayed:
                p[n].sub_(before[n], alpha=lr * setting(s, "weight_decay"))
    return touched


def clip(s, gradients):
    """Clips in place; returns how many steps or entries it touched, for the check that it was at work."""
    norm_limit, value_limit = setting(s, "clip.norm"), setting(s, "clip.value")
    touched = 0
    if norm_limit is not None:
        norm = math.sqrt(sum(float((g.double() ** 2).sum()) for g in gradients))
        if norm > norm_limit:
            touched += 1
            for g in gradients:
                g.mul_(norm_limit / norm)
    if value_limit is not None:
        for g in gradients:
            touched += int((g.abs() > value_limit).sum())
            g.clamp_(-value_limit, value_limit)
    return touched


def tensors(case, dtype):
    """Parameters and batches of a case as torch tensors."""
    p = {n: torch.tensor(v, dtype=dtype, requires_grad=True) for n, v in case["parameters"].items()}
    batches = [
        {k: torch.tensor(v, dtype=torch.int64 if k == "classes" else dtype) for k, v in b.items()} for b in case["batches"]
    ]
    return p, batches


def train(case, dtype):
    """The run: losses, learning rates, the gradients and the parameters of every step, running statistics, evaluation."""
    s, steps = case["settings"], case["steps"]
    p, batches = tensors(case, dtype)
    running, optimizer = fresh_running(s, dtype), torch_optimizer(s, p)
    weights = lambda: {n: w.detach().clone() for n, w in p.items()}
    run = {"lr": [], "loss": [], "gradients": [], "weights": [weights()], "clipped": []}
    for t in range(steps):
        batch, lr = batches[t % len(batches)], learning_rate(s, t, steps)
        optimizer.zero_grad()
        loss = loss_of(s, forward(s, p, batch["x"], running), batch)
        loss.backward()
        run["lr"].append(lr)
        run["loss"].append(loss.item())
        run["gradients"].append({n: w.grad.clone() for n, w in p.items()})
        run["clipped"].append(update(s, p, optimizer, lr))
        run["weights"].append(weights())
    with torch.no_grad():
        batch = batches[steps % len(batches)]
        run["final_loss"] = loss_of(s, forward(s, p, batch["x"]), batch).item()
        run["outputs"] = forward(s, p, batches[0]["x"], running, training=False)
        run["eval_loss"] = loss_of(s, run["outputs"], batches[0]).item()
    run["running"] = running
    return run


def probe(case):
    """Root mean square over samples and units of B dL/dh_l and B dL/dz_l at step 0 on the first batch, in f64."""
    s = case["settings"]
    p, batches = tensors(case, torch.float64)
    rows = len(batches[0]["x"])
    keys = [(what, l, n) for what in ("stream", "delta") for l, n in enumerate(widths(s), 1)]
    nudge = {(what, l): torch.zeros(rows, n, dtype=torch.float64, requires_grad=True) for what, l, n in keys}
    loss_of(s, forward(s, p, batches[0]["x"], nudge=nudge), batches[0]).backward()
    rms = lambda what: [(rows * v.grad).square().mean().sqrt().item() for k, v in nudge.items() if k[0] == what]
    return {"stream_rms": rms("stream"), "delta_rms": rms("delta")}, nudge


def descend(case, dtype):
    """Rosenbrock's function from (-1.2, 1): the same record of a run. The gradient is taken in f64 and then rounded."""
    s, start = case["settings"], torch.tensor([-1.2, 1.0], dtype=dtype)
    p = {"point.weight": start.clone().requires_grad_()}
    optimizer, point = torch_optimizer(s, p), p["point.weight"]
    weights = lambda: {n: w.detach().clone() for n, w in p.items()}
    run = {"lr": [setting(s, "optimizer.lr")] * case["steps"], "gradients": [], "weights": [weights()], "clipped": []}
    for lr in run["lr"]:
        a, b = point.detach().double()
        slope = torch.stack([-2.0 * (1.0 - a) - 400.0 * a * (b - a * a), 200.0 * (b - a * a)])
        point.grad = slope.to(dtype)
        run["gradients"].append({n: w.grad.clone() for n, w in p.items()})
        run["clipped"].append(update(s, p, optimizer, lr))
        run["weights"].append(weights())
    return run
