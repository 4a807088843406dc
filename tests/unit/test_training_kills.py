"""kill -9 and SIGTERM anywhere: what was encoded, painted or saved is not made again, and the result is that of a run left alone."""

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from atelier_training.data import kept_views
from atelier_training.data.class_pictures import ClassPictures
from atelier_training.engine import loop
from atelier_training.engine.interruption import Interruption
from atelier_training.engine.processes import Processes
from atelier_training.failure import STOPPED, guard
from atelier_training.fine_tune_job import FineTuneJob
from atelier_training.jobs.fine_tune import fine_tune
from atelier_training.paths import MlPaths
from atelier_training.validation.easel import Easel
from atelier_training.validation.strip import Strip
from contracts.artifact import ADAPTER_WEIGHTS, VALIDATION_LOG, VALIDATION_STRIP
from tests.unit.test_training_finetune import same_weights
from tests.unit.training_root import write_training

KILLS = 20


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)  # a fork has none of the others


def job(root: Path, **settings: Any) -> MlPaths:
    return write_training(
        root, with_prior_preservation="True", num_class_images="11", max_steps="8", checkpoint_steps="2", **settings
    )


class Death:
    """Counts pieces of work in a forked process and has ``how`` come in the midst of one of them, before or after it is done."""

    def __init__(self, left: int, log: Path, how: signal.Signals) -> None:
        self._left, self._log, self._how = left, log, how

    def _tick(self) -> None:
        self._left -= 1
        if self._left == 0:
            os.kill(os.getpid(), self._how)

    def around(self, owner: Any, name: str, files: Callable[..., list[Path]] = lambda *_: []) -> None:
        """Count a function's calls; note which of the files that it makes were there already."""
        work = getattr(owner, name)

        def counted(*given: Any, **named: Any) -> Any:
            self._tick()
            for path in files(*given):
                self._note(path)
            result = work(*given, **named)
            self._tick()
            return result

        setattr(owner, name, counted)

    def _note(self, path: Path) -> None:
        with self._log.open("a") as log:
            log.write(f"{path.name} {path.is_file()}\n")


def killed(paths: MlPaths, left: int, log: Path, how: signal.Signals = signal.SIGKILL) -> bool:
    """Run the job in a process that is ended at its piece of work number ``left``; whether it was, else it has ended well."""
    child = os.fork()
    if not child:
        death = Death(left, log, how)
        death.around(kept_views.Encoder, "__call__")
        death.around(kept_views, "_write", lambda path, _view: [path])
        death.around(ClassPictures, "_paint", lambda own, _painter, indices, _views: [own._path(i) for i in indices])
        death.around(Easel, "paint")
        death.around(Strip, "draw")
        death.around(loop, "train_step")
        death.around(torch, "save")
        os._exit(guard(lambda: run(paths), paths.failure))
    status = os.waitpid(child, 0)[1]
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) in (0, STOPPED)
    return os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == STOPPED


def run(paths: MlPaths) -> None:
    with Interruption() as interruption:
        fine_tune(paths.read_hyperparameters(FineTuneJob), paths, Processes(device=torch.device("cpu")), interruption)


LOOKS = {"validation_steps": "3", "pictures_set_aside": "0", "early_stopping_patience": "9"}


@pytest.mark.parametrize(("how", "settings"), [(signal.SIGKILL, {}), (signal.SIGKILL, LOOKS), (signal.SIGTERM, LOOKS)])
def test_twenty_ends_cost_nothing_that_was_finished_and_change_nothing(
    tmp_path: Path, how: signal.Signals, settings: dict[str, str]
) -> None:
    whole = job(tmp_path / "whole", **settings)
    run(whole)
    chance, log, ends, run_number = np.random.default_rng(16), tmp_path / "log", 0, 0
    while ends < KILLS:
        run_number += 1
        paths = job(tmp_path / str(run_number), **settings)
        log.unlink(missing_ok=True)
        while killed(paths, int(chance.integers(1, 30)), log, how):
            ends += 1
        made = [line.split() for line in log.read_text().splitlines()]
        assert len(made) >= 11 + 11 + 4, "class pictures painted, and encoded; a view of each picture"
        assert not [name for name, there in made if there == "True"], "made although it was there"
        assert same_weights(paths.model / ADAPTER_WEIGHTS, whole.model / ADAPTER_WEIGHTS)
        for name in [VALIDATION_LOG, VALIDATION_STRIP] if settings else []:
            assert (paths.model / name).read_bytes() == (whole.model / name).read_bytes()
    assert not list(Path(os.environ.get("TMPDIR", "/tmp")).glob("atelier-crops-*/*.partial"))
