"""How words become a mask: what the segmenter answers to several words about one picture."""

from PIL import Image

from imaging.masks import from_image
from imaging.segmenter import OUTLINE, THRESHOLD, GarmentNotFoundError
from lessons.figures.card import Band, Panel, TeachingPicture, over
from lessons.figures.subjects import dressed, shirt, skirt
from lessons.figures.workshop import Workshop
from models.tiny.make.sheets.pages import highlighted

WORDS = ("a skirt", "a shirt", "hair", "shoes", "trousers")


def draw(workshop: Workshop) -> TeachingPicture:
    """The picture, a heat map for each of WORDS, and the mask that becomes of the first."""
    drawing = dressed(5, shirt("green"), skirt("pink", "dotted"))
    found = {words: workshop.segmenter.probability(drawing.image, words) for words in WORDS}
    best = {words: round(float(each.max()), 2) for words, each in found.items()}
    mask = workshop.segmenter.mask(drawing.image, WORDS[0], grow=0)
    truth = drawing.mask("skirt")
    white, loose = (from_image(each.mask) for each in (mask, workshop.segmenter.mask(drawing.image, WORDS[0])))
    panels = [
        Panel(picture=drawing.image, words=["picture"], smooth=True),
        *(
            Panel(picture=over(drawing.image, each), words=[f"“{words}”", f"best {best[words]:.2f}"], smooth=True)
            for words, each in found.items()
        ),
    ]
    ends = [
        Panel(picture=mask.mask, words=["mask"]),
        Panel(picture=highlighted(drawing.image, white), words=["over the picture"], smooth=True),
        Panel(picture=highlighted(drawing.image, loose), words=["grown by 2 %"], smooth=True),
    ]
    bands = [
        Band(title="how sure the segmenter is of each word", panels=panels, columns=3),
        Band(title="from “a skirt” to its mask", panels=ends, columns=3),
    ]
    numbers = {
        "best": best,
        "threshold": THRESHOLD,
        "outline": OUTLINE,
        "score": round(mask.score, 2),
        "overlap": round(float((white & truth).sum() / (white | truth).sum()), 2),
        "refused": [words for words in WORDS if _refused(workshop, drawing.image, words)],
    }
    return TeachingPicture(bands=bands, numbers=numbers)


def _refused(workshop: Workshop, picture: Image.Image, words: str) -> bool:
    try:
        workshop.segmenter.mask(picture, words)
    except GarmentNotFoundError:
        return True
    return False
