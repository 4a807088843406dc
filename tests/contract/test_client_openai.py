"""OpenAI's own client, unchanged, against the API."""

import base64
import io
import re
from collections.abc import Callable
from typing import Any

import httpx2
import openai
import pytest

from contracts.disclosure import TEXTS, header_value
from contracts.layout import MANIFEST
from tests.unit.ops_fakes import PNG
from tests.unit.ops_http import ADDRESS, HttpApi
from tests.unit.ops_stage import base_manifest, put_promoted, put_version

CLEAR = PNG.replace(b"\x08\x02", b"\x08\x06")
"""With an alpha channel."""


class Transport(httpx2.BaseTransport):
    """Sends to the API in memory; the first ``lost`` answers get lost."""

    def __init__(self, http: HttpApi) -> None:
        self.http, self.lost = http, 0

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        status, headers, body = self.http.send(request.method, str(request.url), dict(request.headers), request.read())
        if self.lost:
            self.lost -= 1
            raise httpx2.ReadTimeout("the answer was lost")
        return httpx2.Response(status, headers={**headers, "retry-after-ms": "1"}, content=body, request=request)


@pytest.fixture
def http() -> HttpApi:
    """A stage with a base model and a style."""
    http = HttpApi(prompt=True)
    buckets = http.api.buckets
    buckets.put("model", f"base/tiny@v1/{MANIFEST}", base_manifest("tiny", "inpaint").model_dump_json().encode())
    put_version(buckets, 1)
    put_promoted(buckets, 1)
    return http


@pytest.fixture
def transport(http: HttpApi) -> Transport:
    return Transport(http)


@pytest.fixture
def client(transport: Transport) -> openai.OpenAI:
    return openai.OpenAI(api_key="key", base_url=f"{ADDRESS}/v1", http_client=httpx2.Client(transport=transport))


def test_images_are_in_the_answer(client: openai.OpenAI, http: HttpApi) -> None:
    made = client.images.generate(prompt="a red skirt", model="skirt", n=2, size="512x512", quality="low", user="me")
    assert [base64.b64decode(each.b64_json or "") for each in made.data or []] == [PNG, PNG]
    (painted,) = http.painted
    assert (painted["adapter"], painted["num_outputs"], painted["width"]) == ("skirt@1", 2, 512)


def test_what_people_are_to_be_told_is_in_a_header_in_the_language_that_is_asked_for(client: openai.OpenAI) -> None:
    asked = client.images.with_raw_response.generate
    raw = asked(prompt="a red skirt", quality="low", extra_headers={"Accept-Language": "ko"})
    assert raw.headers["atelier-disclosure"] == header_value("ko", TEXTS["ko"])
    with pytest.raises(openai.UnprocessableEntityError) as refused:
        client.images.generate(prompt="a red skirt", n=0)
    assert "atelier-disclosure" not in refused.value.response.headers


def test_images_at_addresses(client: openai.OpenAI) -> None:
    made = client.images.generate(prompt="a red skirt", response_format="url", n=8, size="1024x1024")
    assert all((each.url or "").startswith("https://media.test/outputs/") for each in made.data or [])


def test_models_are_listed(client: openai.OpenAI) -> None:
    assert [model.id for model in client.models.list()] == ["base", "skirt"]


def test_what_an_answer_cannot_hold_is_refused_before_it_is_painted(client: openai.OpenAI, http: HttpApi) -> None:
    with pytest.raises(openai.UnprocessableEntityError, match='"response_format": "url"') as caught:
        client.images.generate(prompt="a red skirt", n=2, size="1024x1024")
    assert caught.value.param == "n"
    with pytest.raises(openai.UnprocessableEntityError, match="nothing"):
        client.images.generate(prompt="a red skirt", model="nothing")
    assert not http.api.records.items


def test_an_endpoint_that_wakes_is_503_and_whoever_comes_back_gets_what_was_begun(
    client: openai.OpenAI, http: HttpApi
) -> None:
    http.asleep = True
    with pytest.raises(openai.InternalServerError, match="send the same request again") as caught:
        client.images.generate(prompt="a red skirt")
    assert (caught.value.status_code, caught.value.type) == (503, "server_error")
    assert http.statuses == [503, 503, 503]
    http.asleep = False
    assert client.images.generate(prompt="a red skirt").data
    assert len(http.painted) == 1


def test_the_same_words_again_are_painted_again(client: openai.OpenAI, http: HttpApi) -> None:
    for count in range(1, 6):
        client.images.generate(prompt="a red skirt")
        assert len(http.painted) == count


def test_a_lost_answer_is_not_painted_twice(client: openai.OpenAI, http: HttpApi, transport: Transport) -> None:
    client.images.generate(prompt="a red skirt")
    transport.lost = 2
    assert client.images.generate(prompt="a red skirt").data
    assert len(http.painted) == 2


def test_a_key_of_the_clients_own_is_kept_to(client: openai.OpenAI, http: HttpApi) -> None:
    for _ in range(2):
        client.images.generate(prompt="a red skirt", extra_headers={"Idempotency-Key": "mine"})
    assert len(http.painted) == 1


def test_what_is_transparent_in_a_mask_is_repainted(client: openai.OpenAI, http: HttpApi) -> None:
    made = client.images.edit(
        image=("photo.png", PNG), mask=CLEAR, prompt="a red skirt", model="skirt@1", n=2, size="64x64", quality="high"
    )
    assert [base64.b64decode(each.b64_json or "") for each in made.data or []] == [PNG, PNG]
    (painted,) = http.painted
    assert (painted["mode"], painted["mask_convention"], painted["num_outputs"]) == ("inpaint", "transparent", 2)
    assert [base64.b64decode(painted[name]) for name in ("image", "mask")] == [PNG, CLEAR]
    assert painted["adapter"] == "skirt@1"


