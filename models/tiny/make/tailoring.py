"""Cuts garments to a body: the outlines of tops, skirts, trousers and dresses in figure units."""

from math import cos, pi

from numpy.random import Generator

from models.tiny.make.body import Body, mirrored, mix
from models.tiny.make.canvas import Limb, Point, Polygon, Shape
from models.tiny.make.wardrobe import Garment

_HEMS: dict[str, tuple[float, float]] = {"short": (0.585, 0.63), "": (0.68, 0.74), "long": (0.84, 0.9)}
_HEM_POINTS = 9


def cut(garment: Garment, body: Body, *, tucked: bool, rng: Generator) -> list[Shape]:
    """Return the garment's shapes. `tucked` ends a top at the waist; other kinds ignore it."""
    if garment.kind == "skirt":
        return [_skirt(garment.length, body, rng)]
    if garment.kind == "trousers":
        return _trousers(body, short=garment.length == "short")
    if garment.kind == "top":
        hem = 0.4 if tucked else rng.uniform(0.43, 0.48)
        return [_bodice(body, hem, rng), *_sleeves(garment.length, body)]
    sleeves = str(rng.choice(["sleeveless", ""]))
    return [_bodice(body, 0.395, rng), _skirt(garment.length, body, rng), *_sleeves(sleeves, body)]


def _skirt(length: str, body: Body, rng: Generator) -> Polygon:
    hem = rng.uniform(*_HEMS[length])
    flare = rng.uniform(0.024, 0.09) * (0.6 + (hem - 0.5) * 1.5)
    half = body.hip + flare
    steps = [index / (_HEM_POINTS - 1) for index in range(_HEM_POINTS)]
    curve: list[Point] = [(half * share, hem + 0.012 * cos(share * pi / 2)) for share in reversed(steps)]
    return mirrored([(body.waist + 0.007, 0.38), (body.hip + 0.014, 0.48), *curve])


def _trousers(body: Body, *, short: bool) -> list[Shape]:
    seat = mirrored([(body.waist + 0.007, 0.385), (body.hip + 0.012, 0.49), (0.073, 0.56)])
    return [seat, *(_trouser_leg(leg, short=short) for leg in body.legs)]


def _trouser_leg(leg: Limb, *, short: bool) -> Limb:
    hip, knee, ankle = leg.joints
    wide, middle, narrow = leg.widths
    if short:
        return Limb((hip, mix(hip, knee, 0.5)), (wide + 0.008, wide + 0.004))
    return Limb((hip, knee, mix(knee, ankle, 0.8)), (wide + 0.008, middle + 0.012, narrow + 0.016))


def _bodice(body: Body, hem: float, rng: Generator) -> Polygon:
    neckline = 0.17 + rng.uniform(0.02, 0.045)
    half = [
        (0.0, neckline),
        (0.042, 0.163),
        (body.shoulder + 0.005, 0.182),
        (body.shoulder - 0.005, 0.27),
    ]
    if hem <= 0.4:
        return mirrored([*half, (body.waist + 0.012, hem)])
    # Over a skirt the bodice is the wider of the two, else slivers of the skirt would show beside it.
    return mirrored([*half, (body.waist + 0.02, 0.38), (body.hip + 0.022, hem)])


def _sleeves(length: str, body: Body) -> list[Shape]:
    if length == "sleeveless":
        return []
    if length == "long sleeved":
        return [body.sleeve(arm, ends_at=0.9, extra=0.007) for arm in range(len(body.arms))]
    return [Limb((shoulder, mix(shoulder, elbow, 0.65)), (0.038, 0.036)) for shoulder, elbow, _ in body.arms]
