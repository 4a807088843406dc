"""Looks at a fine-tune while it learns: its loss on pictures set aside, what it paints, and how much of the garment that shows."""

import json
import logging
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path

from PIL import Image

from atelier_training.data.examples import ExampleFile, opened
from atelier_training.engine.event_files import EventFiles
from atelier_training.engine.interruption import InterruptedJobError, Interruption
from atelier_training.engine.looks import TrainingLook, TrainingLooks
from atelier_training.validation.easel import Easel, PaintedSubject
from atelier_training.validation.fixed_noise import FixedNoise
from atelier_training.validation.garment_colours import MOST_EXAMPLES, GarmentColours
from atelier_training.validation.strip import Strip
from diffusion.family import after_each_step
from diffusion.fitting import is_out_of_memory

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class FineTuneJudge:
    """``subjects`` are what is painted, by ``easel``; none where a look paints nothing.

    ``examples`` show the garment; ``steps`` is how many there are in all.
    """

    noise: FixedNoise
    easel: Easel
    subjects: Sequence[PaintedSubject]
    examples: Sequence[ExampleFile]
    strip: Strip
    events: EventFiles
    steps: int

    def look(self, step: int, interruption: Interruption) -> TrainingLook | None:
        """See ``engine.looks.LearningJudge``."""
        loss = self.noise()
        if not self.subjects:
            return TrainingLook(step=step, loss=loss)
        try:
            with after_each_step(lambda: interruption.check("painting what was learnt")):
                pictures = list(self._painted())
        except InterruptedJobError:
            return None
        self.strip.keep(step, pictures)
        return TrainingLook(step=step, loss=loss, garment_share=self._share(pictures))

    def show(self, looks: TrainingLooks) -> None:
        """A line in the log, the strip, and what TensorBoard shows."""
        look = looks.entries[-1]
        values = [] if look.loss is None else [f"validation_loss={look.loss:.4f}"]
        values += [] if look.garment_share is None else [f"validation_garment_share={look.garment_share:.4f}"]
        log.info("validation step=%d/%d %s best_step=%d", look.step, self.steps, " ".join(values), looks.best)
        self.events.look(look, looks.best)
        if self.subjects:
            self.strip.draw(looks)
            self.events.pictures(self.strip.row(look.step), look.step)

    def _painted(self) -> Iterator[Image.Image]:
        """As many at once as the GPU has room for."""
        done, at_once = 0, len(self.subjects)
        while done < len(self.subjects):
            chunk = self.subjects[done : done + at_once]
            try:
                painted = self.easel.paint(chunk, done)
            except (RuntimeError, MemoryError) as error:
                if len(chunk) == 1 or not is_out_of_memory(error):
                    raise
                at_once = len(chunk) // 2
                continue
            yield from painted
            done += len(chunk)

    def _share(self, pictures: Sequence[Image.Image]) -> float | None:
        measured = [
            (picture, subject.view.mask)
            for picture, subject in zip(pictures, self.subjects, strict=True)
            if subject.measured
        ]
        if not measured:
            return None
        own, masks = zip(*measured, strict=True)
        return self._colours.share(own, masks)

    @cached_property
    def _colours(self) -> GarmentColours:
        return GarmentColours.of(opened(self.examples[:MOST_EXAMPLES]))


def write(looks: TrainingLooks, path: Path) -> None:
    """One JSON object a look, ``best`` where it is the one that the artifact is of."""
    lines = [json.dumps(asdict(look) | {"best": look.step == looks.best}) for look in looks.entries]
    path.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
