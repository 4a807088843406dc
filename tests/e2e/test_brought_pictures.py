"""Pictures, masks and words as people bring them, through the HTTP API: what each is answered, and that nothing else of a photo changes."""

import base64
import io
import json
from dataclasses import dataclass
from functools import partial
from typing import Any
from unicodedata import normalize

import numpy as np
import pytest
import urllib3
from numpy.typing import NDArray
from PIL import Image

from atelier import Atelier
from atelier.errors import ApiError
from atelier.predictions import ENDED
from tests.e2e.brought_requests import (
    FINDS,
    PAINTS,
    REFUSED_BY_THE_SERVER,
    STREET,
    TAKEN,
    WORDS,
    as_png,
    box,
    brought,
    saved,
)
from tests.e2e.likeness import alike
from tests.e2e.studio import Studio

KOREAN = ("치마.png", "바지.png", "모자.png", "구두.png", "양말.png")


@dataclass(frozen=True, kw_only=True)
class Ended:
    """How a prediction ended, with its pictures."""

    status: str
    error: str
    logs: str
    metrics: dict[str, float]
    pictures: list[NDArray[np.uint8]]


@pytest.fixture(scope="module")
def api(studio: Studio) -> Atelier:
    return studio.deployment.api


@pytest.fixture(scope="module")
def ended(studio: Studio, api: Atelier) -> dict[str, Ended]:
    """All predictions, posted together and awaited together; the last one's photo is an upload of Korean name."""
    requests = {**TAKEN, **REFUSED_BY_THE_SERVER, "upload": {**FINDS, "image": uploaded(api, "치마 사진.png")}}
    posted = {name: api.request("POST", "/v1/predictions", {"input": body}) for name, body in requests.items()}
    assert {prediction["status"] for prediction in posted.values()} == {"starting"}
    return {name: studio.until(partial(look, api, each["id"])) for name, each in posted.items()}


FILE = {"name": "a.png", "content_type": "image/png", "purpose": "upload", "size": 9}


def look(api: Atelier, prediction: str) -> Ended | None:
    now = api.request("GET", f"/v1/predictions/{prediction}")
    if now["status"] not in ENDED:
        return None
    files = [urllib3.request("GET", address).data for address in now["output"] or []]
    pictures = [np.asarray(Image.open(io.BytesIO(file))) for file in files]
    values = {"error": now["error"] or "", "logs": now["logs"], "metrics": now["metrics"]}
    return Ended(status=now["status"], pictures=pictures, **values)


def uploaded(api: Atelier, name: str) -> str:
    body = base64.b64decode(saved(STREET))
    file = api.request("POST", "/v1/files", {**FILE, "name": name, "size": len(body)})
    put = urllib3.request("PUT", file["urls"]["upload"], body=body, headers=file["headers"])
    assert put.status == 200
    return str(file["uri"])


def post(api: Atelier, body: str) -> tuple[int, str]:
    """Post a body that this project's client would not write: status and answer."""
    headers = {"x-api-key": api.key, "Content-Type": "application/json"}
    answer = urllib3.request("POST", f"{api.url.rstrip('/')}/v1/predictions", body=body, headers=headers)
    return answer.status, answer.data.decode()


def untouched(one: Ended, photo: Image.Image | NDArray[np.uint8]) -> bool:
    """Whether what is outside the mask is the photo's, byte for byte, and something else is not."""
    painted, alpha = one.pictures
    outside = alpha == 0
    before = np.asarray(photo)
    return np.array_equal(painted[outside], before[outside]) and not np.array_equal(painted[~outside], before[~outside])


@pytest.mark.parametrize("name", [*TAKEN, "upload"])
def test_what_can_be_read_is_used(ended: dict[str, Ended], name: str) -> None:
    assert ended[name].status == "succeeded", ended[name].error


def test_metadata_decides_nothing_about_a_photo(ended: dict[str, Ended]) -> None:
    (plain,) = ended["plain exif-abs"].pictures
    assert plain.shape == (300, 200)
    for name in ("exif-abs", "exif-rational", "motion photo"):
        assert alike(ended[name].pictures[0], plain)
        assert "note" not in ended[name].logs


def test_a_profile_means_the_same_in_every_mode(ended: dict[str, Ended]) -> None:
    rgb, rgba, palette = (ended[f"icc{name}"].pictures for name in ("-rgb", "-rgba", " palette"))
    outside = rgb[1] == 0
    assert rgba[0].shape[-1] == 4
    means = [pictures[0][outside][:, :3].mean(axis=0) for pictures in (rgb, rgba, palette)]
    assert np.abs(means[1] - means[0]).max() < 1
    assert np.abs(means[2] - means[0]).max() < 6  # of 64 colours
    assert means[0][1] > means[0][0] + 20


def test_a_hole_is_repainted_where_the_request_says_so_and_nothing_else(ended: dict[str, Ended]) -> None:
    openais, palette = ended["openai's"], ended["hole in a palette"]
    assert openais.metrics["mask_area"] == pytest.approx(0.12, abs=0.01)
    assert (openais.pictures[1] > 0).mean() == pytest.approx(openais.metrics["mask_area"], abs=0.001)
    assert untouched(openais, Image.open(io.BytesIO(base64.b64decode(as_png("exif-abs.jpg")))))
    assert palette.metrics["mask_area"] == pytest.approx(np.asarray(box(STREET.size)).mean() / 255, abs=0.001)
    assert untouched(palette, STREET)


