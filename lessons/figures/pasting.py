"""Pasting back: the square that was painted, the soft edge that it comes back under, and the photo with only that changed."""

import numpy as np
from PIL import Image

from imaging.masks import from_image, grow, larger_side, to_image
from imaging.repaint import Frame, Repainting, default_blur, frame, paint, paste
from imaging.segmenter import GROWTH
from lessons.figures.card import Band, Panel, TeachingPicture
from lessons.figures.subjects import dressed, shirt, skirt
from lessons.figures.workshop import Workshop

PROMPT = "a photo of a green striped skirt"
SEED = 3
PHOTO = 384
_ZOOM = 20
"""Pixels of the photo in the close view of its edge."""


def draw(workshop: Workshop) -> TeachingPicture:
    """From photo to photo, and one edge of the skirt close by, without the feather and with it."""
    drawing = dressed(8, shirt("white"), skirt("purple"), side=PHOTO)
    mask = drawing.mask("skirt")
    loose = to_image(grow(mask, round(GROWTH * larger_side(mask))))
    works = [
        Repainting(picture=drawing.image, mask=loose, prompt=PROMPT, seeds=[SEED], blur=blur) for blur in (0.0, None)
    ]
    hard, soft = (frame(work, workshop.entry.resolution) for work in works)
    ((square,),) = paint(workshop.painter, [soft], sampling=workshop.sampling)
    cut, pasted = paste(hard, square), paste(soft, square)
    box = _close(soft)
    bands = [
        Band(
            title="out of the photo, painted, and back",
            panels=[
                Panel(picture=drawing.image, words=["photo"], smooth=True),
                Panel(picture=soft.picture, words=["what the model sees"], smooth=True),
                Panel(picture=square, words=["what it paints"], smooth=True),
                Panel(picture=soft.alpha, words=["how much is new"], smooth=True),
                Panel(picture=_changed(drawing.image, pasted), words=["bytes that changed"], smooth=True),
                Panel(picture=pasted, words=["result"], smooth=True),
            ],
            columns=3,
        ),
        Band(
            title="the same edge, close by",
            panels=[
                Panel(picture=cut.crop(box), words=["hard edge"]),
                Panel(picture=pasted.crop(box), words=["feathered edge"]),
            ],
            columns=2,
        ),
    ]
    outside = np.asarray(soft.alpha) == 0
    apart = np.asarray(drawing.image)[outside] != np.asarray(pasted)[outside]
    numbers = {
        "photo": PHOTO,
        "square": soft.box[2] - soft.box[0],
        "seen": workshop.entry.resolution,
        "feather": round(default_blur(from_image(loose)), 1),
        "changed_outside": int(apart.sum()),
        "bytes_outside": int(apart.size),
    }
    return TeachingPicture(bands=bands, numbers=numbers)


def _changed(photo: Image.Image, result: Image.Image) -> Image.Image:
    """White where any byte of a pixel differs."""
    return to_image((np.asarray(photo) != np.asarray(result)).any(axis=-1))


def _close(framed: Frame) -> tuple[int, int, int, int]:
    """A part of the photo around the left edge of what is new."""
    rows, columns = np.nonzero(framed.levels > 0)
    middle = int(np.median(rows))
    left = int(columns[rows == middle].min())
    corner = left - _ZOOM // 3, middle - _ZOOM // 2
    return corner[0], corner[1], corner[0] + _ZOOM, corner[1] + _ZOOM
