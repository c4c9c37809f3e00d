#!/usr/bin/env python3
"""Computes a trace again in PyTorch, in f64, and prints the largest relative error of each kind of tensor.

    cargo run --release -- trace experiments/lecture.toml --only depth=8 --only activation=relu --only variant=plain
    pip install -r scripts/requirements.txt
    python3 scripts/check_trace.py lecture.safetensors [more.safetensors ...]

Each step is computed from the weights that the trace has before it: forward pass, pre-activations, deltas, gradients
by autograd; the update by torch.optim from the traced gradients, its state carried along. `free` is the trajectory
from the initial weights on, with its own gradients. An error is max|a - b| / max|b| over a tensor of a step; where the
rule takes a sign, over entries whose gradient is above 1e-6 of the largest. A single number that is a sum which may
cancel errs relative to what it is summed from: the gradient of a learned branch scale or slope to the sum of its terms' sizes, that
of a test function to what changing the point by its own size would change, such a scale after its update to what it was before, the gradient of a recurrent net's few output biases to the sum of |dL/do|; so do sums over the positions of images: gradients of biases
and norms relative to the sum of |dL/dz| of a channel, a channel's mean to its deviation. Exit 1 above 1e-5 (f32) or 1e-12 (f64); `free`,
in which rounding grows from step to step, is printed and has no bound.
"""

import json
import sys

import torch
from safetensors import safe_open

import reference_convolution as convolution
import reference_recurrent as recurrent
import reference_transformer as transformer
from reference_functions import BOXED, FUNCTIONS, step_loss
from reference_network import forward, fresh_running, loss_of, widths
from reference_run import learning_rate, torch_optimizer, update

BOUND = {"f32": 1e-5, "f64": 1e-12}
SIGNS = ("lion", "rprop")
KINDS = ("mlp", "conv", "transformer", *recurrent.GATES)


def read(path):
    with safe_open(path, "pt") as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}
        return {n: t.double() if t.is_floating_point() else t for n, t in tensors.items()}, file.metadata()


def below(tensors, prefix):
    return {name[len(prefix):]: t for name, t in tensors.items() if name.startswith(prefix)}


class Errors(dict):
    """The largest error of each kind, and where it is."""

    def note(self, kind, where, ours, theirs, scale=None, mask=None):
        gap = (ours - theirs).abs()
        gap = gap[mask] if mask is not None else gap
        largest = gap.max().item() if gap.numel() else 0.0
        size = theirs.abs().max().item() if scale is None else scale
        error = 0.0 if largest == 0.0 else largest / size if size > 0.0 else float("inf")
        # NaN counts as the worst.
        if not error <= self.get(kind, (-1.0, ""))[0]:
            self[kind] = (error, where)


def is_zero(s, name):
    """A bias whose shift the norm after it takes away: its gradient is rounding noise and has no relative error."""
    before_batch = s.get("norm") == "batch" and s["norm.place"] == "before"
    return before_batch and name.startswith("layer") and name.endswith(".bias")


def leaves(parameters):
    return {name: t.clone().requires_grad_() for name, t in parameters.items()}


