"""segment: find the garment that words describe, and answer with its mask."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from PIL import Image

from atelier_inference.mode import Finish, Job, Mode, Result, Stopwatch
from contracts.prediction import PredictionInput


@dataclass(frozen=True, kw_only=True, eq=False)
class SegmentJob(Job):
    """A picture to look at."""

    picture: Image.Image


class Segment(Mode[SegmentJob]):
    """The mask is hard, of the picture's own size: 255 on the garment, 0 elsewhere."""

    paints: ClassVar[bool] = False

    def prepare(self, request: PredictionInput) -> SegmentJob:
        """See Mode."""
        self.require_segmenter(request)
        watch = Stopwatch()
        with watch.measure("read"):
            decoded = self.dependencies.reader.picture(request.image, where="input.image")
        return SegmentJob(
            mode=self,
            request=request,
            model=self.dependencies.model.reference,
            size=decoded.image.size,
            watch=watch,
            picture=decoded.image,
            notes=[*decoded.notes],
        )

    def batch_key(self, job: SegmentJob) -> Hashable:
        """Jobs are done one after the other."""
        return "segment"

    def run(self, jobs: Sequence[SegmentJob]) -> list[Finish]:
        """See Mode."""
        masks = [self._mask(job) for job in jobs]
        return [partial(Result, images=[mask], mask=mask) for mask in masks]

    def _mask(self, job: SegmentJob) -> Image.Image:
        return self.garment(job, job.picture).mask


MODE = Segment
