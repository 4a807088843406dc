"""What is to be known of a dataset's pictures, said by what was measured of them. Thresholds are told with what they were chosen by."""

from collections.abc import Iterator, Sequence
from itertools import combinations
from statistics import median

from atelier_training.data.picture_facts import PictureFacts
from contracts.advice import Advice
from contracts.dataset import FEWEST_PICTURES
from contracts.dataset_files import listed
from contracts.errors import InvalidInputError
from imaging.perceptual_hash import distance

FEW = 8
"""Pictures below which it is said that there are few: a garment has sides, and a training sees each of so few a hundred times."""
BLURRED = 0.45
"""Blur from which a picture is blurred: 32 sharp ones, drawn and photographed, at 64 and 512 pixels have 0.14 to 0.32; after a Gaussian
of 2 pixels half of them have more than 0.5, after one of 3 all do."""
ALIKE = 0.15
"""Difference of two hashes up to which they are one picture. 240 pairs of different pictures have 0.25 and more; saved as JPEG of quality
50, at half the size, a fifth brighter or blurred by 2 pixels, a picture is at most 0.07 from itself, cut by 1 % of its sides 0.05 to
0.18."""
ONE_VIEW = 0.25
"""Median difference of the garments' hashes below which all seem to be one view: of eight pictures that are one, turned by 3 degrees,
moved and lit otherwise, it is 0.17, of the twelve of the sample style 0.46."""
SMALL_PART = 0.25
"""Of what the model sees, cut around the garment, the garment should take two thirds; less than this, and most of its pixels are others."""
FACE = 0.04
"""Share of what lies above the garment that may be skin from which there may be a face."""


def advise(facts: Sequence[PictureFacts], *, masked: bool, resolution: int) -> list[Advice]:
    """What to know of the pictures that remain to learn from, warnings first; only the garment is learnt of those that are ``masked``.

    Raises InvalidInputError where too few of them are different pictures: a garment cannot be told from one picture of it.
    """
    _require_different(facts)
    found = [
        *_count(facts),
        *_size(facts, resolution),
        *_blur(facts, resolution),
        *_duplicates(facts),
        *_garment(facts),
        *_view(facts),
        *_people(facts, masked=masked),
    ]
    return sorted(found, key=lambda each: each.level != "warning")


def _require_different(facts: Sequence[PictureFacts]) -> None:
    different = len({each.pixels for each in facts})
    if different < FEWEST_PICTURES:
        got = f"{len(facts)} files with {different} different"
        raise InvalidInputError("pictures", got=got, allowed=f"at least {FEWEST_PICTURES} that differ in a pixel")


def _count(facts: Sequence[PictureFacts]) -> Iterator[Advice]:
    if len(facts) < FEW:
        do = f"add some, to {FEW} or more, from several sides and in several lights"
        yield Advice(matter="count", level="warning", found=f"only {len(facts)} pictures", do=do)


def _size(facts: Sequence[PictureFacts], resolution: int) -> Iterator[Advice]:
    small = [each for each in facts if each.side < resolution]
    if small:
        yield Advice(
            matter="size",
            level="warning",
            found=f"less than the {resolution} pixels that the model paints in {_named(small)}, at least {_least(small)}",
            do="give them as large as they were taken, since what is enlarged teaches blur",
            pictures=_names(small),
        )


def _blur(facts: Sequence[PictureFacts], resolution: int) -> Iterator[Advice]:
    blurred = [each for each in facts if each.blur >= BLURRED]
    if blurred:
        yield Advice(
            matter="blur",
            level="warning",
            found=f"blurred even at {resolution} pixels: {_named(blurred)}",
            do="leave them out or take them again, in more light or with a steady hand",
            pictures=_names(blurred),
        )


def _duplicates(facts: Sequence[PictureFacts]) -> Iterator[Advice]:
    groups = alike(facts)
    if groups:
        yield Advice(
            matter="duplicates",
            level="warning",
            found="the same picture several times: " + listed([" = ".join(_names(group)) for group in groups]),
            do="keep the best of each, since a picture that is there twice counts twice",
            pictures=tuple(name for group in groups for name in _names(group)),
        )


def alike(facts: Sequence[PictureFacts]) -> list[list[PictureFacts]]:
    """Groups of two and more pictures, each of which looks like another of its group."""
    group_of = {each.name: [each] for each in facts}
    for first, second in combinations(facts, 2):
        ours, theirs = group_of[first.name], group_of[second.name]
        if ours is not theirs and distance(first.look, second.look) <= ALIKE:
            ours += theirs
            group_of |= dict.fromkeys((each.name for each in theirs), ours)
    groups = {id(group): group for group in group_of.values()}
    return [sorted(group, key=lambda each: each.name) for group in groups.values() if len(group) > 1]


def _garment(facts: Sequence[PictureFacts]) -> Iterator[Advice]:
    small = [each for each in facts if each.part < SMALL_PART]
    if small:
        yield Advice(
            matter="garment",
            level="warning",
            found=f"less than {SMALL_PART:.0%} of what the model sees is the garment in {_named(small)}",
            do="go closer, or give pictures with more pixels",
            pictures=_names(small),
        )


def _view(facts: Sequence[PictureFacts]) -> Iterator[Advice]:
    differences = [distance(first.garment, second.garment) for first, second in combinations(facts, 2)]
    if median(differences) < ONE_VIEW:
        yield Advice(
            matter="view",
            level="warning",
            found=f"all pictures seem to show it from one side (their garments differ by {median(differences):.0%} of a hash's bits)",
            do="add its back and its sides, worn and standing otherwise, since what was never seen is made up",
        )


def _people(facts: Sequence[PictureFacts], *, masked: bool) -> Iterator[Advice]:
    shown = [each for each in facts if each.skin >= FACE]
    if not shown:
        return
    learnt = "a style for whole pictures learns who wears the garment, too; show several people, or cut heads off"
    left = "what lies outside of the masks is hardly learnt"
    yield Advice(
        matter="people",
        level="note" if masked else "warning",
        found=f"there may be faces (skin near the top) in {len(shown)} of {len(facts)} pictures",
        do=f"{left if masked else learnt}; who is depicted must have agreed",
        pictures=_names(shown),
    )


def _names(facts: Sequence[PictureFacts]) -> tuple[str, ...]:
    return tuple(each.name for each in facts)


def _named(facts: Sequence[PictureFacts]) -> str:
    return listed(_names(facts))


def _least(facts: Sequence[PictureFacts]) -> int:
    return min(each.side for each in facts)
