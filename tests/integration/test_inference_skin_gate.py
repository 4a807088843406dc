"""Masks on bare skin and pictures of it are refused by name, and nobody else is harmed. With a segmenter whose eyes are the tests'."""

import json
import threading
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from PIL import Image

from atelier_inference import measures
from atelier_inference import server as server_module
from atelier_inference.dialects.nova_canvas import NovaCanvas
from atelier_inference.dialects.openai_images import OpenAiImages
from atelier_inference.dialects.replicate_cog import ReplicateCog
from atelier_inference.dialects.stability_search_and_replace import StabilitySearchAndReplace
from atelier_inference.measures import Measures
from atelier_inference.remembering import Remembered
from contracts.safety.refusal import MaskCoversSkinError, NeverPaintedError, PaintedSkinError
from diffusion.family import Family, RefusedContentError
from imaging.masks import to_image
from imaging.segmenter import Segmenter, Size
from tests.integration.inference_server import Server, sent

SKIN, BLUE, CAMEL, SKIN_WALL = (165, 115, 80), (40, 80, 190), (193, 154, 107), (205, 175, 140)
SIZE = (80, 120)
Groups = Sequence[Sequence[str]]


def person(garment: tuple[int, int, int] = BLUE) -> Image.Image:
    """A face and legs, and a garment between them, before a grey wall."""
    photo = Image.new("RGB", SIZE, (135, 138, 142))
    photo.paste(SKIN, (25, 5, 55, 35))
    photo.paste(garment, (20, 35, 60, 80))
    photo.paste(SKIN, (25, 80, 55, 118))
    return photo


def box(left: int, top: int, right: int, bottom: int) -> Image.Image:
    mask = np.zeros(SIZE[::-1], np.bool_)
    mask[top:bottom, left:right] = True
    return to_image(mask)


GARMENT = box(20, 35, 60, 80)


def asked(photo: Image.Image, mask: Image.Image, prompt: str = "a red skirt", **more: Any) -> dict[str, Any]:
    return {"mode": "inpaint", "prompt": prompt, "image": sent(photo), "mask": sent(mask), "seed": 1, **more}


@pytest.fixture
def sees(monkeypatch: pytest.MonkeyPatch) -> dict[str, float]:
    """The probability everywhere of what the segmenter is asked for; 0 of what is not named."""
    probabilities: dict[str, float] = {}

    def found(_: Segmenter, squared: Image.Image, groups: Groups, *, size: Size, shape: Size) -> Any:
        likeliest = [max(probabilities.get(target, 0.0) for target in group) for group in groups]
        return [np.full(size[::-1], each, np.float32) for each in likeliest]

    monkeypatch.setattr(Segmenter, "any_of", found)
    monkeypatch.setattr(Segmenter, "knows", lambda *_: True)
    monkeypatch.setattr(Remembered, "get", lambda _, key, make, size_of: make())
    return probabilities


def paints(
    server: Server, monkeypatch: pytest.MonkeyPatch, *colours: tuple[int, int, int], mode: str = "inpaint"
) -> None:
    """Have a mode paint one colour a job, in turn, whatever is asked."""

    def paint(jobs: Any, _: Any) -> list[list[Image.Image]]:
        side = server.modes[mode].dependencies.model.resolution
        return [
            [Image.new("RGB", (side, side), colours[job.seeds[0] % len(colours)]) for _ in job.seeds] for job in jobs
        ]

    monkeypatch.setattr(server.modes[mode], "paint", paint)


def test_a_skirt_that_is_painted_as_skin_does_not_leave(
    server: Server, sees: dict[str, float], monkeypatch: pytest.MonkeyPatch
) -> None:
    paints(server, monkeypatch, SKIN)
    refused = server.post(**asked(person(), GARMENT))
    assert refused.status_code == 400
    error = refused.json()["error"]
    assert error["type"] == "PaintedSkinError"
    assert "100% of what was dressed is bare skin" in error["message"]
    assert refused.json()["errors"][0]["reason"] == "painted-skin"
    assert "images" not in refused.json()
    sees["a skirt"] = 0.9  # its shape alone saves nothing that has the person's own colour
    assert server.post(**asked(person(), GARMENT)).json()["error"]["type"] == "PaintedSkinError"


