"""What the modes that repaint a masked part of a photo share; they share batches too."""

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import ClassVar

from PIL import Image

from atelier_inference.meeting import aside
from atelier_inference.mode import Finish, Result
from atelier_inference.painting import PaintingJob, PaintingMode
from atelier_inference.upscaling import Enlarger, Upscaling
from contracts.prediction import PredictionInput
from contracts.safety.refusal import NeverPaintedError
from diffusion.lora import Mix
from imaging import repaint
from imaging.appearance import measure_appearance
from imaging.bareness import Under, look_at, look_under
from imaging.colour_words import coloured
from imaging.repaint import Frame, Repainting


@dataclass(frozen=True, kw_only=True, eq=False)
class RepaintingJob(PaintingJob):
    """A photo to repaint; without a ``frame``, the segmenter has yet to find its mask. ``photo`` is what is under that."""

    picture: Image.Image
    frame: Frame | None = None
    photo: Under | None = None


class RepaintingMode(PaintingMode[RepaintingJob]):
    """Outside the mask's soft edge not one byte of the photo changes; upscaled, of the upscaled photo."""

    kind: ClassVar[type[PaintingJob]] = RepaintingJob

    def batch_key(self, job: RepaintingJob) -> Hashable:
        """All photos are painted at the model's resolution."""
        return "repaint", job.way

    def frame(
        self, request: PredictionInput, picture: Image.Image, mask: Image.Image, row_seeds: Sequence[int]
    ) -> Frame:
        """What the model gets of the photo. Raises InvalidInputError for a mask that is empty or of another size."""
        work = Repainting(
            picture=picture,
            mask=mask,
            prompt=_words(request),
            negative_prompt=request.negative_prompt,
            seeds=row_seeds,
            blur=request.mask_blur,
            colour=request.colour,
        )
        return repaint.frame(work, self.dependencies.model.resolution)

    def run(self, jobs: Sequence[RepaintingJob]) -> list[Finish]:
        """Find the masks that requests did not bring, then paint."""
        masks = [None if job.frame else self.garment(job, job.picture).mask for job in jobs]
        framed = aside(partial(self._each_framed, jobs, masks)) if any(masks) else jobs
        for job in framed:
            self.dependencies.gate.check_mask(_under(job), job.picture, job.request)
        return super().run(framed)

    def refusals(
        self, jobs: Sequence[RepaintingJob], painted: Sequence[Sequence[Image.Image]]
    ) -> list[NeverPaintedError | None]:
        """See PaintingMode, and SkinGate."""
        pairs = list(zip(jobs, painted, strict=True))
        looks = aside(lambda: [[look_at(each, _frame(job).mask) for each in some] for job, some in pairs])
        return [
            self.dependencies.gate.refusal(job.request, looked, some, _frame(job), _under(job))
            for looked, (job, some) in zip(looks, pairs, strict=True)
        ]

    def paint(self, jobs: Sequence[RepaintingJob], mixes: Sequence[Mix]) -> list[list[Image.Image]]:
        """See PaintingMode: squares of the model's resolution."""
        for job in jobs:
            if (words := _words(job.request)) != job.request.prompt:
                job.notes.append(f"colour: the prompt names none, so it was painted as {words!r}")
        painter, frames = self.dependencies.model.painter, [_frame(job) for job in jobs]
        return repaint.paint(painter, frames, sampling=jobs[0].sampling, adapters=mixes)

    def restore(self, job: RepaintingJob, painted: Image.Image) -> Image.Image:
        """The photo with a painted square in its place."""
        return repaint.paste(_frame(job), painted)

    def result(self, job: RepaintingJob, painted: Sequence[Image.Image]) -> Result:
        """See PaintingMode; the mask is the soft one that was used."""
        alpha = _frame(job).alpha
        return Result(images=_looked_at(job, self._each_pasted(_frame(job), painted), alpha), mask=alpha)

    def _each_pasted(self, frame: Frame, painted: Sequence[Image.Image]) -> Iterator[Image.Image]:
        *others, last = painted
        for picture in others:
            yield repaint.paste(frame, picture)
        # Nobody needs the photo after its last copy.
        yield repaint.paste(frame, last, in_place=True)

    def upscale(
        self, jobs: Sequence[RepaintingJob], pictures: Sequence[Sequence[Image.Image]], upscaling: Upscaling
    ) -> list[Finish]:
        """Enlarge each photo as mode upscale would, and of each result only the tiles that differ."""
        enlarger = self.require_enlarger("input.upscale", True)
        enlarged: dict[Hashable, Image.Image] = {}
        tiles = [enlarger.tiles(job.picture, job.seeds[0]) for job in jobs]
        photos = enlarger.enlarge(tiles, upscaling, enlarged)
        results = [
            enlarger.enlarge([enlarger.tiles(each, job.seeds[0]) for each in some], upscaling, enlarged)
            for job, some in zip(jobs, pictures, strict=True)
        ]
        return [
            partial(_pasted, enlarger, job, photo, some) for job, photo, some in zip(jobs, photos, results, strict=True)
        ]

    def framed(self, job: RepaintingJob, mask: Image.Image) -> RepaintingJob:
        """The job with its frame, and what is under that. Raises InvalidInputError for a mask that is empty or of another size."""
        with job.watch.measure("frame"):
            frame = self.frame(job.request, job.picture, mask, job.seeds)
            return replace(job, frame=frame, photo=look_under(job.picture, frame.alpha))

    def _each_framed(self, jobs: Sequence[RepaintingJob], masks: Sequence[Image.Image | None]) -> list[RepaintingJob]:
        """Of a large photo that takes longer than a call of the model, which others wait for."""
        return [self.framed(job, mask) if mask else job for job, mask in zip(jobs, masks, strict=True)]


def _words(request: PredictionInput) -> str:
    """The prompt, and in it the wanted colour where it names none. A style's words stay as it was taught them."""
    plain = request.colour and not request.adapter
    return coloured(request.prompt, request.colour) if plain else request.prompt


def _frame(job: RepaintingJob) -> Frame:
    assert job.frame is not None
    return job.frame


def _under(job: RepaintingJob) -> Under:
    assert job.photo is not None
    return job.photo


def _pasted(
    enlarger: Enlarger,
    job: RepaintingJob,
    photo: Sequence[Image.Image],
    results: Sequence[Sequence[Image.Image]],
) -> Result:
    """The enlarged results under the enlarged soft mask: where that is 0, the bytes are the enlarged photo's."""
    before = enlarger.blend(photo, job.size)
    alpha = _frame(job).alpha.resize(before.size, Image.Resampling.BILINEAR)
    images = (Image.composite(enlarger.blend(tiles, job.size), before, alpha) for tiles in results)
    return Result(images=_looked_at(job, images, alpha), mask=alpha)


def _looked_at(job: RepaintingJob, pictures: Iterable[Image.Image], alpha: Image.Image) -> Iterator[Image.Image]:
    """The pictures as they are made, each measured for the answer where it was painted."""
    for picture in pictures:
        if appearance := measure_appearance(picture, alpha, job.request.colour):
            job.appearances.append(appearance)
        yield picture
        del picture
