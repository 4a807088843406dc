"""Which photos are restyled to judge a style, and what of each is repainted."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from PIL import Image

from atelier_training.data.examples import ExampleFile, opened
from atelier_training.data.pictures import DatasetFolder
from contracts.dataset import EVALUATION
from imaging.masks import from_image, grow, larger_side, to_image
from imaging.segmenter import GROWTH, GarmentNotFoundError, Segmenter

MOST_PHOTOS = 12
"""Enough to judge a style; each photo takes as long as a dozen requests to the service."""

TRAINED_ON = (
    f"The dataset has no {EVALUATION} folder: these are pictures that the model was trained on, which flatters it."
)

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Photo:
    """A photo (RGB) and the mask of what is repainted (mode ``L``, the photo's size), as loose as the service's own."""

    name: str
    picture: Image.Image
    mask: Image.Image


def choose_photos(
    dataset: DatasetFolder, examples: Sequence[ExampleFile], segmenter: Segmenter, target: str
) -> tuple[list[Photo], list[str]]:
    """The dataset's ``evaluation/`` photos in which the garment is found; where there are none, the training pictures.

    With notes for people on how they were chosen. Raises GarmentNotFoundError where the garment is in none of the evaluation photos.
    """
    if dataset.files.photos:
        return held_out_photos(dataset, segmenter, target)
    photos = [
        Photo(name=example.name, picture=example.picture, mask=_loose(to_image(example.mask)))
        for example in opened(examples[:MOST_PHOTOS])
    ]
    return photos, [TRAINED_ON]


def held_out_photos(dataset: DatasetFolder, segmenter: Segmenter, target: str) -> tuple[list[Photo], list[str]]:
    """The first ``evaluation/`` photos in which the garment is found, and notes on those that are left out.

    Raises GarmentNotFoundError where it is in none of them, and UnreadablePictureError.
    """
    notes: list[str] = []
    return list(_found(dataset, segmenter, target, notes)), notes


def require_photos(dataset: DatasetFolder, segmenter: Segmenter, target: str) -> None:
    """The same without keeping a photo: before a training, somebody should know that its evaluation will fail. Raises as that does."""
    for _ in _found(dataset, segmenter, target, []):
        pass


def _found(dataset: DatasetFolder, segmenter: Segmenter, target: str, notes: list[str]) -> Iterator[Photo]:
    """The photos one at a time; what is to be said of the others is added to ``notes``."""
    names = dataset.files.photos[:MOST_PHOTOS]
    missing: list[GarmentNotFoundError] = []
    for path, picture in dataset.decoded(names):
        name = path.removeprefix(EVALUATION)
        own_mask = dataset.mask(path, picture.size)
        try:
            mask = segmenter.mask(picture, target).mask if own_mask is None else _loose(to_image(own_mask))
            yield Photo(name=name, picture=picture, mask=mask)
        except GarmentNotFoundError as error:
            missing.append(error)
            notes.append(f"{name} is left out: {error}")
            log.warning("%s", notes[-1])
    if len(missing) == len(names):
        best = max(error.score for error in missing)
        raise GarmentNotFoundError(target, score=best, threshold=missing[0].threshold, where=", ".join(names))
    if len(dataset.files.photos) > MOST_PHOTOS:
        notes.append(f"{MOST_PHOTOS} of the {len(dataset.files.photos)} evaluation photos are shown.")


def _loose(mask: Image.Image) -> Image.Image:
    """A mask that fits tightly, grown as the segmenter grows its own."""
    tight = from_image(mask)
    return to_image(grow(tight, round(GROWTH * larger_side(tight))))