def check(path):
    tensors, about = read(path)
    s, steps = json.loads(about["settings"]), int(about["run_steps"])
    errors = Errors()
    network = s.get("function", "none") == "none"
    kind = s.get("network", "mlp")
    if network and kind not in KINDS:
        sys.exit(f"{path}: network = {kind!r} is a model of your own, and this script knows {', '.join(KINDS)}")
    if network and "loss" not in s:
        s["loss"] = "cross_entropy" if "step.000000/classes" in tensors else "mse"
    if "class_weights" in tensors:
        s["loss.class_weights"] = tensors["class_weights"]
    p, free = leaves(below(tensors, "initial/")), leaves(below(tensors, "initial/"))
    optimizer, free_optimizer = torch_optimizer(s, p), torch_optimizer(s, free)
    running = fresh_running(s, torch.float64) if network else []
    for t in range(int(about["traced_steps"])):
        at = f"step.{t:06}/"
        own = below(tensors, at)
        lr = learning_rate(s, t, steps)
        errors.note("lr", at, own["lr"], torch.tensor(lr, dtype=torch.float64))
        for w in (*p.values(), *free.values()):
            w.grad = None
        if network and s.get("network") == "transformer":
            transformer_step(s, p, free, own, at, errors)
        elif network and s.get("network") in recurrent.GATES:
            recurrent_step(s, p, free, own, at, errors)
        elif network:
            network_step(s, p, free, own, running, at, errors)
        else:
            function_step(s, p, free, own, t, at, errors)
        traced = below(own, "gradient/")
        for name, w in p.items():
            w.grad = traced[name].clone()
        before = {name: w.detach().abs().max().item() for name, w in p.items() if w.numel() == 1}
        update(s, p, optimizer, lr)
        update(s, free, free_optimizer, lr)
        if s.get("function") in BOXED:
            with torch.no_grad():
                p["point"].clamp_(-1, 1)
                free["point"].clamp_(-1, 1)
        for name, w in p.items():
            ours, g = own[f"updated/{name}"], traced[name].abs()
            mask = g > 1e-6 * g.max() if s["optimizer.kind"] in SIGNS and g.max() > 0 else None
            errors.note("updated", at + name, ours, w.detach(), max(before.get(name, 0.0), w.detach().abs().max().item()), mask)
            if not is_zero(s, name):
                errors.note("free", at + name, ours, free[name].detach(), mask=mask)
            with torch.no_grad():
                w.copy_(ours)
        for l, (mean, variance) in enumerate(running, 1):
            summed = max(mean.abs().max(), variance.max().sqrt()).item() if convolution.are_there(s) else None
            errors.note("running", at, own[f"running/layer{l}.mean"], mean, summed)
            errors.note("running", at, own[f"running/layer{l}.variance"], variance)
            mean.copy_(own[f"running/layer{l}.mean"])
            variance.copy_(own[f"running/layer{l}.variance"])
    return errors, s.get("dtype", "f32"), about


def network_step(s, p, free, own, running, at, errors):
    x, rows = own["x"], len(own["x"])
    sizes = {l: own[f"layer{l}/h"].shape[1] for l in range(1, len(widths(s)) + 1)}
    nudge = {(what, l): torch.zeros(rows, n, dtype=torch.float64, requires_grad=True)
             for what in ("stream", "delta") for l, n in sizes.items()}
    seen = {}
    masks = {l: own[f"layer{l}/mask"] for l in sizes if f"layer{l}/mask" in own}
    outputs = forward(s, p, x, running, nudge=nudge, seen=seen, masks=masks)
    loss = loss_of(s, outputs, own)
    loss.backward()
    errors.note("outputs", at, own["outputs"], outputs.detach())
    errors.note("loss", at, own["loss"], loss.detach())
    for l in sizes:
        for what in ("z", "a", "h"):
            errors.note(what, f"{at}layer{l}", own[f"layer{l}/{what}"], seen[what, l].detach())
        for what in ("delta", "stream"):
            errors.note(what, f"{at}layer{l}", own[f"layer{l}/{what}"], nudge[what, l].grad)
    for name, w in p.items():
        scale = None
        if is_zero(s, name):
            scale = p[name.replace(".bias", ".weight")].grad.abs().max().item()
        elif name.endswith(".scale"):
            l = int(name.removeprefix("layer").removesuffix(".scale"))
            scale = (nudge["stream", l].grad * seen["branch", l]).abs().sum().item()
        elif name.endswith(".slope"):
            l = int(name.removeprefix("layer").removesuffix(".slope"))
            below = seen["z", l].detach().clamp(max=0.0)
            scale = (nudge["delta", l].grad * below / w.detach()).abs().sum().item()
        elif convolution.are_there(s) and name.startswith("layer") and name.endswith((".bias", ".gain", ".shift")):
            l = int(name.removeprefix("layer").partition(".")[0])
            summed = nudge["delta", l].grad.view(-1, w.numel()).abs().sum(0)
            scale = max(w.grad.abs().max(), summed.max()).item()
        errors.note("gradient", at + name, own[f"gradient/{name}"], w.grad, scale)
    loss_of(s, forward(s, free, x, masks=masks), own).backward()


