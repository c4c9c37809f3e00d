#!/usr/bin/env python3
"""Traces every member of every family, in f32 and f64, and holds each trace to PyTorch (check_trace.py).

    cargo build --release
    python3 scripts/check_all_traces.py        # from the repository root; three minutes

The members come from the program's own table, so that a new one is covered unasked.
"""

import re
import subprocess
import sys
import tempfile
from itertools import product
from pathlib import Path

from safetensors import safe_open
from safetensors.torch import save_file

import check_trace

PROGRAM = Path("target/release/gradsweep")
REQUIRED = {"schedule.milestones": [2, 4], "schedule.every": 2, "function.coefficients": [2, 0, 0, -3, 1]}
# Long enough for every branch: RAdam rectifies from its sixth step on, a restart of period 3 comes twice.
STEPS, TRACED = 12, 9
# What a tensor is called in the table of errors, by its name within a step.
KINDS = {"lr": "lr", "loss": "loss", "outputs": "outputs", "z": "z", "a": "a", "h": "h", "delta": "delta", "stream": "stream",
         "gradient": "gradient", "updated": "updated", "running": "running"}
# What a transformer has beside z, a and delta.
OF_BLOCKS = {"attended": "attended", "attended_stream": "attended_stream", "attention": "attention"}
OF_TRANSFORMER = {kind for kind in KINDS.values() if kind != "running"} | set(OF_BLOCKS)
# What an LSTM has in place of z, a, delta and running statistics.
OF_CELLS = {"c": "c", "cell_stream": "cell_stream", "gates": "gates"}
OF_LSTM = {kind for kind in KINDS.values() if kind not in ("z", "a", "delta", "running")} | set(OF_CELLS)


def families():
    """Words and switches of every setting, and which kinds it belongs to, from `gradsweep settings --markdown`."""
    told = subprocess.run([PROGRAM, "settings", "--markdown"], check=True, capture_output=True, text=True).stdout
    rows = told.split("\n\n")[0].splitlines()
    table = {}
    for row in rows[2:]:
        key, value = [cell.strip() for cell in re.split(r"(?<!\\)\|", row)[1:3]]
        name, of = re.match(r"`([\w.]+)`(?: \((.*)\))?", key).groups()
        words = re.findall(r'"([^"]+)"', value) or ([True, False] if value.startswith("true") else None)
        table.setdefault(name, []).append((of.split(", ") if of else None, words))
    return table


def words(table, key):
    return [word for _, found in table[key] for word in found or []]


def switches(table, family, kind):
    """The options of a kind that are on or off."""
    return [key for key, rows in table.items() if key.startswith(f"{family}.")
            for of, found in rows if found == [True, False] and (of is None or kind in of)]


