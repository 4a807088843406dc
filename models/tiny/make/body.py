"""The mannequin: proportions, pose and the outlines of its parts, in figure units (1 = height, x from the axis)."""

from dataclasses import dataclass

from numpy.random import Generator

from models.tiny.make.canvas import Ellipse, Limb, Point, Polygon, Shape

SIDES = (-1.0, 1.0)
HAIR_STYLES = ("short", "long", "bun", "bob")

_LEG_WIDTHS = (0.05, 0.034, 0.022)
_ARM_WIDTHS = (0.03, 0.024, 0.019)
# Elbow and wrist of each pose, relative to the shoulder: hanging, akimbo outwards, hand on the hip.
_ARM_POSES: tuple[tuple[Point, Point], ...] = (
    ((0.052, 0.34), (0.058, 0.47)),
    ((0.082, 0.33), (0.137, 0.44)),
    ((0.106, 0.33), (-0.04, 0.415)),
)


@dataclass(frozen=True, kw_only=True)
class Body:
    """Half widths and joints of one figure."""

    breadth: float
    shoulder: float
    waist: float
    hip: float
    ankle: float
    arms: tuple[tuple[Point, Point, Point], ...]
    hair: str

    @property
    def legs(self) -> tuple[Limb, ...]:
        """Both legs as limbs from hip to ankle."""
        inner = 0.055 * self.breadth
        return tuple(
            Limb(((s * inner, 0.5), (s * (inner + self.ankle) / 2, 0.72), (s * self.ankle, 0.93)), _LEG_WIDTHS)
            for s in SIDES
        )

    def sleeve(self, arm: int, *, ends_at: float, extra: float) -> Limb:
        """Cover one arm from the shoulder to a share of the forearm (0..1), `extra` wider than the arm."""
        shoulder, elbow, wrist = self.arms[arm]
        return Limb((shoulder, elbow, mix(elbow, wrist, ends_at)), tuple(w + extra for w in _ARM_WIDTHS))


def mix(start: Point, end: Point, share: float) -> Point:
    """Return the point a share (0..1) of the way from start to end."""
    return start[0] + (end[0] - start[0]) * share, start[1] + (end[1] - start[1]) * share


def random_body(rng: Generator) -> Body:
    """Draw proportions, an arm pose for each side and a hair style."""
    breadth = rng.uniform(0.9, 1.1)
    shoulder = rng.uniform(0.122, 0.144) * breadth
    waist, hip = rng.uniform(0.076, 0.095) * breadth, rng.uniform(0.11, 0.132) * breadth
    return Body(
        breadth=breadth,
        shoulder=shoulder,
        waist=waist,
        hip=hip,
        ankle=rng.uniform(0.043, 0.091) * breadth,
        arms=tuple(_arm(side, shoulder, waist, rng) for side in SIDES),
        hair=str(rng.choice(HAIR_STYLES)),
    )


def _arm(side: float, shoulder: float, waist: float, rng: Generator) -> tuple[Point, Point, Point]:
    pose = int(rng.integers(len(_ARM_POSES)))
    elbow, wrist = _ARM_POSES[pose]
    hand = waist + 0.015 if pose == len(_ARM_POSES) - 1 else shoulder + wrist[0] - 0.015
    return (
        (side * (shoulder - 0.015), 0.2),
        (side * (shoulder + elbow[0] - 0.015), elbow[1]),
        (side * hand, wrist[1]),
    )


def arms(body: Body) -> list[Shape]:
    """Both bare arms."""
    return [Limb(arm, _ARM_WIDTHS) for arm in body.arms]


def hands(body: Body) -> list[Shape]:
    """Both hands, drawn over garments."""
    return [Ellipse(arm[-1], (0.022, 0.022)) for arm in body.arms]


def feet(body: Body) -> list[Shape]:
    """Both shoes, pointing slightly outwards."""
    return [Ellipse((side * (body.ankle + 0.008), 0.95), (0.032, 0.027)) for side in SIDES]


def torso(body: Body) -> list[Shape]:
    """Trunk and neck as one skin surface."""
    half = [
        (0.036, 0.165),
        (body.shoulder, 0.185),
        (body.shoulder - 0.015, 0.27),
        (body.waist, 0.39),
        (body.hip, 0.49),
        (0.06, 0.55),
    ]
    return [mirrored(half), mirrored([(0.027, 0.13), (0.027, 0.19)])]


def mirrored(right: list[Point]) -> Polygon:
    """Close the right-hand outline, listed from the top, with its mirror image."""
    return Polygon((*right, *((-x, y) for x, y in reversed(right))))


def head(body: Body) -> list[Shape]:
    """The face."""
    return [Ellipse((0.0, 0.0825), (0.061 * body.breadth, 0.0675))]


def hair_behind(body: Body) -> list[Shape]:
    """Hair that lies behind the shoulders; empty for short hair."""
    if body.hair == "bun":
        return [Ellipse((0.0, 0.016), (0.037, 0.029))]
    if body.hair == "short":
        return []
    half, end = 0.07 * body.breadth, 0.25 if body.hair == "long" else 0.16
    return [mirrored([(half, 0.06), (half, end - 0.03), (half - 0.03, end)]), Ellipse((0.0, 0.07), (half, 0.06))]


def hair_above(body: Body) -> list[Shape]:
    """Hair over the forehead."""
    sector = (180.0, 360.0) if body.hair in {"short", "bun"} else (190.0, 350.0)
    return [Ellipse((0.0, 0.075), (0.067 * body.breadth, 0.071), sector)]
