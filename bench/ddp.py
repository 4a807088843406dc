"""``python -m bench.ddp``: what training on two processes costs and changes, with the shipped UNet on figures it draws first.

1. The same global batch and seed on one process and on two: the largest difference of any step's loss.
2. Samples a second of two processes that train one model, over the sum of two that train one each at the same time. Both are measured
   by the same two processes, in turns, so that whatever else the machine does slows both alike.

Ends with one JSON line.
"""

import contextlib
import json
import multiprocessing
import os
import socket
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any

import torch

from atelier_training.data.feed import ShardFeed
from atelier_training.data.shards import ShardFolder, open_shards
from atelier_training.engine.interruption import Interruption
from atelier_training.engine.loop import LOG
from atelier_training.engine.processes import Processes, joined
from atelier_training.engine.run import Run, begin, train_step
from atelier_training.engine.training_log import read
from atelier_training.learners.pretraining import ShardLearner, pretrain, settings_of
from atelier_training.learners.start import Start, make_learner
from contracts.pretrain_hyperparameters import PretrainHyperparameters
from models.tiny.make import shards

BASE = Path(__file__).parents[1] / "models" / "tiny" / "weights" / "inpaint"
FIGURES, SHARDS = 96, 4
STEPS, BATCH = 20, 8
SHARE = 32
"""Samples a process and step while speed is measured: what the recipe gives its one process."""
ROUNDS, ROUND_STEPS = 7, 3

MOST_DIFFERENCE, LEAST_RATIO = 1e-4, 0.9


def main() -> None:
    """Draw, measure, print the table, print the line."""
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        draw_figures(folder)
        difference, loss = compare_losses(folder)
        together, apart = compare_speeds(folder)
    ratios = [one / other for one, other in zip(together, apart, strict=True)]
    numbers = {
        "max_loss_difference": difference,
        "steps": STEPS,
        "last_loss": loss,
        "samples_per_second_together": statistics.median(together),
        "samples_per_second_apart": statistics.median(apart),
        "throughput_ratio": statistics.median(ratios),
    }
    rows = [
        (f"largest difference of a loss, {STEPS} steps", f"{difference:.1e}", f"<= {MOST_DIFFERENCE:.0e}"),
        ("samples/s, one model on two processes", f"{numbers['samples_per_second_together']:.2f}", ""),
        ("samples/s, two models on one process each", f"{numbers['samples_per_second_apart']:.2f}", ""),
        (f"their ratio, median of {ROUNDS}", f"{numbers['throughput_ratio']:.3f}", f">= {LEAST_RATIO}"),
        ("    lowest and highest", f"{min(ratios):.3f} {max(ratios):.3f}", ""),
    ]
    print(f"{'measure':<44} {'measured':>12}  must")
    for name, measured, must in rows:
        print(f"{name:<44} {measured:>12}  {must}")
    print(json.dumps({name: round(value, 9) for name, value in numbers.items()}))


def draw_figures(folder: Path) -> None:
    """Write a few shards."""
    for number in range(SHARDS):
        shards.write_shard(number, folder=folder, pictures=FIGURES // SHARDS, seed=1, side=96)
    shards.write_vocabulary(folder, seed=1)


def compare_losses(folder: Path) -> tuple[float, float]:
    """The largest difference of a step's loss between one process and two, and the last step's loss."""
    logs = []
    for size in (1, 2):
        out = folder / f"run-{size}"
        _fork(size, partial(_train, folder, _tuned(steps=STEPS, batch=BATCH), out))
        logs.append([entry.loss for entry in read(out / LOG)])
    differences = [abs(one - two) for one, two in zip(*logs, strict=True)]
    return max(differences), logs[0][-1]


def compare_speeds(folder: Path) -> tuple[list[float], list[float]]:
    """Samples a second of each round: both processes training one model, and the sum of each training its own."""
    seconds = _fork(2, partial(_take_turns, folder))
    count = ROUND_STEPS * SHARE
    together = [2 * count / max(both) for both in zip(*(answers["together"] for answers in seconds), strict=True)]
    apart = [sum(count / one for one in both) for both in zip(*(answers["apart"] for answers in seconds), strict=True)]
    return together, apart


def _tuned(**chosen: Any) -> PretrainHyperparameters:
    usual = {"learning_rate": 1.5e-3, "streams": 4, "precision": "fp32"}  # as the recipe warms up
    return PretrainHyperparameters(**{**usual, **chosen})


def _learner(folder: Path, tuned: PretrainHyperparameters) -> tuple[ShardLearner[Any], ShardFolder]:
    data = open_shards(str(folder))
    return make_learner(Start(data=data, base=BASE, tuned=tuned, scratch=folder)), data


def _train(folder: Path, tuned: PretrainHyperparameters, out: Path) -> None:
    learner, data = _learner(folder, tuned)
    with contextlib.redirect_stdout(None), Interruption() as interruption:
        pretrain(learner, data, tuned, out, export=out / "export", interruption=interruption, log_every=1)


def _take_turns(folder: Path) -> dict[str, list[float]]:
    """The seconds that this process's share of each round took, in one model with the other and in one of its own."""
    seconds: dict[str, list[float]] = {"together": [], "apart": []}
    steps = (ROUNDS + 1) * ROUND_STEPS
    with joined() as processes:
        alone = Processes(device=processes.device)
        turns = {
            "together": _begun(folder, _tuned(steps=steps, batch=2 * SHARE), processes),
            "apart": _begun(folder, _tuned(steps=steps, batch=SHARE), alone),
        }
        for _ in range(ROUNDS + 1):
            for name, (run, batches) in turns.items():
                processes.wait()
                start = time.perf_counter()
                for _ in range(ROUND_STEPS):
                    train_step(run, batches)
                seconds[name].append(time.perf_counter() - start)
        for run, _ in turns.values():
            run.disconnect()
    return {name: values[1:] for name, values in seconds.items()}  # the first round warms up


def _begun(folder: Path, tuned: PretrainHyperparameters, processes: Processes) -> tuple[Run, Any]:
    learner, data = _learner(folder, tuned)
    run = begin(learner, settings_of(tuned), processes)
    return run, ShardFeed(learner.batch, data, tuned).batches(processes, 0)


def _fork(size: int, work: Callable[[], Any]) -> list[Any]:
    """What `work` returns in each of `size` processes that may join."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    context = multiprocessing.get_context("fork")
    answers = [context.Pipe(duplex=False) for _ in range(size)]

    def run(rank: int) -> None:
        os.environ.update(RANK=str(rank), WORLD_SIZE=str(size), MASTER_ADDR="127.0.0.1", MASTER_PORT=port)
        answers[rank][1].send(work())

    processes = [context.Process(target=run, args=(rank,)) for rank in range(size)]
    for process in processes:
        process.start()
    while any(process.is_alive() for process in processes):
        wait([process.sentinel for process in processes if process.is_alive()])
        if any(process.exitcode for process in processes):
            for process in processes:
                process.kill()  # the others would wait for the one that failed
            raise RuntimeError(f"exit codes: got {[process.exitcode for process in processes]}; allowed: 0; see above")
    return [receiver.recv() for receiver, _ in answers]


if __name__ == "__main__":
    main()
