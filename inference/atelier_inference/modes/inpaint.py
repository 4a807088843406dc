"""inpaint: repaint what the caller's mask says."""

from PIL import Image, ImageStat

from atelier_inference.mode import Stopwatch
from atelier_inference.repainting import RepaintingJob, RepaintingMode
from contracts.errors import InvalidInputError
from contracts.prediction import PredictionInput
from imaging.conventions import polarity_note
from imaging.masks import grow_image


class Inpaint(RepaintingMode):
    """The caller's mask grows only where the request says so."""

    def prepare(self, request: PredictionInput) -> RepaintingJob:
        """See Mode."""
        watch = Stopwatch()
        with watch.measure("read"):
            # First the mask, which is small once it is read: less is in memory at a time.
            mask = self.dependencies.reader.mask(request.mask, convention=request.mask_convention, where="input.mask")
            decoded = self.dependencies.reader.picture(request.image, where="input.image")
            picture, mask = decoded.image, self._fitted(mask, request, decoded.image)
        notes = [note for note in (*decoded.notes, polarity_note(mask, convention=request.mask_convention)) if note]
        job = self.job(
            request, watch, picture.size, picture=picture, cutout=decoded.cutout, digest=decoded.digest, notes=notes
        )
        job.metrics["mask_area"] = round(ImageStat.Stat(mask).mean[0] / 255, 4)
        return self.framed(job, mask)

    def _fitted(self, mask: Image.Image, request: PredictionInput, picture: Image.Image) -> Image.Image:
        if mask.size != picture.size:
            allowed = f"{picture.width}x{picture.height}, the picture's own size"
            raise InvalidInputError("input.mask", got=f"{mask.width}x{mask.height}", allowed=allowed)
        return grow_image(mask, request.mask_grow or 0)


MODE = Inpaint
