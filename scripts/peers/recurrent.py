"""A training step of a recurrent net in gradsweep, PyTorch and JAX, each on one thread, by the CPU time that it takes.

    cargo build --release
    python3 scripts/peers/recurrent.py [PROGRAM] [ROUNDS]

One layer of 64 units, 64 sequences of 28 steps of 28 features, one output at the last step, plain SGD, f32. Ours is the difference
of two trainings of different length, so that start, probe, scores and figures do not count. JAX scans over time and over steps, with
4 seeds in one vmap, and compiling does not count. All alternate in rounds, and medians over the rounds are shown. FLOP are those of
the matrix products, and the peak is a loop of fused multiply-adds on registers, in C."""

import ctypes
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from resource import RUSAGE_SELF

os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
os.environ["JAX_PLATFORMS"] = "cpu"
# One core for all, so that no library starts more threads than one.
os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})

import jax
import jax.numpy as jnp
import numpy as np
import torch
from jax import lax
from step_time import cpu, of_gradsweep
from torch import nn

PROGRAM = sys.argv[1] if len(sys.argv) > 1 else "target/release/gradsweep"
ROUNDS = int(sys.argv[2]) if len(sys.argv) > 2 else 7
TIME, FEATURES, WIDTH, BATCH, SEEDS, RATE = 28, 28, 64, 64, 4, 1e-3
GATES = {"rnn": 1, "lstm": 4, "gru": 3}


def spent(work):
    before = cpu(RUSAGE_SELF)
    work()
    return cpu(RUSAGE_SELF) - before


def flops(cell):
    """Forward and dW of both matrices, dh of the recurrent one; the state before the first step is zero."""
    columns = GATES[cell] * WIDTH
    return 2 * BATCH * columns * (2 * TIME * FEATURES + 3 * (TIME - 1) * WIDTH)


def ours(cell):
    base = f"""data = {{ kind = "lag", length = {TIME}, features = {FEATURES}, n = 1000 }}
network = "{cell}"
{'activation = "tanh"' if cell == "rnn" else ""}
width = {WIDTH}
batch = {BATCH}
optimizer = {{ kind = "sgd", lr = {RATE} }}"""
    return lambda: of_gradsweep(base, 1000, PROGRAM)


def torchs(cell):
    torch.set_num_threads(1)
    layer = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}[cell](FEATURES, WIDTH)
    output = nn.Linear(WIDTH, 1)
    update = torch.optim.SGD([*layer.parameters(), *output.parameters()], lr=RATE)
    x, y = torch.randn(TIME, BATCH, FEATURES), torch.randn(BATCH, 1)

    def train(steps):
        for _ in range(steps):
            update.zero_grad(set_to_none=True)
            nn.functional.mse_loss(output(layer(x)[0][-1]), y).backward()
            update.step()

    train(5)
    return lambda: spent(lambda: train(100)) / 100


def jaxs(cell):
    columns = GATES[cell] * WIDTH
    draw = np.random.default_rng(1).normal
    shapes = {"w": (FEATURES, columns), "u": (WIDTH, columns), "b": (columns,), "v": (WIDTH, 1), "c": (1,)}
    params = {name: draw(0, 0.1, (SEEDS, *shape)).astype(np.float32) for name, shape in shapes.items()}
    x = draw(0, 1, (SEEDS, TIME, BATCH, FEATURES)).astype(np.float32)
    y = draw(0, 1, (SEEDS, BATCH, 1)).astype(np.float32)

    def rnn(h, a, u):
        return jnp.tanh(a + h @ u)

    def lstm(state, a, u):
        h, c = state
        i, f, g, o = jnp.split(a + h @ u, 4, axis=-1)
        c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
        return jax.nn.sigmoid(o) * jnp.tanh(c), c

    def gru(h, a, u):
        (ar, az, an), (pr, pz, pn) = jnp.split(a, 3, axis=-1), jnp.split(h @ u, 3, axis=-1)
        z = jax.nn.sigmoid(az + pz)
        return (1 - z) * jnp.tanh(an + jax.nn.sigmoid(ar + pr) * pn) + z * h

    step = {"rnn": rnn, "lstm": lstm, "gru": gru}[cell]

    def loss(p, x, y):
        zero = jnp.zeros((BATCH, WIDTH))
        start = (zero, zero) if cell == "lstm" else zero
        state, _ = lax.scan(lambda state, a: (step(state, a, p["u"]), None), start, x @ p["w"] + p["b"])
        h = state[0] if cell == "lstm" else state
        return jnp.mean((h @ p["v"] + p["c"] - y) ** 2)

    def train(p, x, y):
        update = lambda p, _: (jax.tree.map(lambda p, g: p - RATE * g, p, jax.grad(loss)(p, x, y)), None)
        return lax.scan(update, p, None, length=50)[0]

    program = jax.jit(jax.vmap(train)).lower(params, x, y).compile()
    run = lambda: jax.block_until_ready(program(params, x, y))
    run()
    return lambda: spent(run) / (50 * SEEDS)


def peak():
    """Floating-point operations in a second of the processor's widest fused multiply-adds."""
    with tempfile.TemporaryDirectory() as folder:
        source, library = Path(folder) / "peak.c", Path(folder) / "peak.so"
        source.write_text("""
typedef float wide __attribute__((vector_size(64)));
float peak(long n, float a, float b) {
    wide v[12];
    for (int i = 0; i < 12; i++) v[i] = (wide){0} + (a + i);
    for (long k = 0; k < n; k++)
        for (int i = 0; i < 12; i++) v[i] = v[i] * a + b;
    float sum = 0;
    for (int i = 0; i < 12; i++) sum += v[i][0];
    return sum;
}""")
        command = ["cc", "-O3", "-march=native", "-ffp-contract=fast", "-shared", "-fPIC", "-o", library, source]
        subprocess.run(command, check=True)
        function = ctypes.CDLL(str(library)).peak
        function.argtypes, function.restype = [ctypes.c_long, ctypes.c_float, ctypes.c_float], ctypes.c_float
        steps = 10_000_000
        return max(12 * 16 * 2 * steps / spent(lambda: function(steps, 0.999, 0.001)) for _ in range(5))


def main():
    top = peak()
    print(f"peak {top / 1e9:.0f} GFLOP/s; ms of CPU time a step, medians of {ROUNDS} rounds (lowest to highest)")
    for cell in GATES:
        programs = {"gradsweep": ours(cell), "PyTorch": torchs(cell), "JAX": jaxs(cell)}
        times = {name: [] for name in programs}
        for _ in range(ROUNDS):
            for name, step in programs.items():
                times[name].append(1e3 * step())
        own = statistics.median(times["gradsweep"])
        for name, all_rounds in times.items():
            ms = statistics.median(all_rounds)
            rate = flops(cell) / ms / 1e6
            print(f"{cell:5} {name:10} {ms:6.2f} ({min(all_rounds):.2f} to {max(all_rounds):.2f})  {rate:5.1f} GFLOP/s, "
                  f"{1e9 * rate / top:.2f} of peak, {ms / own:.2f} times ours", flush=True)


if __name__ == "__main__":
    main()