def cells(table):
    """Everything that is checked: names and settings."""
    kind_of = {"optimizer": "optimizer.kind"}
    for activation in words(table, "activation"):
        yield f"activation {activation}", {"activation": activation}
    for activation in words(table, "output_activation"):
        yield f"output {activation}", {"output_activation": activation, "loss": "mse"}
    scales = [0.5, *words(table, "residual.scale")]
    norms = [{}] + [{"norm": kind, "norm.place": place}
                    for kind in words(table, "norm")[1:] for place in places(table)["mlp"]]
    forms = [form for form in words(table, "residual") if form != "identity"]
    for norm, form, loss in product(norms, forms, words(table, "loss")):
        own = {**norm, "residual": form, "loss": loss}
        affines = [True, False] if norm else [True]
        for scale, affine, bias in product(scales if form.endswith("activation") else [None], affines, [True, False]):
            more = {} if scale is None else {"residual.scale": scale}
            more |= {} if affine else {"norm.affine": False}
            yield f"{' '.join(norm.values())} {form} {loss} {scale} {affine} {bias}", {**own, **more, "bias": bias}
    for form, place in product(forms, places(table)["mlp"]):
        yield f"dropout {form} {place}", {"dropout": 0.3, "residual": form, "norm": "layer", "norm.place": place}
    yield "widths", {"widths": [12, 20, 6]}
    yield "no hidden layer", {"depth": 0}
    beside = [{}, {"l2": 0.01}, {"weight_decay": 0.1}, {"l2": 0.01, "weight_decay": 0.1, "decay_all": True},
              {"clip.norm": 0.05}, {"clip.value": 0.001}, {"clip.norm": 0.05, "l2": 0.01, "weight_decay": 0.1}]
    for kind in words(table, kind_of["optimizer"]):
        rules = [{}] + [{key: True} for key in switches(table, "optimizer", kind)]
        rules += [{"optimizer.momentum": 0.7}] if any(of and kind in of for of, _ in table["optimizer.momentum"]) else []
        for rule, more in product(rules, beside):
            yield f"{kind} {rule} {more}", {"optimizer.kind": kind, **rule, **more}
        yield f"{kind} on a function", {"optimizer.kind": kind, "function": "rosenbrock", "l2": 0.01, "weight_decay": 0.1}
    for schedule, warmup in product(words(table, "schedule"), [0, 2]):
        required = {k: v for k, v in REQUIRED.items() if k.startswith("schedule.") and any(of and schedule in of for of, _ in table[k])}
        yield f"{schedule} {warmup}", {"schedule": schedule, "schedule.warmup": warmup, **required}
    for growth in (1, 2):
        yield f"restarts {growth}", {"schedule": "cosine", "schedule.period": 3, "schedule.growth": growth, "schedule.final": 0.1}
    # Short sequences of each kind of data that has some.
    tasks = [{"data": "digits"}, {"data": "digits", "data.as": "permuted_pixels", "network.bptt": 20}]
    tasks += [{"data": kind, "data.length": 9, "data.n": 400} for of, _ in table["data.length"] for kind in of if kind != "copy_memory"]
    tasks.append({"data": "copy_memory", "data.length": 3, "data.copied": 2, "data.symbols": 3, "data.n": 400})
    recurrent = next(of for of, _ in table["network.bptt"])
    for network, read_out in product(recurrent, next(found for of, found in table["network.read_out"] if of == recurrent)):
        beside = [{"activation": activation} for activation in words(table, "activation")] if network == "rnn" else [{}]
        beside += [{"depth": 2, "bias": False}, {"depth": 2, "network.bptt": 3}, *tasks]
        beside += [{"norm": kind, "norm.affine": affine, "bias": bias} for kind, affine, bias in product(("layer", "rms"), (True, False), (True, False))]
        beside += [{"depth": 3, "residual": "identity"}, {"depth": 2, "dropout": 0.3}, {"depth": 3, "residual": "identity", "dropout": 0.3, "norm": "layer"}]
        for own in beside:
            task = {} if any(key.startswith("data") for key in own) else tasks[2]
            lag = {"data.lag": 3} if "lag" in (own.get("data"), task.get("data")) else {}
            # It has a target for every step.
            if own.get("data") == "copy_memory" and read_out != "every":
                continue
            # At a rate at which none diverges, softplus and selu included, and rounding over 64 steps stays small.
            rate = {"optimizer.lr": 0.001}
            yield f"{network} {read_out} {own}", {"network": network, "network.read_out": read_out, "depth": 1, **rate, **task, **own, **lag}
    conv = {"network": "conv", "network.channels": 3, "network.stages": 2}
    for norm, form, padding in product(norms, forms, words(table, "network.padding")):
        own = {**conv, **norm, "residual": form, "network.padding": padding, "bias": padding == "zero"}
        yield f"conv {' '.join(norm.values())} {form} {padding}", own
    for own in [{"activation": activation} for activation in words(table, "activation")] + [
        {"network.kernel": 1}, {"network.kernel": 5, "network.stages": 1}, {"residual": "post_activation", "residual.scale": "learned_zero"},
        {"dropout": 0.3, "norm": "layer"}, {"init": "delta_orthogonal"},
    ]:
        yield f"conv {own}", {**conv, **own}
    yield from transformers(table, tasks)
    for function in words(table, "function")[1:]:
        required = {k: v for k, v in REQUIRED.items() if k.startswith("function.") and any(of and function in of for of, _ in table[k])}
        yield function, {"function": function, "optimizer.kind": "gd", "optimizer.lr": 0.001, **required}
    for loss in words(table, "loss"):
        own = {"loss.label_smoothing": 0.2} if loss == "cross_entropy" else {}
        for weights in ("balanced", [1.0, 2.0, 0.5, 1.0, 3.0, 1.0, 1.0, 0.2, 1.0, 1.0]):
            yield f"{loss} {weights}", {"loss": loss, "loss.class_weights": weights, **own}


def places(table):
    """Where norms may be, by the networks that have them there."""
    before, after, pre, post = words(table, "norm.place")
    return {"mlp": (before, after), "transformer": (pre, post)}


