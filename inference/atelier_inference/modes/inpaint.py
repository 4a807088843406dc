"""inpaint: repaint what is white in the caller's mask."""

from dataclasses import replace

from PIL import Image

from atelier_inference.mode import Stopwatch
from atelier_inference.repainting import RepaintingJob, RepaintingMode
from contracts.errors import InvalidInputError
from contracts.prediction import PredictionInput
from imaging.masks import from_image, grow, to_image


class Inpaint(RepaintingMode):
    """The caller's mask grows only where the request says so."""

    def prepare(self, request: PredictionInput) -> RepaintingJob:
        """See Mode."""
        watch = Stopwatch()
        with watch.measure("read"):
            picture = self.dependencies.reader.picture(request.image, where="input.image")
            mask = self._mask(request, picture)
        job = self.job(request, watch, picture.size, picture=picture)
        with watch.measure("frame"):
            return replace(job, frame=self.frame(request, picture, mask, job.seeds))

    def _mask(self, request: PredictionInput, picture: Image.Image) -> Image.Image:
        mask = self.dependencies.reader.mask(request.mask, where="input.mask")
        if mask.size != picture.size:
            allowed = f"{picture.width}x{picture.height}, the picture's own size"
            raise InvalidInputError("input.mask", got=f"{mask.width}x{mask.height}", allowed=allowed)
        return to_image(grow(from_image(mask), request.mask_grow or 0))


MODE = Inpaint
