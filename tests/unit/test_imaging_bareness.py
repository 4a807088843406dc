"""What is bare skin, by colour, by the person's own skin and by what a segmenter sees."""

from itertools import product

import numpy as np
import pytest
from PIL import Image

from imaging.bareness import bare, like, look_at, look_under, share_of_person
from imaging.skin import OwnSkin, own_skin, samples
from imaging.tone import tone_of

SKIN, CAMEL = (165, 115, 80), (193, 154, 107)
LEVELS = samples(Image.new("RGB", (8, 8), SKIN))
ALL = np.ones((8, 8), np.bool_)
NONE = ~ALL


def own_of(colour: tuple[int, int, int]) -> OwnSkin:
    own = own_skin(samples(Image.new("RGB", (8, 8), colour)), ALL)
    assert own is not None
    return own


@pytest.mark.parametrize(("is_own", "garment_seen"), [*product((True, False, None), repeat=2)])
def test_one_sign_is_enough_unless_such_a_colour_was_asked_for(is_own: bool | None, garment_seen: bool | None) -> None:
    own = None if is_own is None else own_of(SKIN if is_own else CAMEL)
    garment = None if garment_seen is None else ALL if garment_seen else NONE
    signs = [sign for sign in (is_own, None if garment_seen is None else not garment_seen) if sign is not None]

    def found(*, colour_asked: bool) -> bool:
        return bool(bare(ALL, LEVELS, own=own, garment=garment, colour_asked=colour_asked).all())

    assert found(colour_asked=False) is (any(signs) if signs else True)
    assert found(colour_asked=True) is (all(signs) if signs else False)


def test_what_is_not_of_skin_s_colour_is_never_bare() -> None:
    assert not bare(NONE, LEVELS, own=own_of(SKIN), garment=NONE, colour_asked=False).any()


def test_the_share_is_of_the_person_and_not_of_what_is_beside() -> None:
    inside, skin, garment = (np.zeros((10, 10), np.bool_) for _ in range(3))
    inside[:8], skin[:2], garment[2:4] = True, True, True
    assert share_of_person(skin, garment, inside) == 0.5
    assert share_of_person(skin, None, inside) == 0.25
    assert share_of_person(skin & False, garment & False, inside) == 0


def test_a_photo_is_looked_at_under_its_mask_and_outside_of_what_changes() -> None:
    photo = Image.new("RGB", (40, 20), (40, 80, 190))
    photo.paste(SKIN, (0, 0, 10, 20))
    alpha = Image.new("L", (40, 20), 0)
    alpha.paste(60, (10, 0, 20, 20))
    alpha.paste(255, (20, 0, 40, 20))
    under = look_under(photo, alpha)
    assert (under.area, float(under.outside.mean())) == (0.5, 0.25)
    assert not (under.skin & under.inside).any()
    assert under.own is not None
    alpha.paste(255, (0, 0, 20, 20))
    assert look_under(photo, alpha).own is None


def test_what_was_painted_counts_inside_its_mask() -> None:
    picture = Image.new("RGB", (40, 20), SKIN)
    picture.paste((40, 80, 190), (0, 0, 20, 20))
    mask = Image.new("L", (40, 20), 0)
    mask.paste(255, (10, 0, 30, 20))
    assert look_at(picture, mask).share == 0.5
    mask.paste(255, (0, 0, 30, 20))
    assert look_at(picture, mask).share == pytest.approx(1 / 3)


def test_samples_are_of_a_tone_where_enough_around_them_are_quite_near_to_it() -> None:
    distances = np.full((20, 20), np.inf)
    distances[2:10, 2:10] = 1.0
    distances[10:12, 2:10] = 8.0  # the edge
    distances[16:, 16:] = 8.0  # cloth that is nearly of that colour, and no core
    found = like(distances, 3.0)
    assert found[2:11, 3:9].all()
    assert not found[16:, 16:].any()
    assert not like(distances, 0.5).any()


def test_how_far_what_may_be_skin_is_from_a_tone() -> None:
    picture = Image.new("RGB", (40, 20), SKIN)
    picture.paste(CAMEL, (0, 0, 20, 20))
    picture.paste((40, 80, 190), (0, 0, 40, 10))
    look = look_at(picture, Image.new("L", (40, 20), 255))
    distances = look.distances(tone_of(samples(Image.new("RGB", (4, 4), SKIN))[0]))
    assert np.isinf(distances[:10]).all()
    assert (distances[10:, 20:] < 0.5).all()
    assert (distances[10:, :20] > 5).all()
