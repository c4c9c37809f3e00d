"""One run in PyTorch: schedule, clip, torch.optim and decay in our order, and the probe of step 0."""

import math

import torch

from reference_network import forward, fresh_running, loss_of, setting


def learning_rate(s, t, steps):
    """The schedule at step t, from the formulas of src/schedule.rs."""
    lr, warmup = setting(s, "optimizer.lr"), setting(s, "schedule.warmup")
    if t < warmup:
        return lr * (t + 1) / warmup
    t, total = t - warmup, steps - warmup
    kind = setting(s, "schedule")
    if kind == "constant":
        return lr
    if kind == "step":
        return lr * setting(s, "schedule.factor") ** (t // setting(s, "schedule.every"))
    if kind == "inverse_time":
        return lr / (1.0 + setting(s, "schedule.rate") * t)
    final = setting(s, "schedule.final")
    if kind == "exponential":
        return lr * final ** (t / total)
    if kind == "linear":
        return lr * (1.0 - (1.0 - final) * t / total)
    assert kind == "cosine", kind
    return lr * (final + (1.0 - final) * 0.5 * (1.0 + math.cos(math.pi * t / total)))


def is_decayed(s, name):
    return setting(s, "decay_all") or name.endswith(".weight")


def torch_optimizer(s, p):
    """The torch.optim class of the kind. Its `weight_decay` is our l2, but our weight_decay for adamw."""
    kind, lr = s["optimizer.kind"], setting(s, "optimizer.lr")
    decay = setting(s, "weight_decay" if kind == "adamw" else "l2")
    assert kind != "adamw" or setting(s, "l2") == 0.0, "torch.optim.AdamW has no coupled penalty"
    groups = [{"params": [w], "weight_decay": decay if is_decayed(s, n) else 0.0} for n, w in p.items()]
    common = {"lr": lr, "foreach": False}
    if kind in ("gd", "sgd"):
        return torch.optim.SGD(groups, **common)
    if kind in ("momentum", "nesterov"):
        return torch.optim.SGD(groups, momentum=setting(s, "optimizer.momentum"), nesterov=kind == "nesterov", **common)
    eps = setting(s, "optimizer.eps")
    if kind == "adagrad":
        return torch.optim.Adagrad(groups, eps=eps, **common)
    if kind == "rmsprop":
        return torch.optim.RMSprop(groups, alpha=setting(s, "optimizer.rho"), eps=eps, **common)
    betas = (setting(s, "optimizer.beta1"), setting(s, "optimizer.beta2"))
    return {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}[kind](groups, betas=betas, eps=eps, **common)


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
        run["clipped"].append(clip(s, [w.grad for w in p.values()]))
        for group in optimizer.param_groups:
            group["lr"] = lr
        optimizer.step()
        if s["optimizer.kind"] != "adamw" and setting(s, "weight_decay") > 0.0:
            with torch.no_grad():
                for n, w in p.items():
                    if is_decayed(s, n):
                        w.sub_(run["weights"][-1][n], alpha=lr * setting(s, "weight_decay"))
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
    keys = [(what, l) for what in ("stream", "delta") for l in range(1, s["depth"] + 1)]
    nudge = {k: torch.zeros(rows, s["width"], dtype=torch.float64, requires_grad=True) for k in keys}
    loss_of(s, forward(s, p, batches[0]["x"], nudge=nudge), batches[0]).backward()
    rms = lambda what: [(rows * v.grad).square().mean().sqrt().item() for k, v in nudge.items() if k[0] == what]
    return {"stream_rms": rms("stream"), "delta_rms": rms("delta")}, nudge
