"""What is taught: the sample's twelve pictures of a skirt, and what the base model makes of its words before it has learnt them."""

import io

from PIL import Image

from bench.train.roots import tiny_pictures
from lessons.figures.card import Band, Panel, TeachingPicture
from lessons.figures.workshop import Workshop
from lessons.trainings.measure import strip


def draw(workshop: Workshop) -> TeachingPicture:
    """The pictures, and a strip as those of the trainings, painted by the base model."""
    learnt = [Panel(picture=Image.open(io.BytesIO(each.encoded)), smooth=True) for each in tiny_pictures()]
    bands = [
        Band(title="twelve pictures to learn from", panels=learnt, columns=6),
        Band(
            title="before: three photos as “sks skirt” · as “a red skirt”",
            panels=[Panel(picture=strip(workshop.painter))],
            columns=1,
        ),
    ]
    return TeachingPicture(bands=bands, numbers={"pictures": len(learnt)})
