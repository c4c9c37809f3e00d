"""From timings to a CSV, a table with ratios against the targets, and a figure."""

import csv
import statistics

PEERS = ("pytorch", "jax", "candle-nn")
VANISHING_TARGETS = {"pytorch": 6.0, "jax": 10.0, "jax, layers scanned": 10.0}


def cells(out, about, wanted, rows):
    """peers.csv: every timing; peers.md: medians and ratios; peers.png."""
    write_csv(out / "peers.csv", rows)
    median = lambda cell, peer, key: statistics.median(r[key] for r in rows if (r["cell"], r["peer"]) == (cell, peer))
    spread = lambda cell, peer: [f([r["gflops"] for r in rows if (r["cell"], r["peer"]) == (cell, peer)]) for f in (min, max)]
    rounds = max(r["round"] for r in rows)
    lines = ["# The same cell in gradsweep, PyTorch, JAX and candle-nn", ""]
    lines += [f"- {name}: {value}" for name, value in about] + [""]
    lines += [
        f"GFLOP/s of matrix products over two cores, medians of {rounds} rounds in alternation. gradsweep's time is the whole",
        "process: start, first and last probe and score, CSV files and figures. The others' clocks start after imports, data and",
        "(JAX) compiling, and end after the final evaluation. In brackets: gradsweep is so many times faster, and the target.", "",
        "| cell | gradsweep | PyTorch | JAX | candle-nn | JAX compiles |", "|---|---|---|---|---|---|"]
    for cell in wanted:
        name = cell["name"]
        own = median(name, "gradsweep", "seconds")
        columns = [f"{median(name, 'gradsweep', 'gflops'):.1f}"]
        for peer in PEERS:
            ratio, target = median(name, peer, "seconds") / own, cell["target"][peer]
            mark = "" if ratio >= target else ", short"
            columns.append(f"{median(name, peer, 'gflops'):.1f} ({ratio:.2f}x of {target:g}x{mark})")
        columns.append(f"{median(name, 'jax', 'compile_seconds'):.1f} s")
        lines.append(f"| {name}, batch {cell['batch']}, {cell['steps']} steps, {cell['seeds']} seeds | " + " | ".join(columns) + " |")
    lines += ["", "Median training and test loss at the end, as a check that the work is the same (PyTorch and JAX share weights and",
              "batches; gradsweep and candle-nn share another split).", "",
              "| cell | gradsweep | PyTorch | JAX | candle-nn |", "|---|---|---|---|---|"]
    for cell in wanted:
        losses = [f"{median(cell['name'], p, 'train_loss'):.4f}, {median(cell['name'], p, 'test_loss'):.4f}" for p in ("gradsweep", *PEERS)]
        lines.append(f"| {cell['name']} | " + " | ".join(losses) + " |")
    finish(out / "peers.md", lines)
    draw(out / "peers.png", wanted, median, spread)


def vanishing(out, about, rows):
    """vanishing.csv and vanishing.md: the whole grid."""
    write_csv(out / "vanishing.csv", rows)
    median = lambda peer, key: statistics.median(r[key] for r in rows if r["peer"] == peer)
    own = median("gradsweep", "seconds")
    lines = ["# All of experiments/vanishing.toml", ""] + [f"- {name}: {value}" for name, value in about] + [""]
    lines += ["gradsweep's time is the whole process, figures included. PyTorch and JAX train on two pinned processes and record a",
              "probe of stream and weight gradients and the scores at the same steps; JAX vmaps the five seeds of a cell, keeps a",
              "compiled program for all cells that differ in numbers alone, and its seconds hold the compiling.", "",
              "| | runs | seconds | of which compiling, a process | gradsweep is faster by | target |", "|---|---|---|---|---|---|"]
    for peer in dict.fromkeys(r["peer"] for r in rows):
        ratio = f"{median(peer, 'seconds') / own:.2f}x | {VANISHING_TARGETS[peer]:g}x" if peer in VANISHING_TARGETS else "| at most 60 s"
        lines.append(f"| {peer} | {median(peer, 'runs'):.0f} | {median(peer, 'seconds'):.1f} | {median(peer, 'compile_seconds'):.1f} | {ratio} |")
    finish(out / "vanishing.md", lines)


def write_csv(path, rows):
    with open(path, "w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows({k: f"{v:.6g}" if isinstance(v, float) else v for k, v in row.items()} for row in rows)


def finish(path, lines):
    text = "\n".join(lines) + "\n"
    path.write_text(text)
    print(text)


def draw(path, wanted, median, spread):
    """Bars of GFLOP/s; the line on each spans its slowest and fastest round."""
    import matplotlib
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt
    figure, axes = plt.subplots(figsize=(9, 4.2), layout="constrained")
    colors = {"gradsweep": "#0072B2", "pytorch": "#D55E00", "jax": "#009E73", "candle-nn": "#999999"}
    for i, (peer, color) in enumerate(colors.items()):
        heights = [median(cell["name"], peer, "gflops") for cell in wanted]
        ends = [spread(cell["name"], peer) for cell in wanted]
        error = [[h - e[0] for h, e in zip(heights, ends)], [e[1] - h for h, e in zip(heights, ends)]]
        places = [j + 0.2 * (i - 1.5) for j in range(len(wanted))]
        axes.bar(places, heights, 0.18, yerr=error, color=color, label=peer, error_kw={"elinewidth": 0.8})
    axes.set_xticks(range(len(wanted)), [f"{c['name']}\nbatch {c['batch']}" for c in wanted])
    axes.set_ylabel("GFLOP/s of matrix products, two cores")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False)
    figure.savefig(path, dpi=160)
