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


def check_rules(case, run):
    """torch.optim against the update rules in numpy, fed the same gradients; f64."""
    s, kind = case["settings"], case["settings"]["optimizer.kind"]
    m, rho, b1, b2 = (setting(s, f"optimizer.{k}") for k in ("momentum", "rho", "beta1", "beta2"))
    eps, worst = setting(s, "optimizer.eps"), 0.0
    w = {n: v.numpy().copy() for n, v in run["weights"][0].items()}
    v1, v2 = ({n: np.zeros_like(x) for n, x in w.items()} for _ in range(2))
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
            if kind in ("gd", "sgd"):
                update = g
            elif kind in ("momentum", "nesterov"):
                v1[n] = m * v1[n] + g
                update = v1[n] if kind == "momentum" else g + m * v1[n]
            elif kind == "adagrad":
                v2[n] = v2[n] + g**2
                update = g / (np.sqrt(v2[n]) + eps)
            elif kind == "rmsprop":
                v2[n] = rho * v2[n] + (1 - rho) * g**2
                update = g / (np.sqrt(v2[n]) + eps)
            else:
                v1[n] = b1 * v1[n] + (1 - b1) * g
                v2[n] = b2 * v2[n] + (1 - b2) * g**2
                update = v1[n] / (1 - b1 ** (t + 1)) / (np.sqrt(v2[n] / (1 - b2 ** (t + 1))) + eps)
            w[n] = w[n] - lr * update - (lr * setting(s, "weight_decay") * w[n] if decayed else 0.0)
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
    elif kind == "step":
        after = lr_scheduler.StepLR(optimizer, s["schedule.every"], s["schedule.factor"])
    elif kind == "exponential":
        after = lr_scheduler.ExponentialLR(optimizer, s["schedule.final"] ** (1.0 / total))
    elif kind == "linear":
        after = lr_scheduler.LinearLR(optimizer, 1.0, max(s["schedule.final"], 1e-300), total)
    elif kind == "cosine":
        after = lr_scheduler.CosineAnnealingLR(optimizer, total, lr * s["schedule.final"])
    else:
        after = lr_scheduler.LambdaLR(optimizer, lambda t: 1.0 / (1.0 + s["schedule.rate"] * t))
    scheduler = after
    if warmup > 0:
        for group in optimizer.param_groups:
            group["lr"] = lr
        rise = lr_scheduler.LambdaLR(optimizer, lambda t: (t + 1) / warmup)
        scheduler = lr_scheduler.SequentialLR(optimizer, [rise, after], [warmup])
    for t, ours in enumerate(case["lr"]):
        theirs = optimizer.param_groups[0]["lr"]
        assert abs(theirs - ours) <= 1e-12 * lr, f"{case['name']}: step {t}: torch {theirs}, formula {ours}"
        optimizer.step()
        scheduler.step()
