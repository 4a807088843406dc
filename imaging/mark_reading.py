"""Reads the mark that ``imaging.mark`` writes, in a picture that was cut, resized or encoded anew, wherever in it the mark is.

Neither the painted part nor the pattern's size and place are known. At each size that comes into question the picture is looked at in
windows of two by two periods: the waves that are known of the key are correlated with the window's for all shifts at once. Around the
windows that agree best, size and place are found exactly, the cells that agree are added up, and what they say is decoded; a check of 16
bits and the likeness of the whole decide whether it is a mark.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import fft, ndimage

from imaging.mark_carrier import KNOWN, PERIOD, Carrier, Waves, carrier
from imaging.mark_code import decode
from imaging.mark_waves import Plane, Slopes, slopes, waves_of_cells

STEP = 1.025
"""From one size that is tried to the next: at the window's edge the finest wave is then a seventh of its length out of place."""
SMALLEST, LARGEST = 27.0, 76.0
"""Periods, in pixels, that are looked for; larger ones in the picture at half its size, and so on. The smallest is 0.45 of the finest."""
COARSE = 45.0
"""Period, in pixels, from which differences are taken over two pixels."""
MOST_PIXELS = 1_600_000
"""A larger picture is looked at in half its size."""
GRID, FINE_GRID = 32, 64
"""Shifts that are tried in a period."""
FINER = np.linspace(1 - 0.0125, 1 + 0.0125, 11)
CANDIDATES, DECODED = 8, 4
"""Windows that are looked at more closely, of a picture and its halves; and sums of cells that are decoded, for each."""
ENOUGH = 5.0
"""Least agreement of a candidate, in standard deviations of what is no mark."""
LIKENESS = 0.55
"""Least confidence."""


@dataclass(frozen=True, kw_only=True)
class MarkFound:
    """What a mark says: its 48 bits; how like a mark the picture is, at most 1; and the picture's size of the one it was written in.

    ``size`` is 1 for a picture that was not resized, if the painted part was smaller than 512 by 512 pixels; 2 if it was larger, or if
    the picture was enlarged, and so on.
    """

    payload: int
    confidence: float
    size: float


@dataclass(frozen=True, kw_only=True)
class _Candidate:
    """A window, of cells ``row`` and ``column`` and the next ones, that agrees by a shift of so many periods ``down`` and ``across``."""

    agreement: float
    period: float
    slopes: Slopes
    row: int
    column: int
    down: float
    across: float


def read_mark(picture: Image.Image, key: bytes) -> MarkFound | None:
    """The mark that was written with a key of 32 bytes, or None. A picture of 512 by 512 pixels takes a third of a second of a core."""
    own = carrier(key)
    for coarser, luma, finest in _halves(picture):
        candidates = sorted(_candidates(own, luma, finest=finest), key=lambda each: -each.agreement)
        for candidate in candidates[:CANDIDATES]:
            if candidate.agreement < ENOUGH:
                break
            if found := _read(own, candidate, coarser):
                return found
    return None


def _halves(picture: Image.Image) -> Iterator[tuple[int, Plane, bool]]:
    """How many times smaller, the picture's levels, and whether they are the finest that are looked at.

    The smallest come first, for marks are as coarse as pictures are large.
    """
    halves = [np.asarray(picture.convert("L"), dtype=np.float32)]
    while min(halves[-1].shape) >= 2 * SMALLEST:
        luma = halves[-1]
        down, across = luma.shape[0] // 2, luma.shape[1] // 2
        halves.append(luma[: 2 * down, : 2 * across].reshape(down, 2, across, 2).mean(axis=(1, 3)))
    finest = next((place for place, luma in enumerate(halves) if luma.size <= MOST_PIXELS), len(halves))
    for place in reversed(range(finest, len(halves))):
        if min(halves[place].shape) > SMALLEST:
            yield 1 << place, halves[place], place == finest


def _candidates(own: Carrier, luma: Plane, *, finest: bool) -> Iterator[_Candidate]:
    fine, coarse = slopes(luma, 1), slopes(luma, 2)
    period = SMALLEST if finest else LARGEST / 2
    while period <= min(LARGEST, max(luma.shape) / 1.2):
        of = fine if period < COARSE else coarse
        waves, size = waves_of_cells(own, of, period)
        waves = _windows(waves)
        agreement = _agreement(own, _limited(waves)[..., :KNOWN] * size[:KNOWN], GRID)
        best = agreement.max(axis=-1)
        for place in np.argsort(-best, axis=None)[:3]:
            row, column = (int(each) for each in np.unravel_index(place, best.shape))
            down, across = divmod(int(agreement[row, column].argmax()), GRID)
            yield _Candidate(
                agreement=float(best[row, column]),
                period=period,
                slopes=of,
                row=row,
                column=column,
                down=down / GRID,
                across=across / GRID,
            )
        period *= STEP