def transformers(table, tasks):
    """Small transformers, with each word of each of their settings."""
    # At a rate at which none diverges: then errors of rounding would grow without bound.
    net = {"network": "transformer", "depth": 2, "width": 16, "init": "glorot_normal", "optimizer.lr": 0.01}
    norms = [{"norm": "none"}] + [{"norm": kind, "norm.place": place} for kind in ("layer", "rms") for place in places(table)["transformer"]]
    for norm, scale in product(norms, [0.5, *words(table, "network.branch_scale")]):
        if scale != "deepnorm" or norm.get("norm.place") == "post":
            yield f"transformer {norm} {scale}", {**net, **norm, "network.branch_scale": scale}
    read_outs = next(found for of, found in table["network.read_out"] if of == ["transformer"])
    for read_out, positions, causal in product(read_outs, words(table, "network.positions"), (True, False)):
        own = {"network.read_out": read_out, "network.positions": positions, "network.causal": causal}
        yield f"transformer {read_out} {positions} {causal}", {**net, **own}
    beside = [{"activation": activation} for activation in words(table, "activation") if activation != "prelu"]
    beside += [{"norm.affine": False, "bias": False}, {"network.heads": 8, "network.feed_forward": 1}, *tasks[:1], *tasks[2:]]
    for own in beside:
        lag = {"data.lag": 3} if own.get("data") == "lag" else {}
        # Where the targets are numbers their mean is soon learned, and gradients that are sums over the rows cancel.
        slow = {"optimizer.lr": 0.001} if "data.length" in own else {}
        slow |= {"network.read_out": "every"} if own.get("data") == "copy_memory" else {}
        yield f"transformer {own}", {**net, **own, **lag, **slow}


def toml(value):
    return str(value).lower() if isinstance(value, bool) else f'"{value}"' if isinstance(value, str) else str(value)


def checked_as(name):
    """Of a tensor within a step, such as `layer2/z` or `gradient/layer1.weight`; None for what is given, as x and classes."""
    first, last = name.partition("/")[0], name.rpartition("/")[2]
    return (KINDS | OF_CELLS | OF_BLOCKS).get(last if first.startswith("layer") else first)


def catches(folder, paths, kinds):
    """Whether an error of 1e-4 in any kind of tensor shows: a check that cannot fail would say nothing."""
    missed, planted = [], 0
    for path in paths[:2]:
        with safe_open(path, "pt") as file:
            tensors, about = {name: file.get_tensor(name) for name in file.keys()}, file.metadata()
        last = {}
        for name in tensors:
            if name.startswith(f"step.{TRACED - 1:06}/"):
                kind = checked_as(name.split("/", 1)[1])
                # The bias before a norm has no gradient to be wrong by a share of.
                if kind and not name.endswith(".bias"):
                    last[kind] = name
        assert set(last) == set(kinds), last
        for kind, name in last.items():
            wrong = {n: t.clone() for n, t in tensors.items()}
            wrong[name] *= 1 + 1e-4
            out = folder / "wrong.safetensors"
            save_file(wrong, out, about)
            errors, dtype, _ = check_trace.check(out)
            planted += 1
            if errors[kind][0] <= check_trace.BOUND[dtype]:
                missed.append(f"{path.name}: {name}")
    print(f"{planted} planted errors of 1e-4, {len(missed)} missed{''.join(' ' + m for m in missed)}")
    return 1 if missed else 0


def main():
    table, paths, normed, cells_of_lstm, blocks = families(), [], [], [], []
    base = {"depth": 3, "width": 16, "batch": 32, "steps": STEPS, "init": "he_normal", "activation": "tanh"}
    with tempfile.TemporaryDirectory() as folder:
        for number, ((name, own), dtype) in enumerate(product(cells(table), words(table, "dtype"))):
            network = {} if "function" in own else base
            settings = {"steps": STEPS, "dtype": dtype, **network, **own}
            for key in ("depth", "width") if "widths" in own else ():
                del settings[key]
            if settings.get("network") in ("lstm", "gru"):
                settings.pop("activation")
            if settings.get("network") == "conv":
                del settings["width"]
            if settings.get("optimizer.kind") == "gd" or "function" in own:
                settings.pop("batch", None)
            plain = re.sub(r"[^\w.]+", "-", f"{name} {dtype}").strip("-")[:100]
            lines = [f'name = "{plain}"', 'question = "?"', "[base]"]
            lines += [f'"{key}" = {toml(value)}' for key, value in settings.items()]
            experiment, out = Path(folder) / f"{number}.toml", Path(folder) / f"{number}.safetensors"
            experiment.write_text("\n".join(lines) + "\n")
            command = [PROGRAM, "trace", experiment, "--steps", str(TRACED), "--out", out]
            answer = subprocess.run(command, capture_output=True, text=True)
            if answer.returncode != 0:
                sys.exit(f"{name}: {answer.stderr}")
            paths.append(out)
            if settings.get("norm") == "batch" and "residual.scale" not in settings:
                normed.append(out)
            if settings.get("network") == "lstm":
                cells_of_lstm.append(out)
            if settings.get("network") == "transformer":
                blocks.append(out)
        failed = check_trace.main(paths)
        planted = [(normed, KINDS.values()), (cells_of_lstm, OF_LSTM), (blocks, OF_TRANSFORMER)]
        return failed or max(catches(Path(folder), own, kinds) for own, kinds in planted)


if __name__ == "__main__":
    sys.exit(main())
