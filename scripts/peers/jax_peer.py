"""The cell as a JAX user would write it: jit, lax.scan over steps, vmap over half of the seeds on each of two processes.

    python jax_peer.py '{"depth": 20, ...}'            one cell of cells.json, filled in
    python jax_peer.py --grid experiments/vanishing.toml

Programs are compiled ahead of time; the seconds of compiling are reported apart. Prints one line of JSON.
`--layers=scan` also scans over the layers: it compiles in a fraction of the time and runs slower."""

import json
import math
import os
import sys
import time

import common


class Training:
    """Trains some seeds of one cell; made in the parent, used in the workers. Programs are kept by what shaped them."""

    def __init__(self, layers="unroll", ahead=None):
        self.layers, self.ahead, self.programs, self.compiled = layers, ahead, {}, 0.0

    def prepare(self):
        os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
        os.environ["JAX_PLATFORMS"] = "cpu"
        import jax
        jax.devices()
        self.data = common.digits()
        self.compile_ahead_seconds = 0.0
        if self.ahead:
            before = time.monotonic()
            self.program(*self.ahead)
            self.compile_ahead_seconds = time.monotonic() - before

    def __call__(self, jobs):
        """The losses of every seed of these jobs, and the seconds of compiling."""
        import numpy as np
        losses, compiled = [], self.compile_ahead_seconds
        for cell, seeds in jobs:
            before = time.monotonic()
            program = self.program(cell, seeds)
            compiled += time.monotonic() - before
            losses += np.asarray(program(*self.arguments(cell, seeds))[0]).tolist()
        return losses, compiled

    def program(self, cell, seeds):
        """The compiled training of this many seeds; rate, l2 and initial weights are arguments."""
        import jax
        if (key := shape(cell, seeds)) not in self.programs:
            train = make_training(cell, self.data, self.layers == "scan")
            over_seeds = jax.vmap(train, in_axes=(0, 0, None, None, None, None))
            self.programs[key] = jax.jit(over_seeds).lower(*self.arguments(cell, seeds)).compile()
        return self.programs[key]

    def arguments(self, cell, seeds):
        import jax
        import numpy as np
        params = [initial(cell, seed, self.layers == "scan") for seed in seeds]
        params = jax.tree.map(lambda *leaves: np.stack(leaves), *params)
        rows = len(self.data[0])
        order = np.stack([common.batches(seed, cell["steps"], cell["batch"], rows) for seed in seeds]).astype(np.int32)
        flags = [np.isin(np.arange(cell["steps"]), cell[k]) for k in ("score", "probe")]
        return params, order, common.learning_rates(cell), np.float32(cell["l2"]), *flags


def shape(cell, seeds):
    """What a program is compiled for."""
    keys = ("depth", "width", "batch", "steps", "activation", "batch_norm", "residual")
    return (*(cell[key] for key in keys), cell["optimizer"]["kind"], len(seeds))


def initial(cell, seed, stacked):
    """Parameters of one seed; the hidden layers 2..depth as a list, or stacked for a scan."""
    import numpy as np
    import jax
    width, depth = cell["width"], cell["depth"]
    drawn = common.initial_weights(cell, np.random.default_rng(seed))

    def layer(weight):
        new = {"w": weight, "b": np.zeros(weight.shape[1], np.float32)}
        if cell["batch_norm"]:
            new |= {"gain": np.ones(width, np.float32), "shift": np.zeros(width, np.float32)}
        return new

    hidden = [layer(w) for w in drawn[1:depth]]
    if stacked:
        hidden = jax.tree.map(lambda *leaves: np.stack(leaves), *hidden)
    return {"first": layer(drawn[0]), "hidden": hidden,
            "output": {"w": drawn[-1], "b": np.zeros(10, np.float32)}}


