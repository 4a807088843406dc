"""text_to_image: paint a picture from words alone."""

from collections.abc import Hashable, Sequence

from PIL import Image

from atelier_inference.mode import Stopwatch
from atelier_inference.painting import PaintingJob, PaintingMode
from contracts.prediction import PredictionInput
from imaging.repaint import in_rows


class TextToImage(PaintingMode[PaintingJob]):
    """Pictures of the requested size, by default squares of the model's resolution."""

    def prepare(self, request: PredictionInput) -> PaintingJob:
        """See Mode."""
        side = self.dependencies.model.resolution
        return self.job(request, Stopwatch(), (request.width or side, request.height or side))

    def batch_key(self, job: PaintingJob) -> Hashable:
        """A call of the model paints pictures of one size."""
        return "text_to_image", job.sampling, job.size

    def paint(self, jobs: Sequence[PaintingJob]) -> list[list[Image.Image]]:
        """See PaintingMode."""
        return in_rows(jobs, [job.seeds for job in jobs], self._paint)

    def _paint(self, jobs: Sequence[PaintingJob], seeds: Sequence[int]) -> list[Image.Image]:
        return self.dependencies.model.painter.paint(
            prompts=[job.request.prompt for job in jobs],
            negative_prompts=[job.request.negative_prompt for job in jobs],
            seeds=seeds,
            size=jobs[0].size,
            steps=jobs[0].sampling.steps,
            guidance=jobs[0].sampling.guidance,
        )


MODE = TextToImage
