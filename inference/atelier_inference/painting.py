"""What the modes that paint share: an adapter, a call of the model, and the upscaler after it where the request wants it."""

from abc import abstractmethod
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, ClassVar, NoReturn, TypeVar

from PIL import Image

from atelier_inference.adapters import Named, adapters_of
from atelier_inference.mode import Finish, Job, Mode, Result, Stopwatch, blended, measured, note_unused, seeds
from atelier_inference.upscaling import Upscaling, check_size
from contracts.prediction import PredictionInput
from contracts.safety.refusal import NeverPaintedError
from contracts.sampling import Sampling
from diffusion.family import Family
from diffusion.lora import Mix


@dataclass(frozen=True, kw_only=True, eq=False)
class PaintingJob(Job):
    """A job that the model paints; the pictures of its answer are of ``size`` before they are upscaled, if ``upscaling`` says so."""

    sampling: Sampling
    upscaling: Upscaling | None
    adapters: Named = ()

    @property
    def way(self) -> Hashable:
        """How the job is painted; equal for those that one call of a pipeline can serve."""
        return self.sampling, self.upscaling


def note_unused_prompts(job: Job, model: Family) -> None:
    """Leave notes for the answer on words of the prompts that the model's text encoders do not see. In the model's thread."""
    for name in ("prompt", "negative_prompt"):
        note_unused(job, name, model.unused(getattr(job.request, name)))


def note_plain(job: Job, painted: Sequence[Image.Image]) -> None:
    """Leave a note for the answer where the model painted one single colour: that is hardly what was wanted, but no error."""
    if plain := sum(picture.getcolors(1) is not None for picture in painted):
        job.notes.append(
            f"{plain} of {len(painted)} pictures were painted in one single colour: "
            "guidance_scale or adapter_scale may be too high, or the weights broken"
        )


def _refuse(error: NeverPaintedError) -> NoReturn:
    raise error


P = TypeVar("P", bound=PaintingJob)


class PaintingMode(Mode[P]):
    """A mode that paints: subclasses say what the model paints and what becomes of it."""

    kind: ClassVar[type[PaintingJob]] = PaintingJob
    """The class of the mode's jobs."""

    def job(self, request: PredictionInput, watch: Stopwatch, size: tuple[int, int], **fields: Any) -> P:
        """A job with the base model's defaults filled in and a style's promoted version looked up.

        ``fields`` are those that the mode's own class of jobs adds. Raises InvalidInputError.
        """
        if request.upscale:
            check_size(size, "input.upscale")
        with watch.measure("adapter"):
            adapters = adapters_of(request, self.dependencies.catalogue, self.dependencies.adapters)
        job: P = self.kind(  # type: ignore[assignment]
            mode=self,
            request=request,
            model=self.dependencies.model.reference,
            size=size,
            watch=watch,
            seeds=seeds(request),
            adapter=adapters[0][0] if adapters else "",
            second_adapter=adapters[1][0] if adapters[1:] else "",
            adapters=adapters,
            sampling=self._sampling(request),
            upscaling=self._upscaling(request),
            **fields,
        )
        job.notes.extend(f"second_adapter: {reference}" for reference, _, _ in adapters[1:])
        return job

    @abstractmethod
    def paint(self, jobs: Sequence[P], mixes: Sequence[Mix]) -> list[list[Image.Image]]:
        """What the model paints: for each job, with its mix of adapters, a picture a seed."""

    def steps(self, job: P) -> int:
        """Denoising steps of the job's batch."""
        return job.sampling.steps

    def restore(self, job: P, painted: Image.Image) -> Image.Image:
        """A picture of the answer, of the job's size, from what the model painted; needs no model."""
        return painted

    def result(self, job: P, painted: Sequence[Image.Image]) -> Result:
        """The answer to a job that is not upscaled."""
        return Result(images=(self.restore(job, picture) for picture in painted))

    def run(self, jobs: Sequence[P]) -> list[Finish]:
        """Paint each job with its adapters, and upscale where the batch asks for it."""
        upscaling = jobs[0].upscaling
        with measured(jobs, "adapter"):
            mixes = self.dependencies.adapters.mixes([job.adapters for job in jobs])
        for job in jobs if upscaling is None else ():
            job.steps.total = self.steps(job)
        with measured(jobs, "paint"):
            painted = self.paint(jobs, mixes)
        for job, some in zip(jobs, painted, strict=True):
            note_unused_prompts(job, self.dependencies.model.painter)
            note_plain(job, some)
        refusals = self.refusals(jobs, painted)
        kept = [number for number, refusal in enumerate(refusals) if refusal is None]
        finishes = self._finishes([jobs[each] for each in kept], [painted[each] for each in kept], upscaling)
        left = iter(finishes)
        return [next(left) if refusal is None else partial(_refuse, refusal) for refusal in refusals]

    def refusals(self, jobs: Sequence[P], painted: Sequence[Sequence[Image.Image]]) -> list[NeverPaintedError | None]:
        """For each job, why none of its pictures may leave, where one must not."""
        return [None for _ in jobs]

    def _finishes(
        self, jobs: Sequence[P], painted: Sequence[Sequence[Image.Image]], upscaling: Upscaling | None
    ) -> list[Finish]:
        if upscaling is None or not jobs:
            return [partial(self.result, job, pictures) for job, pictures in zip(jobs, painted, strict=True)]
        with measured(jobs, "upscale"):
            pictures = [[self.restore(job, each) for each in some] for job, some in zip(jobs, painted, strict=True)]
            return self.upscale(jobs, pictures, upscaling)

    def upscale(
        self, jobs: Sequence[P], pictures: Sequence[Sequence[Image.Image]], upscaling: Upscaling
    ) -> list[Finish]:
        """Enlarge each job's pictures with the seeds that they were painted with, and without their words.

        The words describe a garment, not all of the picture that the upscaler sees.
        """
        enlarger = self.require_enlarger("input.upscale", True)
        tiles = [
            enlarger.tiles(picture, seed)
            for job, some in zip(jobs, pictures, strict=True)
            for picture, seed in zip(some, job.seeds, strict=True)
        ]
        enlarged = iter(enlarger.enlarge(tiles, upscaling))
        return [partial(blended, enlarger, job.size, [next(enlarged) for _ in job.seeds]) for job in jobs]

    def _sampling(self, request: PredictionInput) -> Sampling:
        model = self.dependencies.model
        # Where there is none for speed, the request was refused.
        own = model.fast or model.sampling if request.fast else model.sampling
        return replace(
            own,
            steps=request.num_inference_steps or own.steps,
            guidance=own.guidance if request.guidance_scale is None else request.guidance_scale,
        )

    def _upscaling(self, request: PredictionInput) -> Upscaling | None:
        if not request.upscale:
            return None
        return self.require_enlarger("input.upscale", True).settings(request.noise_level)
