"""image_to_image: paint a picture anew, starting from the picture itself with noise on it (SDEdit, Meng et al. 2021)."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from PIL import Image

from atelier_inference.mode import Stopwatch
from atelier_inference.painting import PaintingJob, PaintingMode
from contracts.errors import InvalidInputError
from contracts.prediction import PredictionInput
from diffusion.lora import Mix
from imaging.framing import painting_size
from imaging.repaint import in_rows


@dataclass(frozen=True, kw_only=True, eq=False)
class ImageToImageJob(PaintingJob):
    """``start`` is the picture at the size it is painted at."""

    start: Image.Image


class ImageToImage(PaintingMode[ImageToImageJob]):
    """The whole picture is painted with about as many pixels as the model was trained on, and comes back at its own size."""

    kind: ClassVar[type[PaintingJob]] = ImageToImageJob

    def prepare(self, request: PredictionInput) -> ImageToImageJob:
        """See Mode."""
        watch = Stopwatch()
        with watch.measure("read"):
            decoded = self.dependencies.reader.picture(request.image, where="input.image")
            picture = decoded.image
            size = painting_size(picture.size, self.dependencies.model.resolution)
            start = picture.resize(size, Image.Resampling.LANCZOS)
        job = self.job(
            request,
            watch,
            picture.size,
            start=start,
            cutout=decoded.cutout,
            digest=decoded.digest,
            notes=[*decoded.notes],
        )
        if self.steps(job) < 1:
            allowed = f"at least 1/{job.sampling.steps}, so that one of {job.sampling.steps} steps is painted"
            raise InvalidInputError("input.strength", got=request.strength, allowed=allowed)
        return job

    def batch_key(self, job: ImageToImageJob) -> Hashable:
        """A call of the model paints pictures of one size with one strength."""
        return "image_to_image", job.way, job.start.size, job.request.strength

    def paint(self, jobs: Sequence[ImageToImageJob], mixes: Sequence[Mix]) -> list[list[Image.Image]]:
        """See PaintingMode."""
        works = list(zip(jobs, mixes, strict=True))
        return in_rows(works, [job.seeds for job in jobs], self._paint)

    def steps(self, job: ImageToImageJob) -> int:
        """See PaintingMode: only the last part of the way is walked."""
        return int(job.sampling.steps * job.request.strength)

    def restore(self, job: ImageToImageJob, painted: Image.Image) -> Image.Image:
        """The painted picture at the size of the request's picture."""
        return painted.resize(job.size, Image.Resampling.LANCZOS)

    def _paint(self, rows: Sequence[tuple[ImageToImageJob, Mix]], seeds: Sequence[int]) -> list[Image.Image]:
        jobs = [job for job, _ in rows]
        return self.dependencies.model.painter.paint_from(
            prompts=[job.request.prompt for job in jobs],
            negative_prompts=[job.request.negative_prompt for job in jobs],
            seeds=seeds,
            pictures=[job.start for job in jobs],
            sampling=jobs[0].sampling,
            adapters=[mix for _, mix in rows],
            strength=jobs[0].request.strength,
        )


MODE = ImageToImage
