"""How often the invisible mark is found, in what was repainted and in what was not."""

import secrets
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from statistics import mean

import numpy as np
from PIL import Image

from bench.lawful.repainted import SIZES, SMALL_SIZES, RepaintedPicture, figures, repainted
from bench.lawful.score import CountedShare
from bench.lawful.spoiling import HARDER, SPOILS, Spoil, jpeg
from bench.tiny_server import tiny_modes
from imaging.lab import difference, to_lab
from imaging.mark import write_mark
from imaging.mark_reading import read_mark

SIDE = 128
"""Side of the smallest square whose mark is promised, in pixels."""
UNMARKED_SIZES = ((192, 256), (256, 256), (256, 320))
MOST_DIFFERENCE = 1.0
FEWER = 5
"""A picture with a smaller mask, and one that is spoiled in ways that are not promised, for so many others."""
_SMALL: dict[str, Spoil] = {
    "small_found": lambda picture: picture,
    "small_jpeg75_found": lambda picture: jpeg(picture, 75),
}


def measure(pictures: int, unmarked: int, seed: int) -> tuple[list[CountedShare], dict[str, float]]:
    """Mark ``pictures`` repainted ones, spoil each in each way and read it; and read ``unmarked`` ones."""
    key = np.random.default_rng(seed).bytes(32)
    found: Counter[str] = Counter()
    differences = []
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        modes = tiny_modes(Path(folder))
        promised, small = {name: spoil for name, (spoil, _) in SPOILS.items()}, _SMALL
        for place, each in enumerate(repainted(modes, pictures, seed, SIZES, range(SIDE**2, 10**9))):
            wrong += read_mark(each.picture, key) is not None
            spoils = {**promised, **HARDER} if place % FEWER == 0 else promised
            differences.append(_mark_and_spoil(each, key, found, spoils))
        few = -(-pictures // FEWER)
        for each in repainted(modes, few, seed + 1, SMALL_SIZES, range((SIDE // 2) ** 2, SIDE**2)):
            _mark_and_spoil(each, key, found, small)
    drawn = max(0, unmarked - pictures)
    wrong += sum(read_mark(picture, key) is not None for picture in islice(_unmarked(seed + 2), drawn))
    shares = [CountedShare(name=name, hits=found[name], n=pictures, least=least) for name, (_, least) in SPOILS.items()]
    shares.append(CountedShare(name="false_alarms", hits=wrong, n=drawn + pictures, most=1e-3))
    shares += [CountedShare(name=f"{name}_found", hits=found[name], n=few) for name in HARDER]
    shares += [CountedShare(name=name, hits=found[name], n=few) for name in _SMALL]
    shares.append(
        CountedShare(
            name="hardly_seen", hits=sum(each <= MOST_DIFFERENCE for each in differences), n=pictures, least=1.0
        )
    )
    return shares, {"difference_mean": round(mean(differences), 3), "difference_max": round(max(differences), 3)}


def _mark_and_spoil(each: RepaintedPicture, key: bytes, found: Counter[str], spoils: dict[str, Spoil]) -> float:
    """Count the ways in which a marked picture is still read; the mark's mean CIEDE2000 inside the mask."""
    payload = secrets.randbits(48)
    marked = write_mark(each.picture, each.alpha, payload, key)
    outside = np.asarray(each.alpha) == 0
    before, after = np.asarray(each.picture), np.asarray(marked)
    if not np.array_equal(before[outside], after[outside]):
        sys.exit("a byte outside of the mask changed")
    for name, spoil in spoils.items():
        read = read_mark(spoil(marked), key)
        found[name] += read is not None and read.payload == payload
    inside = np.asarray(each.alpha) > 127
    return float(difference(to_lab(before[inside]), to_lab(after[inside])).mean())


def _unmarked(seed: int) -> Iterator[Image.Image]:
    """Drawn photos as they are, and every other one out of a JPEG."""
    for place, drawing in enumerate(figures(seed, UNMARKED_SIZES)):
        yield jpeg(drawing.image, 75) if place % 2 else drawing.image
