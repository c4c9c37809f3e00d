"""CPU time of a training step of gradsweep, for the peers that measure a single step."""

import subprocess
import tempfile
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage


def cpu(who):
    """Seconds of user and system time so far."""
    used = getrusage(who)
    return used.ru_utime + used.ru_stime


def of_gradsweep(base, steps, program="target/release/gradsweep"):
    """Of the net with these lines under [base]: the difference of two trainings of different length, so that start, probe, scores and
    figures do not count."""

    def train(steps):
        with tempfile.TemporaryDirectory() as folder:
            experiment = Path(folder) / "step.toml"
            experiment.write_text(
                'name = "step"\nquestion = "How long is a step?"\n'
                "record = { gradients = { at = [] }, score = { at = [] } }\n"
                f"[base]\n{base}\nsteps = {steps}\n"
            )
            command = [Path(program).resolve(), "sweep", experiment, "--out", f"{folder}/out", "--jobs", "1", "--quiet", "--no-figures"]
            before = cpu(RUSAGE_CHILDREN)
            subprocess.run(command, check=True, capture_output=True)
            return cpu(RUSAGE_CHILDREN) - before

    return (train(steps + 20) - train(20)) / steps
