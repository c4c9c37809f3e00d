"""What the Python peers share: cells, digits as gradsweep scales them, batches, and two workers that start together."""

import gzip
import itertools
import json
import math
import multiprocessing
import os
import sys
import time
import tomllib
from pathlib import Path
from queue import Empty

import numpy as np

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
CORES = 2
USUAL = {"batch_norm": False, "residual": False, "l2": 0.0, "schedule": "constant", "score": [], "probe": []}


def cells():
    """The cells of cells.json, each with the base settings filled in."""
    file = json.loads((HERE / "cells.json").read_text())
    return [USUAL | file["base"] | cell for cell in file["cells"]]


def grid(path):
    """Every cell of an experiment with axes, variants, optimizers and excludes, such as vanishing.toml."""
    file = tomllib.loads(Path(path).read_text())
    axes = [[{key: value} for value in values] for key, values in file["axes"].items()]
    axes.append([{"variant": name} | settings for name, settings in file["variants"].items()])
    axes.append([{"optimizer": settings} for settings in file["optimizer"]])
    last = file["base"]["steps"]
    points = file["record"]["gradients"]["points"]
    probe = {0, last} | {round(last ** (i / (points - 2))) for i in range(points - 1)}
    score = {*range(0, last, file["record"]["score"]["every"]), last}
    found = []
    for patches in itertools.product(*axes):
        cell = USUAL | file["base"] | {"seeds": file["seeds"], "probe": sorted(probe), "score": sorted(score)}
        for patch in patches:
            cell |= patch
        labels = cell | {"optimizer": cell["optimizer"]["kind"]}
        if not any(all(labels[k] in (v if isinstance(v, list) else [v]) for k, v in rule.items())
                   for rule in file.get("exclude", [])):
            found.append(cell)
    return found


def digits():
    """(train x, train y, test x, test y): 1437 and 360 rows, each feature's training mean subtracted, divided by one
    standard deviation over all."""
    folder = ROOT / "src/data/files"
    images = gzip.decompress((folder / "digits-images-idx3-ubyte.gz").read_bytes())[16:]
    labels = gzip.decompress((folder / "digits-labels-idx1-ubyte.gz").read_bytes())[8:]
    x = np.frombuffer(images, np.uint8).reshape(-1, 64).astype(np.float64)
    y = np.frombuffer(labels, np.uint8).astype(np.int64)
    order = np.random.default_rng(0).permutation(len(x))
    test = math.ceil(0.2 * len(x))
    train, test = order[:-test], order[-test:]
    mean = x[train].mean(0)
    deviation = math.sqrt(((x[train] - mean) ** 2).mean())
    x = ((x - mean) / deviation).astype(np.float32)
    return x[train], y[train], x[test], y[test]


def batches(seed, steps, batch, rows):
    """Row numbers [steps, batch]: a fresh order each epoch, the last partial batch dropped."""
    rng = np.random.default_rng(seed)
    per_epoch = rows // batch
    epochs = [rng.permutation(rows)[: per_epoch * batch].reshape(per_epoch, batch)
              for _ in range(math.ceil(steps / per_epoch))]
    return np.concatenate(epochs)[:steps]


def learning_rates(cell):
    """The rate of each step."""
    lr, steps = cell["optimizer"]["lr"], cell["steps"]
    t = np.arange(steps) / steps
    shape = 0.5 * (1 + np.cos(np.pi * t)) if cell["schedule"] == "cosine" else np.ones(steps)
    return (lr * shape).astype(np.float32)


def weight_deviation(cell, inputs, outputs):
    """(distribution, parameter): the standard deviation of a normal, or the bound of a uniform."""
    if cell["init"] == "uniform_fan_in":
        return "uniform", 1 / math.sqrt(inputs)
    if cell["init"] == "matched":
        return "normal", math.sqrt(2 / inputs if cell["activation"] == "relu" else 2 / (inputs + outputs))
    return "normal", 1 / math.sqrt(inputs)


def initial_weights(cell, rng):
    """The weights [in, out] of every affine map, the output layer last."""
    sizes = [64] + [cell["width"]] * cell["depth"] + [10]
    weights = []
    for inputs, outputs in itertools.pairwise(sizes):
        kind, size = weight_deviation(cell, inputs, outputs)
        draw = rng.uniform(-size, size, (inputs, outputs)) if kind == "uniform" else rng.normal(0, size, (inputs, outputs))
        weights.append(draw.astype(np.float32))
    return weights


def product_flops(cell):
    """Matrix products of one training step: forward and dW everywhere, dX everywhere but in layer 1."""
    first, hidden, last = 64 * cell["width"], (cell["depth"] - 1) * cell["width"] ** 2, cell["width"] * 10
    return 2 * cell["batch"] * (3 * (first + hidden + last) - first)


def in_two_processes(work, jobs):
    """Runs `work(job, worker)` for every job on two pinned single-threaded processes that start together.

    `work.prepare(worker)` is called before the clock starts. A job goes to the next free worker. Returns the answers
    and the seconds from the first start to the last end."""
    context = multiprocessing.get_context("spawn")
    start, queue, answers = context.Barrier(CORES), context.Queue(), context.Queue()
    for job in [*enumerate(jobs), *[None] * CORES]:
        queue.put(job)
    workers = [context.Process(target=_worker, args=(work, i, start, queue, answers)) for i in range(CORES)]
    for worker in workers:
        worker.start()
    got = []
    while len(got) < len(jobs) + CORES:
        try:
            got.append(answers.get(timeout=5))
        except Empty:
            # The others would wait for a dead one for ever.
            if any(worker.exitcode not in (None, 0) for worker in workers):
                for worker in workers:
                    worker.kill()
                sys.exit("a worker died: its error is above")
    for worker in workers:
        worker.join()
    times = [t for kind, t in got if kind == "time"]
    done = dict(answer for kind, answer in got if kind == "done")
    return [done[i] for i in range(len(jobs))], max(t[1] for t in times) - min(t[0] for t in times)


def _worker(work, number, start, queue, answers):
    available = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {available[number % len(available)]})
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[name] = "1"
    work.prepare()
    start.wait()
    began = time.monotonic()
    while (job := queue.get()) is not None:
        answers.put(("done", (job[0], work(job[1]))))
    answers.put(("time", (began, time.monotonic())))