def test_a_mask_lies_where_it_was_drawn_however_its_file_and_the_photos_are_stored(ended: dict[str, Ended]) -> None:
    upright, turned = ended["upright mask"], ended["turned mask"]
    assert np.array_equal(upright.pictures[1], turned.pictures[1])
    assert alike(upright.pictures[0], turned.pictures[0])
    assert upright.pictures[0].shape == (300, 200, 3)


def test_a_mask_whose_black_and_white_are_swapped_is_remarked_on(ended: dict[str, Ended]) -> None:
    assert "swap black and white" in ended["swapped"].logs
    assert untouched(ended["swapped"], STREET)


def test_a_garments_name_is_understood_as_it_is_seen(ended: dict[str, Ended]) -> None:
    assert alike(ended["Korean"].pictures[0], ended["English"].pictures[0])
    assert alike(ended["Korean"].pictures[0], ended["upload"].pictures[0])
    assert "note: mask_prompt: masked 'a skirt'" in ended["Korean"].logs
    assert set(ended["Korean"].metrics) >= {"mask_area", "mask_score"}


def test_words_that_are_not_used_are_named(ended: dict[str, Ended]) -> None:
    for name, words in (("long", ", wearing sks skirt, red"), ("any script", "\\d --x")):
        (note,) = [line for line in ended[name].logs.splitlines() if "not used" in line]
        assert note.startswith("note: prompt: too long for the text encoder")
        assert note.endswith(words)
    assert "not used" not in ended["empty"].logs


@pytest.mark.parametrize("name", [*REFUSED_BY_THE_SERVER])
def test_what_only_pixels_show_fails_with_what_is_allowed(ended: dict[str, Ended], name: str) -> None:
    one = ended[name]
    assert (one.status, one.pictures) == ("failed", [])
    if name in ("cut in half", "elephant"):
        assert {"cut in half": "UnreadablePictureError", "elephant": "GarmentNotFoundError"}[name] in one.error
    else:
        assert "input.mask: got" in one.error
        assert "input.mask_convention white" in one.error
        assert "input.mask_convention transparent" in one.error


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({**WORDS, "prompt": "a photo of sks skirt \ud83d"}, "input.prompt"),
        ({**WORDS, "prompt": "sks", "negative_prompt": "\udc4d"}, "input.negative_prompt"),
        ({**WORDS, "prompt": "\u200b"}, "input.prompt"),
        ({**FINDS, "image": saved(STREET), "mask_prompt": "юбка"}, "words in English"),
        ({**FINDS, "image": saved(STREET), "mask_prompt": "!!!"}, "words in English"),
        ({**WORDS, "prompt": "p", "adapter": "nope"}, "a style that is published"),
        ({**WORDS, "prompt": "p", "adapter": "nope@0"}, "style or style@version"),
        ({**FINDS, "image": "aGVsbG8="}, "5 bytes that are no whole header"),
        ({**FINDS, "image": saved(STREET, "GIF")}, "PNG, JPEG, WebP or HEIC"),
        ({**FINDS, "image": saved(STREET, "TIFF")}, "PNG, JPEG, WebP or HEIC"),
        ({**PAINTS, "image": saved(STREET), "mask": saved(box((200, 299)))}, "200x300, the size of input.image"),
        (
            {
                **PAINTS,
                "image": brought("exif-abs.jpg"),
                "mask": brought("no-eoi.jpg"),
                "mask_convention": "transparent",
            },
            "a mask without transparency",
        ),
        (
            {**PAINTS, "image": saved(STREET), "mask": saved(box(STREET.size)), "mask_convention": "black"},
            "transparent",
        ),
    ],
)
def test_what_a_request_shows_is_refused_when_it_is_posted(api: Atelier, fields: dict[str, Any], problem: str) -> None:
    status, answer = post(api, json.dumps({"input": fields}))
    assert (status, problem in answer) == (422, True), answer


def test_an_upload_that_was_never_put_is_refused_when_it_is_posted(api: Atelier) -> None:
    file = api.request("POST", "/v1/files", FILE)
    with pytest.raises(ApiError, match=r"HTTP 422.*nothing at uploads/"):
        api.request("POST", "/v1/predictions", {"input": {**FINDS, "image": file["uri"]}})


def test_names_of_any_script_are_kept_apart_and_however_they_are_composed(api: Atelier) -> None:
    def address(name: str) -> str:
        body = {**FILE, "name": name, "purpose": "dataset", "style": "names"}
        return str(api.request("POST", "/v1/files", body)["uri"])

    names = [*KOREAN, "IMG (1).png", "IMG [1].png", "masks/치마.png"]
    addresses = [address(name) for name in names]
    assert [uri.removeprefix("datasets/names/") for uri in addresses] == names
    assert [address(normalize("NFD", name)) for name in KOREAN] == addresses[: len(KOREAN)]
    with pytest.raises(ApiError, match="HTTP 422"):
        address("._skirt-01.png")


def test_a_key_that_stands_in_a_body_twice_is_refused(api: Atelier) -> None:
    body = json.dumps({"input": {**WORDS, "prompt": "a"}}).replace('"prompt"', '"prompt": "b", "prompt"')
    status, answer = post(api, body)
    assert (status, "the key 'prompt' stands there twice" in answer) == (400, True), answer