def test_one_picture_of_skin_is_enough(server: Server, sees: dict[str, float], monkeypatch: pytest.MonkeyPatch) -> None:
    side = server.modes["inpaint"].dependencies.model.resolution
    pictures = [[Image.new("RGB", (side, side), colour) for colour in (BLUE, SKIN)]]
    monkeypatch.setattr(server.modes["inpaint"], "paint", lambda *_: pictures)
    assert server.post(**asked(person(), GARMENT, num_outputs=2)).json()["error"]["type"] == "PaintedSkinError"


def test_cloth_of_another_colour_leaves_whatever_the_segmenter_sees(
    server: Server, sees: dict[str, float], monkeypatch: pytest.MonkeyPatch
) -> None:
    paints(server, monkeypatch, BLUE)
    assert server.predict(**asked(person(), GARMENT)).images
    assert sees == {}


def test_cloth_of_a_skin_s_colour_leaves_where_a_garment_is_seen_or_the_colour_was_asked_for(
    server: Server, sees: dict[str, float], monkeypatch: pytest.MonkeyPatch
) -> None:
    paints(server, monkeypatch, CAMEL)
    assert server.predict(**asked(person(), GARMENT, "a camel skirt")).images
    assert server.post(**asked(person(), GARMENT)).json()["error"]["type"] == "PaintedSkinError"
    sees["a skirt"] = 0.9
    assert server.predict(**asked(person(), GARMENT)).images
    paints(server, monkeypatch, SKIN)
    assert server.predict(**asked(person(), GARMENT, "a brown skirt")).images
    sees["a skirt"] = 0.1
    assert server.post(**asked(person(), GARMENT, "a brown skirt")).json()["error"]["type"] == "PaintedSkinError"


@pytest.mark.parametrize("colour", [CAMEL, (150, 100, 85)])
def test_cloth_that_is_nearly_of_a_person_s_own_colour_leaves_without_a_word_of_it(
    server: Server, monkeypatch: pytest.MonkeyPatch, colour: tuple[int, int, int]
) -> None:
    """A segmenter that takes all such cloth for skin is not even asked."""
    looks = sees_blue(monkeypatch)
    paints(server, monkeypatch, colour)
    photo = person((50, 110, 220))
    assert server.predict(**asked(photo, GARMENT, "a sks skirt")).images
    assert not any("a skirt" in group for groups in looks for group in groups)


@pytest.mark.parametrize("light", [0.93, 1.0, 1.05])
def test_skin_of_a_person_s_own_tone_does_not_leave_in_any_light(
    server: Server, monkeypatch: pytest.MonkeyPatch, light: float
) -> None:
    sees_blue(monkeypatch)
    red, green, blue = (round(level * light) for level in SKIN)
    paints(server, monkeypatch, (red, green, blue))
    for prompt in ("a red skirt", "a brown skirt"):
        refused = server.post(**asked(person((50, 110, 220)), GARMENT, prompt))
        assert refused.json()["error"]["type"] == "PaintedSkinError"


