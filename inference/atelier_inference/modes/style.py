"""style: repaint the garment that words describe."""

from atelier_inference.mode import Stopwatch
from atelier_inference.repainting import RepaintingJob, RepaintingMode
from contracts.prediction import PredictionInput


class Style(RepaintingMode):
    """The segmenter finds the mask, in the model's thread."""

    def prepare(self, request: PredictionInput) -> RepaintingJob:
        """See Mode."""
        self.require_segmenter(request)
        watch = Stopwatch()
        with watch.measure("read"):
            decoded = self.dependencies.reader.picture(request.image, where="input.image")
        picture = decoded.image
        return self.job(
            request,
            watch,
            picture.size,
            picture=picture,
            cutout=decoded.cutout,
            digest=decoded.digest,
            notes=[*decoded.notes],
        )


MODE = Style