def recurrent_step(s, p, free, own, at, errors):
    x = own["x"]
    sites = recurrent.sites(s, x.shape[1])
    masks = {(l, t): own[f"layer{l}/time{t}/mask"] for l, t in sites if f"layer{l}/time{t}/mask" in own}
    outputs = recurrent.forward(s, p, x, masks=masks)
    outputs.retain_grad()
    loss = loss_of(s, outputs, own)
    loss.backward()
    errors.note("outputs", at, own["outputs"], outputs.detach())
    errors.note("loss", at, own["loss"], loss.detach())
    for name, w in p.items():
        summed = outputs.grad.abs().sum(0).max().item() if name == "output.bias" else None
        errors.note("gradient", at + name, own[f"gradient/{name}"], w.grad, summed)
    # What a probe sees is of the loss at the last step alone.
    nudge = {(what, *site): torch.zeros(len(x), s["width"], requires_grad=True) for site in sites for what in recurrent.streams(s)}
    seen = {}
    loss_of(s, recurrent.forward(s, {n: w.detach() for n, w in p.items()}, x, True, nudge, seen, masks), own).backward()
    for (what, l, t), value in seen.items():
        errors.note(what, f"{at}layer{l}/time{t}", own[f"layer{l}/time{t}/{what}"], value.detach())
    for (what, l, t), zeros in nudge.items():
        errors.note(what, f"{at}layer{l}/time{t}", own[f"layer{l}/time{t}/{what}"], zeros.grad)
    loss_of(s, recurrent.forward(s, free, x, masks=masks), own).backward()


def transformer_step(s, p, free, own, at, errors):
    x, layers = own["x"], range(1, s["depth"] + 1)
    nudge = {(what, l): torch.zeros(len(x), *size, requires_grad=True) for what, size in transformer.sizes(s, x).items() for l in layers}
    seen = {}
    outputs = transformer.forward(s, p, x, nudge, seen)
    loss = loss_of(s, outputs, own)
    loss.backward()
    errors.note("outputs", at, own["outputs"], outputs.detach())
    errors.note("loss", at, own["loss"], loss.detach())
    in_rows = lambda t: t.detach().reshape(len(x), -1)
    for l in layers:
        for what in ("z", "a", "h", "attended", "attention"):
            errors.note(what, f"{at}layer{l}", own[f"layer{l}/{what}"], in_rows(seen[what, l]))
        for what in transformer.STREAMS:
            errors.note(what, f"{at}layer{l}", own[f"layer{l}/{what}"], in_rows(nudge[what, l].grad))
    for name, w in p.items():
        scale = None
        if name.endswith(".scale"):
            l = int(name.removeprefix("layer").removesuffix(".scale"))
            ends = zip(("attended_stream", "stream"), seen["branches", l])
            scale = sum((nudge[what, l].grad * f).abs().sum().item() for what, f in ends)
        errors.note("gradient", at + name, own[f"gradient/{name}"], w.grad, scale)
    loss_of(s, transformer.forward(s, free, x), own).backward()


def function_step(s, p, free, own, t, at, errors):
    errors.note("loss", at, own["loss"], FUNCTIONS[s["function"]](p["point"], s).detach())
    step_loss(p["point"], s, t).backward()
    # Noise is a run's own and cannot be computed again: then the traced gradient stands for it.
    if s["function.noise"] == 0.0:
        point = p["point"].detach()
        curvature = torch.autograd.functional.hessian(lambda x: FUNCTIONS[s["function"]](x, s), point)
        scale = (curvature.abs() @ point.abs()).max().item()
        errors.note("gradient", at, own["gradient/point"], p["point"].grad, scale)
        step_loss(free["point"], s, t).backward()
    else:
        free["point"].grad = own["gradient/point"].clone()


def main(paths):
    worst, kinds, failed = {}, [], 0
    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)
    for path in paths:
        errors, dtype, about = check(path)
        bad = {kind: e for kind, e in errors.items() if kind != "free" and not e[0] <= BOUND[dtype]}
        failed += bool(bad)
        for kind, (error, where) in bad.items():
            print(f"{path} ({about['experiment']}, {about['label']}): {kind} is off by {error:.1e} at {where}, the bound is {BOUND[dtype]:.0e}")
        for kind, (error, _) in errors.items():
            kinds += [kind] if kind not in kinds else []
            if not error <= worst.get((dtype, kind), -1.0):
                worst[dtype, kind] = error
    dtypes = [d for d in BOUND if any(d == dtype for dtype, _ in worst)]
    print(f"{'largest relative error':24}" + "".join(f"{d:>10}" for d in dtypes))
    for kind in kinds:
        cells = (worst.get((d, kind)) for d in dtypes)
        print(f"{kind:24}" + "".join(f"{'' if c is None else format(c, '.1e'):>10}" for c in cells))
    print(f"{len(paths)} traces, {failed} above the bound")
    return 1 if failed else 0


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1:]))
