"""``make gpu-check``: what only a GPU shows of training and painting, in at most 8 minutes on any machine with CUDA.

Every family as a miniature, trained by each method in bf16 and fp16 beside a CPU in single precision, and painted with in the precision
that serves; a step of a miniature of Stable Diffusion 1.5's shape beside a plain loop's and the floor (``bench.train``), compiled and not;
the memory of a step of the published shapes with random weights; and all GPUs together by NCCL. Nothing is downloaded. Ends with one JSON
line; exits with 1 where something is wrong, and with 3 where there is no GPU. ONLY names parts.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import torch

from atelier_training.engine.run import compute_dtype
from atelier_training.jobs import fine_tune
from bench.gpu.compiled import check_compiled
from bench.gpu.families import check_optimizers, check_painting, check_training, enlarging_jobs, small_jobs
from bench.gpu.findings import Findings, check_all
from bench.gpu.memory import check_memory, rows_of
from bench.gpu.shapes import PUBLISHED
from bench.gpu.together import check_together
from bench.train.roots import make_root, pictures_of
from bench.train.steps import measure_steps
from diffusion import unquantised
from models.tiny.make.score.quiet import silence_libraries

NO_GPU = 3
"""Exit code where nothing could be checked."""
ROUNDS = 10
LONGEST = 390
"""Seconds after which no other part is begun: each is done in a minute or so."""


def main() -> int:
    """Check, print; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.gpu", description=__doc__)
    parser.add_argument("--only", default="", help="parts, separated by commas")
    only = [each for each in parser.parse_args().only.split(",") if each]
    if not torch.cuda.is_available():
        print(no_gpu(), file=sys.stderr)
        return NO_GPU
    silence_libraries()
    device, start = torch.device("cuda", 0), time.monotonic()
    print(
        f"{torch.cuda.get_device_name(device)}, {torch.cuda.device_count()} of them, torch {torch.__version__}",
        flush=True,
    )
    with TemporaryDirectory(prefix="atelier-gpu-") as folder:
        every = parts(Path(folder), device)
        if unknown := sorted({*only} - {*every}):
            raise SystemExit(f"--only: got {', '.join(unknown)}; allowed: {', '.join(every)}")
        found = check_all({name: part for name, part in every.items() if not only or name in only}, LONGEST)
    seconds = round(time.monotonic() - start)
    told = {"gpu": torch.cuda.get_device_name(device), "seconds": seconds, **found.numbers, "failures": found.failures}
    print(json.dumps(told))
    return 1 if found.failures else 0


def no_gpu() -> str:
    """Why nothing was checked."""
    built = torch.version.cuda or "no CUDA"
    allowed = "a machine with an NVIDIA GPU, its driver, and a torch that is built for CUDA"
    return f"gpu-check: got no CUDA device (torch {torch.__version__}, built for {built}); allowed: {allowed}"


def parts(folder: Path, device: torch.device) -> dict[str, Callable[[Findings], None]]:
    """The parts in their order: what is quick and tells most comes first."""
    gpus, half = torch.cuda.device_count(), compute_dtype(fine_tune.PRECISION, device)
    return {
        "together": partial(check_together, folder=folder / "together", device=device, count=max(1, gpus)),
        "painting": partial(check_painting, folder=folder / "painting", device=device),
        "training": partial(
            check_training, folder=folder / "training", device=device, jobs=[*small_jobs(), *enlarging_jobs()]
        ),
        "optimizers": partial(
            check_optimizers, folder=folder / "optimizers", device=device, names=smaller_optimizers()
        ),
        "memory": partial(check_memory, device=device, rows=rows_of(tuple(PUBLISHED)), dtype=half),
        "steps": partial(check_steps, folder=folder, device=device),
        "compiled": partial(check_both_compiled, folder=folder, device=device),
    }


def smaller_optimizers() -> list[str]:
    """Those whose library this machine has."""
    return ["adamw_8bit", "adamw_8bit_paged"] if unquantised.is_installed() else []


def check_steps(found: Findings, folder: Path, device: torch.device) -> None:
    """A step of the miniature by each method, of ours, the plain loop and the floor."""
    for method in ("lora", "full"):
        paths = make_root("medium", method, folder, pictures_of("medium", folder), f"steps-{method}")
        line = measure_steps(paths, ROUNDS, device).line(f"medium_{method}")
        found.rows.append(json.dumps(line))
        found.numbers.update(line)


def check_both_compiled(found: Findings, folder: Path, device: torch.device) -> None:
    """The miniature by each method."""
    for method in ("lora", "full"):
        paths = make_root("medium", method, folder, pictures_of("medium", folder), f"compiled-{method}")
        check_compiled(found, paths, device, method)


if __name__ == "__main__":
    sys.exit(main())
