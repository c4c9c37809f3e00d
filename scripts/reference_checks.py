"""How the reference itself is checked: differences, rules and schedules written out a second time."""

import numpy as np
import torch
import torch.nn.functional as F
from torch.optim import lr_scheduler

from reference_network import forward, loss_of, setting
from reference_run import is_decayed, probe, tensors


def gap(a, b):
    """max|a-b| / max|b|."""
    return float((a.double() - b.double()).abs().max() / b.double().abs().max().clamp_min(1e-300))


def check_differences(case):
    """Gradients of all parameters, streams and deltas against central differences along random directions."""
    s, rng, eps = case["settings"], np.random.default_rng(1), 1e-6
    p, batches = tensors(case, torch.float64)
    loss_of(s, forward(s, p, batches[0]["x"]), batches[0]).backward()
    _, nudge = probe(case)
    worst = 0.0
    with torch.no_grad():
        for where, group in (("p", p), ("nudge", nudge)):
            for key, value in group.items():
                d = torch.tensor(rng.standard_normal(tuple(value.shape)))
                side = []
                for sign in (1.0, -1.0):
                    moved = {key: value + sign * eps * d}
                    own, pushed = ({**p, **moved}, None) if where == "p" else (p, moved)
                    y = forward(s, own, batches[0]["x"], nudge=pushed)
                    side.append(loss_of(s, y, batches[0]).item())
                slope = (side[0] - side[1]) / (2.0 * eps)
                worst = max(worst, abs(slope - (value.grad * d).sum().item()))
    assert worst < 2e-8, f"{case['name']}: a gradient is off its central difference by {worst:.1e}"
    return worst


def rounding(single, exact, zero):
    """How far f32 is from f64 in anything that the tests compare."""
    pairs = [(single["gradients"][0][n], g) for n, g in exact["gradients"][0].items() if n not in zero]
    pairs += [(single["weights"][t][n], w) for t in (1, -1) for n, w in exact["weights"][t].items()]
    pairs += [(a, b) for one, two in zip(single["running"], exact["running"]) for a, b in zip(one, two)]
    pairs += [(torch.tensor(single[k]), torch.tensor(exact[k])) for k in ("loss", "final_loss", "eval_loss")]
    return max(gap(a, b) for a, b in pairs + [(single["outputs"], exact["outputs"])])


def change(s, lr, t, g, state):
    """What step t = 0, 1, ... subtracts, by the rule written out; `state` is the rule's own."""
    kind, o = s["optimizer.kind"], lambda name: setting(s, f"optimizer.{name}")
    b1, b2, rho, m, eps = o("beta1"), o("beta2"), o("rho"), o("momentum"), o("eps")
    zero, t = np.zeros_like(g), t + 1
    mean = lambda name, decay, x: state.__setitem__(name, decay * state.get(name, zero) + (1 - decay) * x) or state[name]
    if kind in ("gd", "sgd"):
        return lr * g
    if kind in ("momentum", "nesterov"):
        state["v"] = m * state.get("v", zero) + g
        return lr * (state["v"] if kind == "momentum" else g + m * state["v"])
    if kind == "adagrad":
        state["s"] = state.get("s", zero) + g**2
        return lr * g / (np.sqrt(state["s"]) + eps)
    if kind == "adadelta":
        d = g * np.sqrt((state.get("u", zero) + eps) / (mean("s", rho, g**2) + eps))
        mean("u", rho, d**2)
        return lr * d
    if kind == "rmsprop":
        square, first = mean("s", rho, g**2), mean("a", rho, g)
        state["v"] = m * state.get("v", zero) + g / (np.sqrt(square - first**2 * o("centered")) + eps)
        return lr * state["v"]
    if kind == "lion":
        step = lr * np.sign(b1 * state.get("m", zero) + (1 - b1) * g)
        mean("m", b2, g)
        return step
    if kind == "rprop":
        turn = np.sign(g * state.get("g", zero))
        factor = np.where(turn > 0, o("grow"), np.where(turn < 0, o("shrink"), 1.0))
        state["d"] = np.clip(state.get("d", zero + o("lr")) * factor, o("min_step"), o("max_step"))
        state["g"] = np.where(turn < 0, 0.0, g)
        return state["d"] * np.sign(state["g"])
    first = mean("m", b1, g)
    if kind == "adamax":
        state["u"] = np.maximum(b2 * state.get("u", zero), abs(g) + eps)
        return lr / (1 - b1**t) * first / state["u"]
    second = mean("v", b2, g**2)
    if kind == "amsgrad":
        second = state["x"] = np.maximum(state.get("x", zero), second)
    if kind == "nadam":
        mu = lambda i: b1 * (1 - 0.5 * 0.96 ** (i * o("momentum_decay")))
        product = lambda n: np.prod([mu(i) for i in range(1, n + 1)])
        first = mu(t + 1) * first / (1 - product(t + 1)) + (1 - mu(t)) * g / (1 - product(t))
    else:
        first = first / (1 - b1**t)
    if kind == "radam":
        most = 2 / (1 - b2) - 1
        length = most - 2 * t * b2**t / (1 - b2**t)
        if length <= 5:
            return lr * first
        c = np.sqrt((length - 4) * (length - 2) * most / ((most - 4) * (most - 2) * length))
        return lr * first * c * np.sqrt(1 - b2**t) / (np.sqrt(second) + eps)
    assert kind in ("adam", "adamw", "amsgrad", "nadam"), kind
    return lr * first / (np.sqrt(second / (1 - b2**t)) + eps)