def test_words_mask_as_well_and_without_either_the_whole_picture_is_painted(
    client: openai.OpenAI, http: HttpApi
) -> None:
    words = client.images.edit(
        image=[PNG], prompt="a red skirt", response_format="url", extra_body={"mask_prompt": "a skirt"}
    )
    assert (words.data or [])[0].url
    assert client.images.edit(image=io.BytesIO(PNG), prompt="a red skirt", stream=False, user="me").data
    assert [painted["mode"] for painted in http.painted] == ["style", "image_to_image"]


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"image": [PNG, PNG]}, "image: got '2 pictures'; allowed: one picture"),
        ({"mask": PNG}, "transparent: transparent where the picture is repainted"),
        ({"mask": ("mask.png", b"")}, "an empty file"),
        ({"mask": CLEAR, "extra_body": {"mask_prompt": "a skirt"}}, "mask or mask_prompt, not both"),
        ({"size": "512x512"}, "size: got '512x512'; allowed: auto, or 64x64 as the picture has"),
        ({"image": b"GIF89a"}, "a GIF file"),
        ({"image": b""}, "image: got "),
        ({"background": "transparent"}, "auto | opaque"),
        ({"n": 9}, "n: got 9; allowed: an integer from 1 to 8"),
        ({"output_format": "gif"}, "png | jpeg | webp"),
        ({"markup": CLEAR}, "unknown key: got 'markup'"),
        ({"model": "nothing"}, "allowed: a style that is published: skirt"),
    ],
)
def test_an_edit_that_cannot_be_made_is_refused_in_words(
    client: openai.OpenAI, http: HttpApi, asked: dict[str, Any], words: str
) -> None:
    with pytest.raises(openai.UnprocessableEntityError, match=re.escape(words)) as caught:
        client.images.edit(**{"image": PNG, "prompt": "a red skirt", **asked})
    assert caught.value.type == "invalid_request_error"
    assert not http.api.records.items


@pytest.mark.parametrize(
    ("asked", "says", "param"),
    [
        ({"model": "nothing"}, "model: got 'nothing'; allowed: a style that is published: skirt", "model"),
        ({"size": "100x100"}, "size: got 100; allowed: an integer from 64 to 2048, a multiple of 8", "size"),
        ({"size": "2048x4096"}, "size: got 4096; allowed", "size"),
    ],
)
def test_what_only_our_own_check_refuses_is_said_in_the_client_s_names(
    client: openai.OpenAI, asked: dict[str, Any], says: str, param: str
) -> None:
    with pytest.raises(openai.UnprocessableEntityError) as caught:
        client.images.generate(prompt="a red skirt", **asked)
    assert caught.value.param == param
    assert isinstance(caught.value.body, dict)
    assert caught.value.body["message"].startswith(says)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (
            lambda client: client.files.create(file=("a.png", PNG), purpose="vision"),
            "unknown key: got 'purpose'; allowed: content, metadata",
        ),
        (lambda client: client.fine_tuning.jobs.list(), "path: got /v1/fine_tuning/jobs; allowed: "),
        (lambda client: client.models.delete("base"), "method: got DELETE; allowed: GET"),
        (lambda client: client.files.retrieve("nothing"), "file: got nothing"),
    ],
)
def test_what_is_refused_beside_its_own_routes_is_said_to_openai_s_client_too(
    client: openai.OpenAI, call: Callable[[openai.OpenAI], Any], says: str
) -> None:
    with pytest.raises(openai.APIStatusError) as caught:
        call(client)
    assert says in str(caught.value)
    assert caught.value.type == "invalid_request_error"
    whole = caught.value.response.json()
    assert whole["detail"] == whole["error"]["message"]


def test_a_photo_that_an_answer_cannot_hold_is_refused_before_it_is_painted(
    client: openai.OpenAI, http: HttpApi
) -> None:
    large = PNG.replace(b"\0\0\0\x40\0\0\0\x40", b"\0\0\x06\0\0\0\x06\0")
    with pytest.raises(openai.UnprocessableEntityError, match='"response_format": "url"'):
        client.images.edit(image=large, prompt="a red skirt")
    assert client.images.edit(image=large, prompt="a red skirt", response_format="url").data
    assert len(http.painted) == 1


def test_an_edit_that_is_sent_again_is_painted_once(client: openai.OpenAI, http: HttpApi) -> None:
    http.asleep = True
    with pytest.raises(openai.InternalServerError, match="send the same request again"):
        client.images.edit(image=io.BytesIO(PNG), prompt="a red skirt")
    assert http.statuses == [503, 503, 503]
    http.asleep = False
    assert client.images.edit(image=io.BytesIO(PNG), prompt="a red skirt").data
    assert client.images.edit(image=io.BytesIO(PNG), prompt="a blue skirt").data
    assert len(http.painted) == 2


def test_a_model_is_retrieved(client: openai.OpenAI) -> None:
    for name in ("base", "skirt", "skirt@1"):
        model = client.models.retrieve(name)
        assert (model.id, model.object, model.owned_by) == (name, "model", "atelier")
    for unknown in ("nothing", "skirt@2", "nothing@1", "base@1", "gpt-image-2", "Skirt"):
        with pytest.raises(openai.NotFoundError, match="allowed:") as caught:
            client.models.retrieve(unknown)
        assert caught.value.type == "invalid_request_error"
