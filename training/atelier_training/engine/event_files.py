"""TensorBoard's event files: losses, learning rate, what looks saw, and what they painted, as they come.

The process that leads writes one file each time it starts. What an earlier one wrote of steps that are done again, TensorBoard leaves out.
"""

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from atelier_training.engine.looks import TrainingLook
from atelier_training.engine.training_log import LoggedStep

FLUSH_SECONDS = 10
"""After at most so long what was written is in the file, from where SageMaker copies it to S3."""


class EventFiles:
    """Those in ``folder``; none before there is something to tell."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._writer: Any = None

    def step(self, entry: LoggedStep) -> None:
        """Tell of a logged step."""
        self._number("train/loss", entry.loss, entry.step)
        self._number("train/learning_rate", entry.lr, entry.step)

    def look(self, look: TrainingLook, best: int) -> None:
        """Tell of a look, and of which step the best one is."""
        self._number("validation/loss", look.loss, look.step)
        self._number("validation/garment_share", look.garment_share, look.step)
        self._number("validation/best_step", best, look.step)

    def pictures(self, row: Image.Image, step: int) -> None:
        """Show what was painted after a step, RGB."""
        self._at(step).add_image("validation/painted", np.asarray(row), step, dataformats="HWC")

    def close(self) -> None:
        """Write all that was told."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def _number(self, name: str, value: float | None, step: int) -> None:
        if value is not None:
            self._at(step).add_scalar(name, value, step)

    def _at(self, step: int) -> Any:
        if self._writer is None:
            # Only a process that leads a training needs it.
            from tensorboardX import SummaryWriter

            self._writer = SummaryWriter(str(self._folder), purge_step=step, flush_secs=FLUSH_SECONDS)
        return self._writer