def make_training(cell, data, scanned):
    """(params, order, rates, l2, score flags, probe flags) -> ((train loss, test loss), records)."""
    import jax
    import jax.numpy as jnp
    from jax import lax

    train_x, train_y, test_x, test_y = map(jnp.asarray, data)
    act = {"tanh": jnp.tanh, "sigmoid": jax.nn.sigmoid, "relu": jax.nn.relu}[cell["activation"]]
    scale = 1 / math.sqrt(cell["depth"])
    residual, normed, kind = cell["residual"], cell["batch_norm"], cell["optimizer"]["kind"]

    def norm(layer, z, running, training):
        if not normed:
            return z, running
        mean, variance = (jnp.mean(z, 0), jnp.var(z, 0)) if training else running
        if training:
            n = z.shape[0]
            running = (0.9 * running[0] + 0.1 * mean, 0.9 * running[1] + 0.1 * variance * n / (n - 1))
        return (z - mean) * lax.rsqrt(variance + 1e-5) * layer["gain"] + layer["shift"], running

    def block(h, layer, running, tap, training):
        """Plain: act(norm(h W + b)). Residual, on the pair (stream, act(norm(stream)))."""
        if residual:
            stream, a = h
            stream = stream + scale * (a @ layer["w"] + layer["b"])
            stream = stream if tap is None else stream + tap
            z, running = norm(layer, stream, running, training)
            return (stream, act(z)), running
        z, running = norm(layer, h @ layer["w"] + layer["b"], running, training)
        h = act(z)
        return (h if tap is None else h + tap), running

    def first(layer, x, running, tap, training):
        stream = x @ layer["w"] + layer["b"]
        stream = stream if tap is None or not residual else stream + tap
        z, running = norm(layer, stream, running, training)
        h = act(z)
        return ((stream, h) if residual else (h if tap is None else h + tap)), running

    def logits(params, stats, x, training, taps=None):
        tap = lambda i: None if taps is None else taps[i]
        h, first_stats = first(params["first"], x, stats["first"], tap(0), training)
        if scanned:
            inputs = (params["hidden"], stats["hidden"], None if taps is None else taps[1:])
            h, hidden_stats = lax.scan(lambda h, xs: block(h, *xs, training), h, inputs)
        else:
            hidden_stats = []
            for i, (layer, running) in enumerate(zip(params["hidden"], stats["hidden"])):
                h, new = block(h, layer, running, tap(i + 1), training)
                hidden_stats.append(new)
        h = h[1] if residual else h
        out = h @ params["output"]["w"] + params["output"]["b"]
        return out, {"first": first_stats, "hidden": hidden_stats}

    def loss(params, stats, x, y, training=True, taps=None):
        out, stats = logits(params, stats, x, training, taps)
        picked = jnp.take_along_axis(jax.nn.log_softmax(out), y[:, None], 1)
        return -jnp.mean(picked), stats

    def fresh_stats():
        one = (jnp.zeros(cell["width"]), jnp.ones(cell["width"])) if normed else ()
        n = cell["depth"] - 1
        return {"first": one, "hidden": jax.tree.map(lambda s: jnp.stack([s] * n), one) if scanned else [one] * n}

    def update(params, grads, state, lr, t):
        if kind == "sgd":
            return jax.tree.map(lambda p, g: p - lr * g, params, grads), state
        if kind == "momentum":
            state = jax.tree.map(lambda v, g: 0.9 * v + g, state, grads)
            return jax.tree.map(lambda p, v: p - lr * v, params, state), state
        m = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, state[0], grads)
        v = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, state[1], grads)
        rate, root = lr / (1 - 0.9 ** t), 1 / jnp.sqrt(1 - 0.999 ** t)
        return jax.tree.map(lambda p, m, v: p - rate * m / (jnp.sqrt(v) * root + 1e-8), params, m, v), (m, v)

    def scores(params, stats):
        return jnp.stack([loss(params, stats, x, y, False)[0] for x, y in ((train_x, train_y), (test_x, test_y))])

    def probe(params, stats):
        """Root mean squares of dL/dh_l and dL/dW_l on the probe rows."""
        taps = jnp.zeros((cell["depth"], 64, cell["width"]))
        by_weights, by_taps = jax.grad(lambda p, t: loss(p, stats, train_x[:64], train_y[:64], True, t)[0], (0, 1))(params, taps)
        rms = lambda g: jnp.sqrt(jnp.mean(g * g, (-2, -1)))
        hidden = by_weights["hidden"]
        hidden = rms(hidden["w"]) if scanned else jnp.stack([rms(layer["w"]) for layer in hidden]) if hidden else jnp.zeros(0)
        return jnp.concatenate([rms(by_taps), rms(by_weights["first"]["w"])[None], hidden])

    def train(params, order, rates, l2, score_at, probe_at):
        zeros = jax.tree.map(jnp.zeros_like, params)
        state = {"sgd": (), "momentum": zeros}.get(kind, (zeros, zeros))
        recording = bool(cell["probe"])

        def step(carry, at):
            params, stats, state, t = carry
            rows, lr, wants_score, wants_probe = at
            record = ()
            if recording:
                nothing = lambda shape: lambda *_: jnp.zeros(shape)
                record = (lax.cond(wants_score, scores, nothing(2), params, stats),
                          lax.cond(wants_probe, probe, nothing(2 * cell["depth"]), params, stats))
            grads, stats = jax.grad(loss, has_aux=True)(params, stats, train_x[rows], train_y[rows])
            if recording:
                decay = lambda path, g, p: g + l2 * p if path[-1].key == "w" else g
                grads = jax.tree_util.tree_map_with_path(decay, grads, params)
            params, state = update(params, grads, state, lr, t)
            return (params, stats, state, t + 1.0), record

        carry, records = lax.scan(step, (params, fresh_stats(), state, 1.0), (order, rates, score_at, probe_at))
        last = probe(*carry[:2]) if recording else ()
        return scores(*carry[:2]), records, last

    return train


def main():
    import statistics
    layers = next((a.removeprefix("--layers=") for a in sys.argv if a.startswith("--layers=")), "unroll")
    ahead = None
    if sys.argv[1] == "--grid":
        # All cells of one program are one job, so that no program is compiled twice; the deepest first.
        groups = {}
        for cell in sorted(common.grid(sys.argv[2]), key=lambda cell: -cell["depth"]):
            seeds = range(1, cell["seeds"] + 1)
            groups.setdefault(shape(cell, seeds), []).append((cell, seeds))
        jobs = list(groups.values())
        training = Training(layers)
    else:
        cell = json.loads(sys.argv[1])
        half = cell["seeds"] // common.CORES
        jobs = [[(cell, range(1, half + 1))], [(cell, range(half + 1, 2 * half + 1))]]
        training = Training(layers, ahead=jobs[0][0])
    answers, seconds = common.in_two_processes(training, jobs)
    losses = [pair for found, _ in answers for pair in found]
    medians = [statistics.median(column) for column in zip(*losses)]
    compiled = [c for _, c in answers]
    report = {"seconds": seconds, "runs": len(losses), "train_loss": medians[0], "test_loss": medians[1]}
    # A grid compiles while it runs, so its seconds hold the compiling of both workers.
    report["compile_seconds"] = sum(compiled) / common.CORES if sys.argv[1] == "--grid" else max(compiled)
    print(json.dumps(report))


if __name__ == "__main__":
    main()