def _read(own: Carrier, candidate: _Candidate, coarser: int) -> MarkFound | None:
    """What the cells that agree with a candidate say."""
    heard: list[tuple[float, float, Waves]] = []
    for period in candidate.period * FINER:
        waves, size = waves_of_cells(own, candidate.slopes, period)
        # The window's middle stays where it is.
        moved = candidate.period / period - 1
        shifted = _shifted(
            own, waves, candidate.down + (candidate.row + 1) * moved, candidate.across + (candidate.column + 1) * moved
        )
        for weights in (_agreeing(own, shifted, size), _window(candidate, waves)):
            total = _limited(np.einsum("ijn,ij->n", shifted, weights)) * size
            agreement = _agreement(own, total[:KNOWN], FINE_GRID)
            down, across = divmod(int(agreement.argmax()), FINE_GRID)
            placed = _shifted(own, total, down / FINE_GRID, across / FINE_GRID)
            heard.append((float(agreement.max()), period, placed))
    heard.sort(key=lambda each: -each[0])
    found = [_decoded(own, waves, period * coarser / PERIOD) for _, period, waves in heard[:DECODED]]
    return max((each for each in found if each), key=lambda each: each.confidence, default=None)


def _decoded(own: Carrier, waves: Waves, size: float) -> MarkFound | None:
    payload = decode(own.said(waves))
    if payload is None:
        return None
    alike = (waves * own.written(payload).conj()).real.sum()
    confidence = float(alike / np.sqrt(np.square(np.abs(waves)).sum() * len(waves)))
    return MarkFound(payload=payload, confidence=confidence, size=float(size)) if confidence >= LIKENESS else None


def _windows(waves: Waves) -> Waves:
    """Two by two cells each."""
    waves = waves[:-1] + waves[1:] if len(waves) > 1 else waves
    return waves[:, :-1] + waves[:, 1:] if waves.shape[1] > 1 else waves


def _window(candidate: _Candidate, waves: Waves) -> Plane:
    weights = np.zeros(waves.shape[:2], dtype=np.float32)
    weights[candidate.row : candidate.row + 2, candidate.column : candidate.column + 2] = 1
    return weights


def _agreeing(own: Carrier, waves: Waves, size: Plane) -> Plane:
    """A weight of 0 to 1 for each cell (down, across): how much it and those around it agree with the known waves."""
    agreement = (waves[..., :KNOWN] * own.known.conj()).real @ size[:KNOWN]
    power = np.square(np.abs(waves)).mean(axis=-1) * np.square(size[:KNOWN]).sum() / 2
    around = 3 * ndimage.uniform_filter(agreement / np.sqrt(power + 1e-9), 3, mode="constant")
    return np.asarray(np.clip((around - 1) / 6, 0, 1), dtype=np.float32)


def _limited(waves: Waves) -> Waves:
    """No wave counts for much more than is usual: a stripe of the cloth's own is one."""
    size = np.abs(waves)
    return np.asarray(waves / (size + np.median(size, axis=-1, keepdims=True) + 1e-9), dtype=np.complex64)


def _shifted(own: Carrier, waves: Waves, down: float, across: float) -> Waves:
    """Waves as they would be of a pattern that lies so many periods further up and left."""
    return np.asarray(waves * np.exp(2j * np.pi * (own.down * down + own.across * across)), dtype=np.complex64)


def _agreement(own: Carrier, waves: Waves, grid: int) -> NDArray[np.float32]:
    """How well known waves (..., KNOWN) agree with the key's for each shift (..., grid * grid), in standard deviations."""
    across, down = own.across[:KNOWN], own.down[:KNOWN]
    turned = waves * own.known.conj()
    spectrum = np.zeros((*waves.shape[:-1], grid, grid // 2 + 1), dtype=np.complex64)
    spectrum[..., down, across] = turned
    upright = across == 0
    spectrum[..., -down[upright], 0] = turned[..., upright].conj()
    sums = fft.irfft2(spectrum, s=(grid, grid)).reshape(*waves.shape[:-1], grid * grid) * (grid * grid / 2)
    power = np.square(np.abs(waves)).sum(axis=-1, keepdims=True) / 2
    return np.asarray(sums / np.sqrt(power + 1e-9), dtype=np.float32)
