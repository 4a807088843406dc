"""Whole jobs, ours and the plain loop's, each a process of its own: CPU seconds to the end of the first step and of all, and memory.

Imports, loading, encoding, checkpoints and what is written at the end are in it. Ours has the variables of its image, as in AWS and in the
local cloud. Each job prints a line a step, and is asked for its CPU time then.
"""

import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from atelier_training.paths import ROOT_VARIABLE, MlPaths
from bench.serve.spent import Spending
from local.sagemaker.dockerfile import read_dockerfile

COMMANDS: dict[str, Sequence[str]] = {
    "ours": ("atelier_training", "train"),
    "reference": ("bench.train.reference",),
}
_REPOSITORY = Path(__file__).parents[2]
_STEP = re.compile(r"^step=(\d+)/\d+ loss=")


@dataclass(frozen=True, kw_only=True)
class FinishedJob:
    """CPU seconds until each step had ended, and the process; MiB of resident memory at most."""

    steps: Sequence[float]
    total: float
    peak: float


def run_job(side: str, paths: MlPaths) -> FinishedJob:
    """Run a job that is laid out. Raises RuntimeError with its last words where it fails."""
    path = os.pathsep.join([str(_REPOSITORY), str(_REPOSITORY / "training")])
    image = image_variables()
    others = {name: value for name, value in os.environ.items() if name not in image}
    environment = {
        **others,
        **(image if side == "ours" else {}),
        ROOT_VARIABLE: str(paths.root),
        "OMP_NUM_THREADS": "1",
        "PYTHONPATH": path,
    }
    arguments = [] if side == "ours" else [str(paths.root)]
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", *COMMANDS[side], *arguments],
        env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=_REPOSITORY,
    )  # fmt: skip
    watch = _Watch(process.pid)
    spending, steps, said = Spending(process.pid), list[float](), list[str]()
    assert process.stdout is not None
    with process.stdout as output:
        for line in output:
            said.append(line)
            if _STEP.match(line):
                steps.append(spending.cpu())
    peak = watch.end()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{side} ended with {process.returncode}:\n{''.join(said[-30:])}")
    return FinishedJob(steps=steps, total=usage.ru_utime + usage.ru_stime, peak=peak)


def image_variables() -> dict[str, str]:
    """What the training image sets."""
    return dict(read_dockerfile(_REPOSITORY / "training/Dockerfile").environment)


class _Watch:
    """Reads a process's highest memory again and again: what the system says at its end counts the parent's before the child began."""

    def __init__(self, pid: int) -> None:
        self._status = Path(f"/proc/{pid}/status")
        self._peak = 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def end(self) -> float:
        """MiB."""
        self._ended.set()
        self._thread.join()
        return self._peak / 1024

    def _look(self) -> None:
        while not self._ended.is_set():
            found = re.search(r"^VmHWM:\s+(\d+) kB", self._status.read_text(), re.MULTILINE)
            self._peak = max(self._peak, int(found[1]) if found else 0)
            time.sleep(0.02)


@dataclass(frozen=True, kw_only=True)
class ComparedJobs:
    """Both sides of one job."""

    ours: FinishedJob
    reference: FinishedJob

    def line(self, name: str) -> dict[str, float]:
        """What it costs, over the reference's: to the first step's end, in memory, and in all."""
        pairs = {
            f"first_step_ratio_{name}": (self.ours.steps[0], self.reference.steps[0]),
            f"memory_ratio_{name}": (self.ours.peak, self.reference.peak),
            f"total_ratio_{name}_{len(self.ours.steps)}": (self.ours.total, self.reference.total),
        }
        ratios = {key: round(a / b, 3) for key, (a, b) in pairs.items()}
        return ratios | {
            f"first_step_seconds_{name}": round(self.ours.steps[0], 1),
            f"first_step_seconds_{name}_reference": round(self.reference.steps[0], 1),
            f"memory_mib_{name}": round(self.ours.peak),
            f"memory_mib_{name}_reference": round(self.reference.peak),
            f"total_seconds_{name}": round(self.ours.total, 1),
            f"total_seconds_{name}_reference": round(self.reference.total, 1),
        }


def compare_jobs(paths: MlPaths, other: MlPaths) -> ComparedJobs:
    """Run ours in one folder and the plain loop in another that is the same."""
    return ComparedJobs(ours=run_job("ours", paths), reference=run_job("reference", other))
