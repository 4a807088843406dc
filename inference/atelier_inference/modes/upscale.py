"""upscale: make a picture four times as wide and high."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import partial

from PIL import Image

from atelier_inference.adapters import AdapterShelf, Named, adapters_of
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
    adapters: Named = ()

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
        with watch.measure("adapter"):
            adapters = self._adapters(request)
        return UpscaleJob(
            mode=self,
            request=request,
            adapter=adapters[0][0] if adapters else "",
            second_adapter=adapters[1][0] if adapters[1:] else "",
            adapters=adapters,
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
            notes=[*decoded.notes, *(f"second_adapter: {reference}" for reference, _, _ in adapters[1:])],
        )

    def batch_key(self, job: UpscaleJob) -> Hashable:
        """All tiles are of one size, and enlarged with the same adapters."""
        return "upscale", job.upscaling, tuple((reference, scale) for reference, _, scale in job.adapters)

    def run(self, jobs: Sequence[UpscaleJob]) -> list[Finish]:
        """See Mode."""
        enlarger = self.require_enlarger("input.mode", "upscale")
        for job in jobs:
            # Upscalers ship no checker of their own; the base model's sees as much in the small picture as in the large one.
            self.dependencies.model.painter.require_safe(job.small)
        with measured(jobs, "adapter"):
            (mix,) = self._shelf().mixes([jobs[0].adapters])
        with measured(jobs, "upscale"):
            pictures = [tiles for job in jobs for tiles in job.tiles]
            enlarged = iter(enlarger.enlarge(pictures, jobs[0].upscaling, mix=mix))
        for job in jobs:
            note_unused_prompts(job, enlarger.upscaler)
        return [partial(blended, enlarger, job.size, [next(enlarged) for _ in job.seeds]) for job in jobs]

    def _adapters(self, request: PredictionInput) -> Named:
        """What the request's picture is enlarged with. Raises InvalidInputError."""
        return adapters_of(request, self.dependencies.catalogue, self._shelf())

    def _shelf(self) -> AdapterShelf:
        """The upscaler's adapters: there are some where there is an upscaler."""
        assert self.dependencies.enlarger_adapters is not None
        return self.dependencies.enlarger_adapters


MODE = Upscale
