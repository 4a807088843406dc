"""How long until the server is ready, against a bare script that loads the same models: A B A B, CPU seconds and wall."""

import os
import subprocess
import sys
import time
from dataclasses import dataclass

from bench.serve.served import free_port, start, wait_until_ready
from bench.serve.spent import Spending
from bench.serve.worlds import ServedWorld

BARE = """
import sys, torch
from diffusers import StableDiffusionInpaintPipeline
from transformers import CLIPSegForImageSegmentation, CLIPTokenizer
device = "cuda" if torch.cuda.is_available() else "cpu"
pipeline = StableDiffusionInpaintPipeline.from_pretrained(sys.argv[1], safety_checker=None, local_files_only=True).to(device)
segmenter = CLIPSegForImageSegmentation.from_pretrained(sys.argv[2], local_files_only=True).to(device)
CLIPTokenizer.from_pretrained(sys.argv[2], local_files_only=True)
"""


@dataclass(frozen=True, kw_only=True)
class Readiness:
    """Seconds from the start of a process until its models are loaded."""

    cpu: float
    wall: float


def measure_ready(world: ServedWorld, objects: str, passes: int) -> dict[str, float]:
    """The server's seconds over the script's: whole, and in turn."""
    bare, ours = [], []
    for _ in range(passes + 1):
        bare.append(_bare(world))
        ours.append(_ours(world, objects))
    # The first of each reads the libraries from the disk.
    bare, ours = bare[1:], ours[1:]
    return {
        "ready_ratio": round(sum(each.cpu for each in ours) / sum(each.cpu for each in bare), 2),
        "ready_ratio_wall": round(sum(each.wall for each in ours) / sum(each.wall for each in bare), 2),
        "ready_cpu_seconds": round(sum(each.cpu for each in ours) / passes, 2),
        "ready_wall_seconds": round(sum(each.wall for each in ours) / passes, 2),
    }


def _bare(world: ServedWorld) -> Readiness:
    begun = time.perf_counter()
    folders = [str(world.model), str(world.objects / "bench" / "clipseg")]
    process = subprocess.Popen([sys.executable, "-c", BARE, *folders], stderr=subprocess.DEVNULL)
    _, process.returncode, usage = os.wait4(process.pid, 0)
    if process.returncode:
        raise RuntimeError(f"the bare script ended with {process.returncode}")
    return Readiness(cpu=usage.ru_utime + usage.ru_stime, wall=time.perf_counter() - begun)


def _ours(world: ServedWorld, objects: str) -> Readiness:
    begun, port = time.perf_counter(), free_port()
    with (world.root / "ready.log").open("wb") as log:
        process = start(world.model.parent, objects, port, log)
        try:
            wait_until_ready(process, port)
            return Readiness(cpu=Spending(process.pid).cpu(), wall=time.perf_counter() - begun)
        finally:
            process.terminate()
            process.wait(60)
