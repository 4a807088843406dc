"""Whether compiling the denoiser pays: seconds of a step with and without, those that compiling takes, and whether the loss is the same."""

import time

import torch

from atelier_training.engine.processes import Processes
from atelier_training.paths import MlPaths
from bench.gpu.findings import Findings
from bench.train.steps import OurTraining, clock

ROUNDS = 8
MOST_DIFFERENCE = 0.02
"""Of the first loss: half precision sums in another order."""


def check_compiled(
    found: Findings, paths: MlPaths, device: torch.device, name: str, backend: str = "inductor", rounds: int = ROUNDS
) -> None:
    """Train a job both ways, step by step in turn."""
    plain, compiled = (OurTraining(paths, rounds + 1, Processes(device=device)) for _ in range(2))
    for part in compiled.trained.parts.values():
        part.compile(backend=backend)
    start = time.perf_counter()
    losses = [compiled.step(), plain.step()]
    compiling = time.perf_counter() - start
    seconds: dict[str, list[float]] = {"plain": [], "compiled": []}
    for _ in range(rounds):
        for side, training in (("plain", plain), ("compiled", compiled)):
            before = clock(device)
            training.step()
            seconds[side].append(clock(device) - before)
    medians = {side: sorted(values)[len(values) // 2] for side, values in seconds.items()}
    difference = abs(losses[0] - losses[1]) / losses[1]
    found.rows.append(
        f"{name:<14} {1000 * medians['plain']:.1f} ms, compiled {1000 * medians['compiled']:.1f} ms; compiling {compiling:.0f} s"
    )
    found.numbers[f"compiled_ratio_{name}"] = round(medians["plain"] / medians["compiled"], 3)
    found.numbers[f"compile_seconds_{name}"] = round(compiling, 1)
    found.require(difference < MOST_DIFFERENCE, f"{name}: the compiled loss is off by {difference:.1%}")
