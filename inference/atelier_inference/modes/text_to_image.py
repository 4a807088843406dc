"""text_to_image: paint a picture from words alone."""

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from PIL import Image

from atelier_inference.mode import Stopwatch
from atelier_inference.painting import PaintingJob, PaintingMode
from contracts.batching import ROWS
from contracts.prediction import PredictionInput
from diffusion.lora import Mix
from imaging.repaint import in_rows, rows_at_once


@dataclass(frozen=True, kw_only=True, eq=False)
class TextToImageJob(PaintingJob):
    """``at_once`` is how many pictures of its size a call of the model paints."""

    at_once: int

    @property
    def rows(self) -> int:
        """Large pictures count as the rows of the model's own resolution that take as much memory."""
        return math.ceil(len(self.seeds) * ROWS / self.at_once)


class TextToImage(PaintingMode[TextToImageJob]):
    """Pictures of the requested size, by default squares of the model's resolution."""

    kind: ClassVar[type[PaintingJob]] = TextToImageJob

    def prepare(self, request: PredictionInput) -> TextToImageJob:
        """See Mode."""
        side = self.dependencies.model.resolution
        size = request.width or side, request.height or side
        return self.job(request, Stopwatch(), size, at_once=rows_at_once(size, side))

    def batch_key(self, job: TextToImageJob) -> Hashable:
        """A call of the model paints pictures of one size."""
        return "text_to_image", job.way, job.size

    def paint(self, jobs: Sequence[TextToImageJob], mixes: Sequence[Mix]) -> list[list[Image.Image]]:
        """See PaintingMode."""
        works = list(zip(jobs, mixes, strict=True))
        return in_rows(works, [job.seeds for job in jobs], self._paint, most=jobs[0].at_once)

    def steps(self, job: TextToImageJob) -> int:
        """See PaintingMode: those of each call, one after the other."""
        return job.sampling.steps * math.ceil(len(job.seeds) / job.at_once)

    def _paint(self, rows: Sequence[tuple[TextToImageJob, Mix]], seeds: Sequence[int]) -> list[Image.Image]:
        jobs = [job for job, _ in rows]
        return self.dependencies.model.painter.paint(
            prompts=[job.request.prompt for job in jobs],
            negative_prompts=[job.request.negative_prompt for job in jobs],
            seeds=seeds,
            size=jobs[0].size,
            sampling=jobs[0].sampling,
            adapters=[mix for _, mix in rows],
        )


MODE = TextToImage
