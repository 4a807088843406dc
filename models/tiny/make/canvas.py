"""A canvas that paints antialiased shapes into a picture and, at the same pixels, a label into its label map."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from math import hypot

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from models.tiny.make.textures import Plane

Point = tuple[float, float]
Paint = Callable[[Plane, Plane], Plane]

_OVERSAMPLING = 3


@dataclass(frozen=True)
class Polygon:
    """A filled outline."""

    points: tuple[Point, ...]


@dataclass(frozen=True)
class Ellipse:
    """An axis-parallel ellipse; `share` cuts it to the sector between two angles in degrees, clockwise from +x."""

    centre: Point
    radii: Point
    sector: tuple[float, float] | None = None


@dataclass(frozen=True)
class Limb:
    """A chain of joints with a half width at each, rounded at the joints."""

    joints: tuple[Point, ...]
    widths: tuple[float, ...]


Shape = Polygon | Ellipse | Limb


@dataclass(frozen=True, kw_only=True)
class FigureFrame:
    """Where figure units (1 = the figure's height, origin at the crown) fall on the canvas, in pixels."""

    centre: float
    crown: float
    height: float

    def place(self, point: Point) -> Point:
        """Map one point from figure units to pixels."""
        return self.centre + point[0] * self.height, self.crown + point[1] * self.height


@dataclass
class Canvas:
    """`picture` is (h, w, 3) float levels 0..255, `labels` is (h, w) uint8; both grow with each fill."""

    picture: Plane
    frame: FigureFrame
    labels: NDArray[np.uint8] = field(init=False)

    def __post_init__(self) -> None:
        self.labels = np.zeros(self.picture.shape[:2], np.uint8)

    def fill(self, shapes: Iterable[Shape], label: int, paint: Paint) -> None:
        """Paint the union of shapes. `paint` maps pixel coordinates x, y (h, w) to levels (h, w, 3)."""
        placed = [_place(shape, self.frame) for shape in shapes]
        window = self._window(placed)
        if window is None:
            return
        left, top, right, bottom = window
        alpha = _coverage(placed, window)
        area = np.s_[top:bottom, left:right]
        y, x = np.mgrid[area].astype(np.float32)
        self.picture[area] += (paint(x, y) - self.picture[area]) * alpha[..., None]
        self.labels[area][alpha > 0.5] = label

    def image(self) -> Image.Image:
        """Return the picture as 8-bit RGB."""
        return Image.fromarray(np.clip(self.picture + 0.5, 0, 255).astype(np.uint8))

    def _window(self, shapes: list[Shape]) -> tuple[int, int, int, int] | None:
        corners = np.array([corner for shape in shapes for corner in _extent(shape)])
        height, width = self.labels.shape
        left, top = np.maximum(np.floor(corners.min(0)).astype(int), 0)
        right, bottom = np.minimum(np.ceil(corners.max(0)).astype(int) + 1, (width, height))
        return (left, top, right, bottom) if left < right and top < bottom else None


def _place(shape: Shape, frame: FigureFrame) -> Shape:
    scale = frame.height
    if isinstance(shape, Polygon):
        return Polygon(tuple(frame.place(point) for point in shape.points))
    if isinstance(shape, Limb):
        return Limb(tuple(frame.place(joint) for joint in shape.joints), tuple(w * scale for w in shape.widths))
    return Ellipse(frame.place(shape.centre), (shape.radii[0] * scale, shape.radii[1] * scale), shape.sector)


def _extent(shape: Shape) -> list[Point]:
    if isinstance(shape, Polygon):
        return list(shape.points)
    if isinstance(shape, Limb):
        pairs = list(zip(shape.joints, shape.widths, strict=True))
        return [(x - w, y - w) for (x, y), w in pairs] + [(x + w, y + w) for (x, y), w in pairs]
    (x, y), (across, down) = shape.centre, shape.radii
    return [(x - across, y - down), (x + across, y + down)]


def _coverage(shapes: list[Shape], window: tuple[int, int, int, int]) -> Plane:
    left, top, right, bottom = window
    size = (right - left, bottom - top)
    mask = Image.new("L", (size[0] * _OVERSAMPLING, size[1] * _OVERSAMPLING))
    pen = _Pen(ImageDraw.Draw(mask), (left, top))
    for shape in shapes:
        pen.draw(shape)
    return np.asarray(mask.resize(size, Image.Resampling.BOX), np.float32) / 255


@dataclass(frozen=True)
class _Pen:
    """Draws pixel shapes on the oversampled mask of one window."""

    target: ImageDraw.ImageDraw
    origin: tuple[int, int]

    def draw(self, shape: Shape) -> None:
        if isinstance(shape, Polygon):
            self.target.polygon([self._at(point) for point in shape.points], fill=255)
        elif isinstance(shape, Ellipse):
            self._ellipse(shape)
        else:
            self._limb(shape)

    def _at(self, point: Point) -> Point:
        return (point[0] - self.origin[0]) * _OVERSAMPLING, (point[1] - self.origin[1]) * _OVERSAMPLING

    def _ellipse(self, shape: Ellipse) -> None:
        box = [self._at(corner) for corner in _extent(shape)]
        if shape.sector is None:
            self.target.ellipse(box, fill=255)
        else:
            self.target.chord(box, *shape.sector, fill=255)

    def _limb(self, shape: Limb) -> None:
        parts = list(zip(shape.joints, shape.widths, strict=True))
        for ((ax, ay), a), ((bx, by), b) in pairwise(parts):
            length = hypot(bx - ax, by - ay) or 1.0
            nx, ny = -(by - ay) / length, (bx - ax) / length
            self.draw(
                Polygon(
                    (
                        (ax + nx * a, ay + ny * a),
                        (bx + nx * b, by + ny * b),
                        (bx - nx * b, by - ny * b),
                        (ax - nx * a, ay - ny * a),
                    )
                )
            )
        for joint, width in parts:
            self._ellipse(Ellipse(joint, (width, width)))
