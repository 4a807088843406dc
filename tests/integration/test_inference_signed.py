"""Whatever way a picture is asked for, its file says what it is, and is signed; or nobody gets it."""

import base64
import binascii
import io
from collections.abc import Iterator
from typing import Any

import c2pa
import httpx2
import pytest
from PIL import Image

from atelier_inference.dialects import DIALECTS
from atelier_inference.provenance import loading
from atelier_inference.provenance.manifest import CONSENT, SETTINGS
from contracts.disclosure import TEXTS
from contracts.layout import S3Uri
from tests.integration.dialect_calls import CALLS, Call
from tests.integration.inference_server import INPAINT, Server, received, serving
from tests.unit.signing import MemoryKey

KINDS = {b"\x89PNG": "png", b"\xff\xd8\xff": "jpeg", b"RIFF": "webp"}
QUICK = {**INPAINT, "num_inference_steps": 1}


@pytest.fixture(scope="module")
def key() -> MemoryKey:
    return MemoryKey()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, key: MemoryKey) -> Iterator[Server]:
    """One that signs, with a key in memory in the place of KMS's."""
    folder = S3Uri.parse("s3://model/certificates/")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loading, "KmsKey", lambda _: key)
        with serving(tmp_path_factory.mktemp("signed"), signing_key="arn:key/k", certificates=folder) as running:
            yield running


def files(answer: httpx2.Response) -> Iterator[tuple[bytes, str]]:
    """The picture files in an answer, wherever they are, and their formats."""
    if answer.headers["content-type"].startswith("image/"):
        yield from _files(answer.content)
    else:
        yield from _found(answer.json())


def _found(value: Any) -> Iterator[tuple[bytes, str]]:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for each in inner:
        yield from _found(each)
    if isinstance(value, str):
        try:
            yield from _files(base64.b64decode(value.rpartition(",")[2], validate=True))
        except binascii.Error:
            return


def _files(data: bytes) -> Iterator[tuple[bytes, str]]:
    yield from ((data, kind) for start, kind in KINDS.items() if data.startswith(start))


def _opened(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def read(data: bytes, kind: str) -> tuple[str, dict[str, Any]]:
    with c2pa.Reader(f"image/{kind}", io.BytesIO(data)) as reader:
        return str(reader.get_validation_state()), reader.get_active_manifest() or {}


@pytest.mark.parametrize("name", ["native", *(dialect.name for dialect in DIALECTS)])
def test_every_dialect_s_pictures_are_signed(server: Server, name: str) -> None:
    looked = 0
    for call in CALLS[name]:
        if isinstance(call.body, dict) and call.body.get("mode") == "segment":
            continue
        answer = call.send(server.client)
        assert answer.status_code in (200, 201), answer.text
        for data, kind in files(answer):
            assert read(data, kind)[0] == "Valid"
            looked += 1
    assert looked


@pytest.mark.parametrize("name", ["native", *(dialect.name for dialect in DIALECTS)])
def test_every_body_tells_people_what_it_is_since_s3_keeps_no_headers(server: Server, name: str) -> None:
    for call in CALLS[name]:
        if isinstance(call.body, dict) and call.body.get("mode") == "segment":
            continue
        answer = call.send(server.client)
        told = [str(_opened(data).getxmp()) for data, _ in files(answer)] or [answer.json()["disclosure"]]
        assert all(TEXTS["en"] in each for each in told)


@pytest.mark.parametrize("file_format", ["png", "jpeg", "webp"])
def test_a_signed_answer_says_its_photo_and_settings(server: Server, file_format: str) -> None:
    answer = server.post(
        **QUICK, consent="release-12", output_format=file_format, adapter="skirt", adapter_scale=0.5, num_outputs=2
    )
    pictures = [read(data, kind) for data, kind in files(answer)]
    assert [state for state, _ in pictures] == ["Valid", "Valid"]
    for number, (_, found) in enumerate(pictures):
        (settings,) = [each["data"] for each in found["assertions"] if each["label"] == SETTINGS]
        assert settings["seed"] == QUICK["seed"] + number
        assert settings["styles"] == [{"style": "skirt@2", "scale": 0.5}]
        assert settings["steps"] == 1
        (consent,) = [each["data"] for each in found["assertions"] if each["label"] == CONSENT]
        assert consent == {"reference": "release-12"}
        assert "a red skirt" not in str(found)
        (ingredient,) = found["ingredients"]
        assert ingredient["instance_id"].startswith("ni:///sha-256;")


def test_the_same_request_is_the_same_pixels_though_signatures_differ(server: Server) -> None:
    first, second = (server.predict(**QUICK).images[0] for _ in range(2))
    assert first != second
    assert (received(first) == received(second)).all()


def test_a_mask_is_no_picture_and_is_not_signed(server: Server) -> None:
    answer = server.predict(**QUICK, return_mask=True)
    assert answer.mask is not None
    image = Image.open(io.BytesIO(base64.b64decode(answer.mask)))
    assert "XML:com.adobe.xmp" not in image.info
    with pytest.raises(c2pa.C2paError):
        read(base64.b64decode(answer.mask), "png")


@pytest.mark.parametrize("name", ["native", *(dialect.name for dialect in DIALECTS)])
def test_nobody_gets_a_picture_that_the_key_does_not_sign(server: Server, key: MemoryKey, name: str) -> None:
    key.broken = True
    try:
        call: Call = CALLS[name][0]
        answer = call.send(server.client)
    finally:
        key.broken = False
    if name != "replicate-cog":
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert not list(files(answer))
    if name == "native":
        assert answer.json()["error"]["type"] == "SigningError"
        assert "it sleeps" in answer.json()["error"]["message"]
