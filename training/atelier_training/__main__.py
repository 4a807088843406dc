"""The image's entry point: ``python -m atelier_training segment | train | evaluate | shard | …``."""

import argparse
import faulthandler
import gc
import importlib
import logging
import sys
from collections.abc import Sequence
from types import ModuleType

from atelier_training.advice import FINE_TUNING_VOLUME, VOLUMES, of_step
from atelier_training.arguments import parser
from atelier_training.engine.exhaustion import exhaustion_named
from atelier_training.engine.interruption import Interruption
from atelier_training.failure import guard
from atelier_training.launch import relaunch_if_distributed
from atelier_training.paths import MlPaths
from diffusion.driver import prefer_own_library
from diffusion.unquantised import leave_out

STEPS = {
    "segment": "atelier_training.jobs.segment",
    "train": "atelier_training.jobs.fine_tune",
    "evaluate": "atelier_training.jobs.evaluate",
    "shard": "atelier_training.jobs.shard",
    "pretrain": "atelier_training.jobs.pretrain",
    "evaluate-base": "atelier_training.jobs.evaluate_base",
}
"""Each has ``run(arguments, paths, interruption)``."""

TRAININGS = {"train", "pretrain"}
"""Steps that run as training jobs. The others are processing jobs, which write the reason of a failure to another file."""


def main(argv: Sequence[str]) -> int:
    """Run one step. Returns the exit code of ``failure.guard``."""
    logging.basicConfig(stream=sys.stdout, level=logging.INFO, format="%(message)s", force=True)
    logging.getLogger("httpx").setLevel(logging.WARNING)
    paths = MlPaths.from_environment()
    failure = paths.failure if {*argv[:1]} & TRAININGS else paths.message
    return guard(lambda: _run(parser().parse_args(argv), paths), failure)


def _run(arguments: argparse.Namespace, paths: MlPaths) -> None:
    if arguments.step in TRAININGS:
        relaunch_if_distributed(paths.resource_config, "atelier_training", arguments.step)
    step = arguments.step
    with (
        Interruption() as interruption,
        exhaustion_named(interruption, lambda: of_step(step), volume=VOLUMES.get(step, FINE_TUNING_VOLUME)),
    ):
        # Each step imports its own libraries, inside the guard: a broken import is a failure with a reason too.
        _imported(STEPS[step]).run(arguments, paths, interruption)


def _imported(name: str) -> ModuleType:
    """The module, without looking for garbage meanwhile: a million new objects, none of them garbage, are a quarter of an import's time."""
    gc.disable()
    try:
        return importlib.import_module(name)
    finally:
        gc.freeze()
        gc.enable()


if __name__ == "__main__":
    faulthandler.enable()  # where a signal ends the process, such as of a disk that is full under mapped memory, the log says at what
    prefer_own_library()
    leave_out()
    sys.exit(main(sys.argv[1:]))
