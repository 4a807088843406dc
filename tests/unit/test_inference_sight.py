"""What the segmenter is asked, of what it has words for, and what of its answers is kept."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import Image

from atelier_inference.sight import Sight

PHOTO = Image.new("RGB", (8, 6))


class Eyes:
    """A segmenter that sees each thing in some columns of a picture, and knows no others."""

    def __init__(self, **columns: slice) -> None:
        self.columns = {name.replace("_", " "): part for name, part in columns.items()}
        self.asked: list[list[list[str]]] = []

    def knows(self, thing: str) -> bool:
        return thing in self.columns

    def squared(self, picture: Image.Image) -> Image.Image:
        return picture

    def any_of(self, _: Image.Image, groups: Sequence[Sequence[str]], *, shape: Any, size: tuple[int, int]) -> Any:
        self.asked.append([list(group) for group in groups])
        found = np.zeros((len(groups), *size[::-1]), np.float32)
        for one, group in zip(found, groups, strict=True):
            for thing in group:
                one[:, self.columns[thing]] = 0.9
        return list(found)


def sight(**columns: slice) -> tuple[Sight, Eyes]:
    eyes: Any = Eyes(**columns)
    return Sight(segmenter=eyes), eyes


def test_what_is_taken_for_skin_and_for_clothes_is_no_skin() -> None:
    """As of a segmenter that tells nothing apart."""
    eyes, _ = sight(a_person=slice(0, 6), skin=slice(0, 3), clothes=slice(2, 6))
    person, skin = eyes.person(PHOTO)
    assert person is not None
    assert skin is not None
    assert person.all(axis=0).tolist() == [True] * 6 + [False] * 2
    assert skin.all(axis=0).tolist() == [True] * 2 + [False] * 6


def test_only_known_things_are_asked_for_and_each_group_is_told_for_itself() -> None:
    eyes, segmenter = sight(a_skirt=slice(0, 2), a_top=slice(4, 5))
    seen, unknown, top = eyes.chances(PHOTO, ["a skirt", "a hat", "a skirt"], ["a scarf"], ["a top"])
    assert unknown is None
    assert segmenter.asked == [[["a skirt"], ["a top"]]]
    assert seen is not None
    assert top is not None
    assert (int(seen.sum() / 0.9 + 0.5), int(top.sum() / 0.9 + 0.5)) == (12, 6)


def test_a_photo_is_asked_about_once_and_a_painting_each_time() -> None:
    eyes, segmenter = sight(a_skirt=slice(0, 2))
    for _ in range(3):
        eyes.places(PHOTO.copy(), ["a skirt"])
    assert len(segmenter.asked) == 1
    for _ in range(2):
        eyes.places_now(PHOTO, ["a skirt"])
    assert len(segmenter.asked) == 3


def test_without_a_segmenter_or_a_word_nothing_is_seen() -> None:
    assert Sight(segmenter=None).person(PHOTO) == (None, None)
    assert sight(a_skirt=slice(0, 2))[0].person(PHOTO) == (None, None)
