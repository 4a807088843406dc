"""All GPUs of the machine train one model: NCCL sums gradients, and the losses are those of one GPU that gathers as many pictures.

``python -m bench.gpu.together ROOT`` is one process of those that torchrun starts; the first prints a JSON line.
"""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist

from atelier_training.engine.processes import Processes, joined
from atelier_training.paths import MlPaths
from bench.gpu.findings import Findings
from bench.train.steps import OurTraining
from tests.unit.training_root import write_training

STEPS = 3
MOST_DIFFERENCE = 0.02
_REPOSITORY = Path(__file__).parents[2]


def check_together(found: Findings, folder: Path, device: torch.device, count: int) -> None:
    """Start ``count`` processes, one for each GPU, and compare their losses with those of one."""
    together = _losses(write_training(folder / "together"), count)
    alone = write_training(folder / "alone", gradient_accumulation_steps=str(count))
    training = OurTraining(alone, STEPS, Processes(device=device))
    expected = [training.step() for _ in range(STEPS)]
    losses, backend, summed = together["losses"], together["backend"], together["sum"]
    found.rows.append(f"{count} x {device.type} by {backend}: losses {losses}; alone {expected}")
    found.numbers.update(processes=count, backend=backend)
    found.require(summed == count, f"{backend}: the sum of {count} ones is {summed}")
    off = max(abs(a - b) / b for a, b in zip(losses, expected, strict=True))
    found.require(off < MOST_DIFFERENCE, f"{count} processes: a loss is off by {off:.1%} from that of one")


def _losses(paths: MlPaths, count: int) -> dict[str, Any]:
    """What the first process prints. Raises RuntimeError with the last words where they fail."""
    command = [
        *(sys.executable, "-W", "ignore", "-m", "atelier_training.torchrun", "--nproc-per-node", str(count)),
        *("--master-addr", "127.0.0.1", "--master-port", _free_port(), "--module", "bench.gpu.together"),
        str(paths.root),
    ]
    path = os.pathsep.join([str(_REPOSITORY), str(_REPOSITORY / "training")])
    environment = {**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, env=environment, cwd=_REPOSITORY, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{count} processes: exit code {done.returncode}: {done.stderr[-2000:]}")
    answer: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return answer


def _free_port() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return str(free.getsockname()[1])


def main(root: str) -> None:
    """Sum, train, print."""
    with joined() as processes:
        if not dist.is_initialized():  # alone, but the library is to be tried
            dist.init_process_group("nccl" if processes.device.type == "cuda" else "gloo")
        ones = torch.ones(1, device=processes.device)
        dist.all_reduce(ones)
        training = OurTraining(MlPaths(root=Path(root)), STEPS, processes)
        losses = [training.step() for _ in range(STEPS)]
        if processes.leads:
            print(json.dumps({"backend": dist.get_backend(), "sum": int(ones), "losses": losses}), flush=True)
        training.run.disconnect()
        if processes.world == 1:
            dist.destroy_process_group()


if __name__ == "__main__":
    main(sys.argv[1])