def test_neighbours_in_a_batch_are_unharmed_and_operators_hear_of_each_refusal(
    server: Server, sees: dict[str, float], monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = Measures("atelier-test")
    monkeypatch.setattr(server_module, "MEASURES", kept)
    monkeypatch.setattr(measures, "MEASURES", kept)
    paints(server, monkeypatch, BLUE, SKIN)
    answers: dict[int, Any] = {}

    def ask(seed: int) -> None:
        answers[seed] = server.post(**asked(person(), GARMENT, seed=seed))

    threads = [threading.Thread(target=ask, args=(seed,)) for seed in range(6)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert [answers[seed].status_code for seed in range(6)] == [200, 400] * 3
    assert kept._values["PaintingsRefused"] == [3.0]


def test_a_mask_on_bare_skin_is_refused_before_anything_is_painted(
    server: Server, sees: dict[str, float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server.modes["inpaint"], "paint", lambda *_: pytest.fail("painted"))
    refused = server.post(**asked(person(), box(27, 84, 53, 116)))
    assert (refused.status_code, refused.json()["error"]["type"]) == (400, "MaskCoversSkinError")
    assert refused.json()["error"]["what"] == "input.mask"
    assert "100% is bare skin" in refused.json()["error"]["message"]


def test_a_mask_on_all_of_a_person_is_refused(
    server: Server, sees: dict[str, float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server.modes["inpaint"], "paint", lambda *_: pytest.fail("painted"))
    refused = server.post(**asked(person(), box(15, 0, 65, 120)))
    assert (refused.status_code, refused.json()["error"]["type"]) == (400, "MaskCoversBodyError")


@pytest.mark.parametrize("wall", [(135, 138, 142), SKIN_WALL])
def test_a_mask_on_all_of_a_person_that_is_seen_is_refused_before_any_wall(
    server: Server, monkeypatch: pytest.MonkeyPatch, wall: tuple[int, int, int]
) -> None:
    """A wall of a skin's colour looks as if much of the person were left outside."""
    sees_blue(monkeypatch)
    monkeypatch.setattr(server.modes["inpaint"], "paint", lambda *_: pytest.fail("painted"))
    photo = Image.new("RGB", SIZE, wall)
    photo.paste(person().crop((20, 5, 60, 118)), (20, 5))
    photo.paste(wall, (20, 5, 25, 35))
    photo.paste(wall, (55, 5, 60, 35))
    refused = server.post(**asked(photo, box(18, 2, 64, 120)))
    assert (refused.status_code, refused.json()["error"]["type"]) == (400, "MaskCoversBodyError")
    assert "a mask on all of a person" in refused.json()["error"]["message"]


def test_a_mask_that_leaves_a_person_s_head_is_none_on_all_of_them(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    sees_blue(monkeypatch)
    paints(server, monkeypatch, BLUE)
    assert server.predict(**asked(person(), box(15, 25, 65, 120))).images


def test_a_mask_of_a_garment_in_a_skin_s_colour_is_none_on_skin(
    server: Server, sees: dict[str, float], monkeypatch: pytest.MonkeyPatch
) -> None:
    paints(server, monkeypatch, BLUE)
    assert server.predict(**asked(person(CAMEL), GARMENT)).images
    sees["trousers"] = 0.9  # what is worn there need not be what is painted
    assert server.predict(**asked(person(SKIN), GARMENT)).images


def test_a_hand_may_be_dressed(server: Server, sees: dict[str, float], monkeypatch: pytest.MonkeyPatch) -> None:
    paints(server, monkeypatch, BLUE)
    assert server.predict(**asked(person(), box(26, 6, 40, 20), "red gloves")).images


@pytest.mark.parametrize("mode", ["text_to_image", "image_to_image"])
def test_of_a_picture_without_a_mask_colours_say_nothing_since_walls_have_those_of_skin(
    server: Server, sees: dict[str, float], monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    paints(server, monkeypatch, SKIN, mode=mode)
    start = {"image": sent(person(), "png")} if mode == "image_to_image" else {}
    assert server.predict(mode=mode, prompt="a red dress", seed=1, **start).images


def test_a_wall_in_a_colour_of_skin_undresses_nobody(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """As where a mask's black and white are swapped: what counts is where the photo has a garment."""

    sees_blue(monkeypatch)
    much = box(0, 36, 80, 120)
    paints(server, monkeypatch, SKIN)
    assert server.post(**asked(person(), much)).json()["error"]["type"] == "PaintedSkinError"
    monkeypatch.setattr(
        server.modes["inpaint"], "paint", lambda jobs, _: [[_walled(job.frame.picture)] for job in jobs]
    )
    assert server.predict(**asked(person(), much)).images


def test_a_photo_that_is_repainted_again_is_looked_at_once(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its paintings are each looked at, as are other photos."""
    looks = sees_blue(monkeypatch)
    paints(server, monkeypatch, SKIN)

    def refused(photo: Image.Image, seed: int) -> bool:
        answer = server.post(**{**asked(photo, GARMENT), "seed": seed})
        return bool(answer.json()["error"]["type"] == "PaintedSkinError")

    assert all(refused(person((60, 100, 210)), seed) for seed in range(3))
    assert len(looks) == 3 + 2  # of the photo, whether the mask is on all of a person, and where it has a garment
    assert refused(person((50, 90, 200)), 3)
    assert len(looks) == 4 + 4


def sees_blue(monkeypatch: pytest.MonkeyPatch) -> list[Groups]:
    """A segmenter that sees garments where it is blue, skin where that is, and a person in both; what it was asked for."""
    asked_for: list[Groups] = []

    def found(_: Segmenter, squared: Image.Image, groups: Groups, *, size: Size, shape: Size) -> Any:
        asked_for.append(groups)
        blue = squared_levels(squared, size)[..., 2] > 150
        skin = np.abs(squared_levels(squared, size) - SKIN).max(axis=-1) < 20
        places = {"skin": skin, "a person": skin | blue}
        return [
            np.logical_or.reduce([places.get(target, blue) for target in group]).astype(np.float32) for group in groups
        ]

    monkeypatch.setattr(Segmenter, "any_of", found)
    monkeypatch.setattr(Segmenter, "knows", lambda *_: True)
    return asked_for


def squared_levels(squared: Image.Image, size: Size) -> Any:
    return np.asarray(squared.resize(size), dtype=np.int16)


def _walled(picture: Image.Image) -> Image.Image:
    """Everything but the blue garment in a skin's colour."""
    levels = np.array(picture)
    levels[levels[..., 2] <= 150] = SKIN
    return Image.fromarray(levels)


def test_what_is_refused_is_not_upscaled(
    server: Server, sees: dict[str, float], monkeypatch: pytest.MonkeyPatch
) -> None:
    paints(server, monkeypatch, SKIN)
    monkeypatch.setattr(server.modes["inpaint"], "upscale", lambda *_: pytest.fail("upscaled"))
    assert server.post(**asked(person(), GARMENT, upscale=True)).json()["error"]["type"] == "PaintedSkinError"


@pytest.mark.parametrize("error", [MaskCoversSkinError, PaintedSkinError])
def test_each_dialect_says_it_in_its_own_way(error: type[NeverPaintedError]) -> None:
    problem, kind = error("input.mask", got="a mask on skin", allowed="one of a garment"), error.__name__
    openai, stability, cog, nova = (
        dialect.refuse(400, kind, problem, "r1")
        for dialect in (OpenAiImages(), StabilitySearchAndReplace(), ReplicateCog(), NovaCanvas())
    )
    assert json.loads(bytes(openai.body))["error"]["code"] == "content_policy_violation"
    assert (stability.status_code, json.loads(bytes(stability.body))["name"]) == (403, "content_moderation")
    assert (cog.status_code, json.loads(bytes(cog.body))["status"]) == (200, "failed")
    if error is PaintedSkinError:
        assert json.loads(bytes(nova.body))["images"] == []
    else:
        assert (nova.status_code, nova.headers["x-amzn-ErrorType"]) == (400, "ValidationException")


def test_what_is_to_be_upscaled_is_looked_at_by_the_base_model_s_own_checker(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[tuple[int, int]] = []

    def require_safe(_: Family, picture: Image.Image) -> None:
        looked.append(picture.size)
        raise RefusedContentError("what was painted", got="a picture", allowed="another picture")

    monkeypatch.setattr(Family, "require_safe", require_safe)
    refused = server.post(mode="upscale", image=sent(Image.new("RGB", (1_024, 512))), seed=1)
    assert (refused.status_code, refused.json()["error"]["type"]) == (400, "RefusedContentError")
    assert looked == [(512, 256)]
