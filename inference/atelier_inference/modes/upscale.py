"""upscale: make a picture four times as wide and high."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import partial

from PIL import Image

from atelier_inference.mode import Finish, Job, Mode, Stopwatch, blended, measured, seeds
from atelier_inference.painting import note_unused_prompts
from atelier_inference.upscaling import Tile, Upscaling, check_size
from contracts.prediction import PredictionInput
from imaging.framing import scaled

CHECKED_SIDE = 512
"""Pixels; a safety checker sees fewer."""


@dataclass(frozen=True, kw_only=True, eq=False)
class UpscaleJob(Job):
    """For each seed, the picture's tiles; ``small`` is the picture as large as a safety checker looks at it."""

    small: Image.Image
    upscaling: Upscaling
    tiles: Sequence[Sequence[Tile]]

    @property
    def rows(self) -> int:
        """A tile is a row."""
        return sum(len(tiles) for tiles in self.tiles)


class Upscale(Mode[UpscaleJob]):
    """A picture larger than a tile is enlarged tile by tile; tiles of different requests share batches."""

    def prepare(self, request: PredictionInput) -> UpscaleJob:
        """See Mode."""
        enlarger, watch, picture_seeds = self.require_enlarger("input.mode", request.mode), Stopwatch(), seeds(request)
        with watch.measure("read"):
            decoded = self.dependencies.reader.picture(request.image, where="input.image")
            picture = decoded.image
            check_size(picture.size, "input.image")
            tiles = [enlarger.tiles(picture, seed, request.prompt, request.negative_prompt) for seed in picture_seeds]
        return UpscaleJob(
            mode=self,
            request=request,
            model=enlarger.reference,
            size=picture.size,
            watch=watch,
            seeds=picture_seeds,
            upscaling=enlarger.settings(
                request.noise_level,
                words=bool(request.prompt or request.negative_prompt),
                steps=request.num_inference_steps,
                guidance=request.guidance_scale,
            ),
            tiles=tiles,
            small=picture.resize(scaled(picture.size, min(1.0, CHECKED_SIDE / max(picture.size)))),
            cutout=decoded.cutout,
            digest=decoded.digest,
            notes=[*decoded.notes],
        )

    def batch_key(self, job: UpscaleJob) -> Hashable:
        """All tiles are of one size."""
        return "upscale", job.upscaling

    def run(self, jobs: Sequence[UpscaleJob]) -> list[Finish]:
        """See Mode."""
        enlarger = self.require_enlarger("input.mode", "upscale")
        for job in jobs:
            # Upscalers ship no checker of their own; the base model's sees as much in the small picture as in the large one.
            self.dependencies.model.painter.require_safe(job.small)
        with measured(jobs, "upscale"):
            pictures = [tiles for job in jobs for tiles in job.tiles]
            enlarged = iter(enlarger.enlarge(pictures, jobs[0].upscaling))
        for job in jobs:
            note_unused_prompts(job, enlarger.upscaler)
        return [partial(blended, enlarger, job.size, [next(enlarged) for _ in job.seeds]) for job in jobs]


MODE = Upscale