def check_rules(case, run):
    """torch.optim against the update rules in numpy, fed the same gradients; f64."""
    s, worst = case["settings"], 0.0
    w = {n: v.numpy().copy() for n, v in run["weights"][0].items()}
    states = {n: {} for n in w}
    for t, (lr, gradients) in enumerate(zip(run["lr"], run["gradients"])):
        gs = {n: g.numpy().copy() for n, g in gradients.items()}
        if setting(s, "clip.norm") is not None:
            norm = np.sqrt(sum((g**2).sum() for g in gs.values()))
            gs = {n: g * min(1.0, setting(s, "clip.norm") / norm) for n, g in gs.items()}
        if setting(s, "clip.value") is not None:
            gs = {n: np.clip(g, -setting(s, "clip.value"), setting(s, "clip.value")) for n, g in gs.items()}
        for n, g in gs.items():
            decayed = is_decayed(s, n)
            g = g + (setting(s, "l2") * w[n] if decayed else 0.0)
            decay = lr * setting(s, "weight_decay") * w[n] if decayed else 0.0
            w[n] = w[n] - change(s, lr, t, g, states[n]) - decay
            worst = max(worst, gap(torch.from_numpy(w[n]), run["weights"][t + 1][n]))
    assert worst < 1e-11, f"{case['name']}: torch.optim is off the written-out rule by {worst:.1e}"
    return worst


def check_running():
    """torch's running statistics: biased variance forward, unbiased in the running one."""
    x = np.random.default_rng(2).standard_normal((9, 4)) + 3.0
    mean, var = torch.zeros(4).double(), torch.ones(4).double()
    y = F.batch_norm(torch.from_numpy(x), mean, var, None, None, True, 0.3, 1e-3).numpy()
    assert np.allclose(y, (x - x.mean(0)) / np.sqrt(x.var(0) + 1e-3), rtol=1e-13)
    assert np.allclose(mean, 0.3 * x.mean(0), rtol=1e-14) and np.allclose(var, 0.7 + 0.3 * x.var(0, ddof=1), rtol=1e-14)


def check_schedule(case):
    """The formulas against torch.optim.lr_scheduler, where it has the same schedule."""
    s, steps = case["settings"], case["steps"]
    lr, warmup, kind = s["optimizer.lr"], s.get("schedule.warmup", 0), s["schedule"]
    total, after = steps - warmup, None
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=lr)
    if total == 0 or kind == "constant":
        after = lr_scheduler.ConstantLR(optimizer, factor=1.0)
    elif kind == "multi_step":
        after = lr_scheduler.MultiStepLR(optimizer, s["schedule.milestones"], s["schedule.factor"])
    elif kind == "polynomial" and s["schedule.final"] == 0.0:
        after = lr_scheduler.PolynomialLR(optimizer, total, s["schedule.power"])
    elif kind == "polynomial":
        # PyTorch's goes to 0 alone.
        after = lr_scheduler.LambdaLR(
            optimizer, lambda t: s["schedule.final"] + (1 - s["schedule.final"]) * (1 - t / total) ** s["schedule.power"])
    elif kind == "one_cycle":
        first, final = (setting(s, f"schedule.{k}") for k in ("first", "final"))
        after = lr_scheduler.OneCycleLR(optimizer, lr, total, pct_start=s["schedule.rise"], div_factor=1 / first,
                                        final_div_factor=first / final, cycle_momentum=False)
    elif kind == "cosine" and s.get("schedule.period"):
        after = lr_scheduler.CosineAnnealingWarmRestarts(
            optimizer, s["schedule.period"], setting(s, "schedule.growth"), lr * s["schedule.final"])
    elif kind == "step":
        after = lr_scheduler.StepLR(optimizer, s["schedule.every"], s["schedule.factor"])
    elif kind == "exponential":
        after = lr_scheduler.ExponentialLR(optimizer, s["schedule.final"] ** (1.0 / total))
    elif kind == "linear":
        after = lr_scheduler.LinearLR(optimizer, 1.0, max(s["schedule.final"], 1e-300), total)
    elif kind == "inverse_sqrt":
        rate = s.get("schedule.rate", 1.0 / max(warmup, 1))
        after = lr_scheduler.LambdaLR(optimizer, lambda t: 1.0 / (1.0 + rate * t) ** 0.5)
    elif kind == "cosine":
        after = lr_scheduler.CosineAnnealingLR(optimizer, total, lr * s["schedule.final"])
    else:
        after = lr_scheduler.LambdaLR(optimizer, lambda t: 1.0 / (1.0 + s["schedule.rate"] * t))
    scheduler, first = after, 0
    if kind == "one_cycle":
        # It sets the optimizer's rates itself, so that it is held from the end of the warm-up on.
        first = warmup
    elif warmup > 0:
        for group in optimizer.param_groups:
            group["lr"] = lr
        rise = lr_scheduler.LambdaLR(optimizer, lambda t: (t + 1) / warmup)
        scheduler = lr_scheduler.SequentialLR(optimizer, [rise, after], [warmup])
    for t, ours in enumerate(case["lr"][first:], first):
        theirs = optimizer.param_groups[0]["lr"]
        assert abs(theirs - ours) <= 1e-12 * lr, f"{case['name']}: step {t}: torch {theirs}, formula {ours}"
        optimizer.step()
        scheduler.step()
