"""The loss curve as a picture."""

from collections.abc import Sequence
from math import floor, log10

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from atelier_training.engine.training_log import LoggedStep

WIDTH, HEIGHT = 960, 420
LEFT, TOP, RIGHT, BOTTOM = 96, 48, 24, 64
"""Margins in pixels."""
OVERSAMPLING = 2
"""Pillow's lines are not antialiased: draw larger, then shrink."""
PAPER, INK, GRID = (255, 255, 255), (33, 37, 41), (222, 226, 230)
EACH, SMOOTH = (173, 196, 230), (24, 84, 168)
MOST_TICKS = 8


def draw_loss(entries: Sequence[LoggedStep]) -> Image.Image:
    """Loss over steps (960, 420): each step pale, the running mean over a twentieth of the steps bold."""
    canvas = _Canvas(entries)
    canvas.grid()
    canvas.line(np.array([entry.loss for entry in entries]), EACH, 1)
    canvas.line(running_mean(np.array([entry.loss for entry in entries]), max(1, len(entries) // 20)), SMOOTH, 3)
    return canvas.image.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)


def running_mean(values: NDArray[np.float64], window: int) -> NDArray[np.float64]:
    """The mean of each value and up to ``window - 1`` before it."""
    sums = np.cumsum(np.insert(values, 0, 0.0))
    stop = np.arange(1, len(values) + 1)
    start = np.maximum(0, stop - window)
    return np.asarray((sums[stop] - sums[start]) / (stop - start))


def ticks(top: float) -> list[float]:
    """Round numbers from 0 to at most ``top``, four to nine of them."""
    power = 10.0 ** floor(log10(top))
    step = next(step for step in (0.2 * power, 0.5 * power, power, 2 * power) if top / step < MOST_TICKS)
    return [round(index * step, 12) for index in range(floor(top / step + 1e-9) + 1)]


class _Canvas:
    """The plot's area: maps steps and losses to pixels."""

    def __init__(self, entries: Sequence[LoggedStep]) -> None:
        self.image = Image.new("RGB", (WIDTH * OVERSAMPLING, HEIGHT * OVERSAMPLING), PAPER)
        self._draw = ImageDraw.Draw(self.image)
        self._steps = np.array([entry.step for entry in entries])
        # A rare spike must not flatten the curve; it is cut off at the top.
        self._top = float(np.percentile([entry.loss for entry in entries], 99)) * 1.1 or 1.0

    def line(self, values: NDArray[np.float64], colour: tuple[int, int, int], width: int) -> None:
        points = [(self._x(step), self._y(value)) for step, value in zip(self._steps, values, strict=True)]
        self._draw.line(
            points * 2 if len(points) == 1 else points, fill=colour, width=width * OVERSAMPLING, joint="curve"
        )

    def grid(self) -> None:
        font, title = (ImageFont.load_default(size * OVERSAMPLING) for size in (15, 18))
        for loss in ticks(self._top):
            y = self._y(loss)
            self._draw.line(
                [(self._x(self._steps[0]), y), (self._x(self._steps[-1]), y)], fill=GRID, width=OVERSAMPLING
            )
            self._draw.text((self._x(self._steps[0]) - 12, y), f"{loss:g}", fill=INK, font=font, anchor="rm")
        for step in [self._steps[0], *(tick for tick in ticks(self._steps[-1]) if tick > self._steps[0])]:
            place = (self._x(step), (HEIGHT - BOTTOM + 10) * OVERSAMPLING)
            self._draw.text(place, f"{step:g}", fill=INK, font=font, anchor="mt")
        middle = (LEFT + WIDTH - RIGHT) / 2 * OVERSAMPLING
        self._draw.text((middle, (HEIGHT - 12) * OVERSAMPLING), "step", fill=INK, font=font, anchor="mb")
        self._draw.text((LEFT * OVERSAMPLING, 14 * OVERSAMPLING), "training loss", fill=INK, font=title)

    def _x(self, step: float) -> float:
        first, last = float(self._steps[0]), float(self._steps[-1])
        share = (step - first) / (last - first) if last > first else 0.5
        return (LEFT + share * (WIDTH - LEFT - RIGHT)) * OVERSAMPLING

    def _y(self, loss: float) -> float:
        share = min(1.0, loss / self._top)
        return (HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)) * OVERSAMPLING
