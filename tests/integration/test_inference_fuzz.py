"""Whatever comes over HTTP, in any dialect: never a 5xx, never a hang, and the next good request's bytes are as ever."""

import base64
import random
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from atelier_inference.dialects import DIALECTS, NATIVE
from bench.poisoned_pictures import GARBAGE, bombs, poison
from tests.integration.dialect_calls import CALLS, JPEG, JSON, Call
from tests.integration.inference_server import INPAINT, Server, received, serving, smooth
from tests.unit.hostile_requests import BYTES, RAW, VALUES
from tests.unit.picture_files import saved, tiff, with_chunk, with_exif, with_segment

LONGEST_SECONDS = 120.0
"""For one call, on a machine that does much else: what takes longer hangs."""
NAMES = [dialect.name for dialect in (NATIVE, *DIALECTS)]
KINDS = (JSON, JPEG, "application/x-text", "multipart/form-data; boundary=sep", "multipart/form-data", "", "image/png")
ACCEPTED = (JSON, JPEG, "*/*", "image/*", "", "text/html", "application/json;jpeg;verbose")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One that takes itself for so slow that it refuses pictures of 512 pixels, which dialects paint where nothing is said."""
    with serving(tmp_path_factory.mktemp("server"), pixels_per_second=300) as running:
        yield running


@pytest.fixture(scope="module")
def asker() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(8) as pool:
        yield pool


@pytest.fixture(scope="module")
def check(server: Server, asker: ThreadPoolExecutor) -> Callable[[Call], httpx2.Response]:
    """Send a call; a 5xx, a hang, and a good request that is answered otherwise afterwards are failures."""
    good = {**INPAINT, "num_inference_steps": 1}
    expected = server.predict(**good).images

    def send(call: Call) -> httpx2.Response:
        response = asker.submit(call.send, server.client).result(timeout=LONGEST_SECONDS)
        # 422 and 403 are the refusals of dialects; what a body cannot be is refused with the others.
        assert response.status_code in (200, 400, 403, 413, 415, 422), (response.status_code, response.text[:300])
        if response.status_code != 200:
            assert response.json()
            assert "Traceback" not in response.text
        assert server.predict(**good).images == expected
        return response

    return send


@pytest.mark.parametrize("name", NAMES)
def test_each_dialect_has_good_calls_to_begin_with(name: str, check: Callable[[Call], httpx2.Response]) -> None:
    for call in CALLS[name]:
        response = check(call)
        assert response.status_code == 200, response.text[:500]


def pictures() -> dict[str, bytes]:
    """Files that a reader has to refuse or to read, by what is odd about them."""
    photo = smooth(48, 40)
    png, jpeg = saved(photo), saved(photo, "JPEG")
    text = PngImagePlugin.PngInfo()
    text.add_text("comment", "x" * 2_000_000, zip=True)
    grey = np.linspace(0, 65_535, 48 * 40).reshape(40, 48).astype(np.uint16)
    frames: dict[str, Any] = {"save_all": True, "append_images": [photo.rotate(90)]}
    sound = {
        "16 bits": saved(Image.fromarray(grey)),
        "1 bit": saved(photo.convert("1")),
        "palette": saved(photo.quantize(16)),
        "palette with a hole": saved(photo.quantize(16), transparency=3),
        "grey with alpha": saved(photo.convert("LA")),
        "CMYK": saved(photo.convert("CMYK"), "JPEG"),
        "progressive": saved(photo, "JPEG", progressive=True),
        "HEIC": saved(photo, "HEIF"),
        "WebP": saved(photo, "WEBP", lossless=True),
        "turned": with_exif(jpeg, tiff([(0x0112, 3, 1, b"\6\0")])),
        "turned by nonsense": with_exif(jpeg, tiff([(0x0112, 3, 1, b"\x63\0")])),
        "EXIF without an end": with_exif(jpeg, b"II*\0\xff\xff\xff\xff"),
        "much text": saved(photo, pnginfo=text),
        "a profile of nothing": saved(photo, icc_profile=b"nothing"),
        "one pixel": saved(Image.new("RGB", (1, 1))),
        "a line": saved(Image.new("RGB", (4_000, 1))),
    }
    broken = {
        "no bytes": b"",
        "zeros": b"\0" * 4_096,
        "a header alone": png[:24],
        "half of it": png[: len(png) // 2],
        "half of a JPEG": jpeg[: len(jpeg) // 2],
        "animated PNG": saved(photo, **frames),
        "animated WebP": saved(photo, "WEBP", **frames),
        "GIF": saved(photo, "GIF"),
        "TIFF": saved(photo, "TIFF"),
        "AVIF": saved(photo, "AVIF"),
        "SVG": b"<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>",
        "PDF": b"%PDF-1.7\n%%EOF",
        "words": b"a red skirt",
        "a wrong checksum": with_chunk(png, b"tEXt", b"a\0b", checksum=0),
        "a huge chunk": png[:33] + b"\x7f\xff\xff\xffIDAT" + png[41:],
        "a segment of garbage": with_segment(jpeg, 0xE1, GARBAGE[-1][:60_000]),
    }
    return {**sound, **broken, **dict(bombs())}


@pytest.fixture(scope="module")
def corpus() -> Mapping[str, bytes]:
    return {
        **pictures(),
        **{f"{number}: {words}": data for number, (words, data) in enumerate(poison(seed=3, count=15))},
    }


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", NAMES)
def test_pictures_of_every_kind_are_read_or_refused_in_every_place(
    name: str, check: Callable[[Call], httpx2.Response], corpus: Mapping[str, bytes]
) -> None:
    """Every picture in the first place of each dialect, and in each other place a share of them."""
    places = [(call, path) for call in CALLS[name] for path in call.pictures]
    for number, (call, path) in enumerate(places):
        for nth, (words, data) in enumerate(corpus.items()):
            if number and nth % 7 != number % 7:
                continue
            value = data if call.is_form else base64.b64encode(data).decode()
            try:
                check(call.changed(path, value))
            except AssertionError as error:
                raise AssertionError(f"{words} as {path}") from error


NUMBERS = st.one_of(st.integers(-2, 9), st.integers(500, 2**33), st.floats(width=16), st.sampled_from([64, 1.5, 1e308]))
JUNK: st.SearchStrategy[Any] = st.one_of(
    NUMBERS,
    st.booleans(),
    st.sampled_from(VALUES),
    st.text(max_size=12),
    st.sampled_from([call.body for calls in CALLS.values() for call in calls if isinstance(call.body, dict)]),
)


@st.composite
def damaged(draw: st.DrawFn, name: str) -> Call:
    """A call of a dialect with some of its values changed, left out, moved, or added to, and now and then with other types."""
    call = draw(st.sampled_from(CALLS[name]))
    for _ in range(draw(st.integers(1, 3))):
        if not isinstance(call.body, dict):
            break
        path = draw(st.sampled_from(call.paths()))
        change = draw(st.sampled_from(["put", "put", "put", "leave out", "add", "swap"]))
        if change == "leave out" and path:
            call = call.without(path)
        elif change == "add":
            call = call.changed((draw(st.one_of(st.text(max_size=6), st.sampled_from(KEYS))),), draw(JUNK))
        elif change == "swap" and path:
            other = draw(st.sampled_from(call.paths()))
            call = call.changed(path, _at(call.body, other))
        else:
            call = call.changed(path, draw(JUNK))
    if draw(st.integers(0, 5)) == 0 and not call.is_form:
        call = Call(body=call.body, content_type=draw(st.sampled_from(KINDS)), accept=draw(st.sampled_from(ACCEPTED)))
    return call if call.is_form or isinstance(call.body, bytes) else Call(**{**vars(call), "body": _text(call.body)})


KEYS = sorted({key for calls in CALLS.values() for call in calls if isinstance(call.body, dict) for key in call.body})


def _at(value: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        value = value[key]
    return value


def _text(body: Any) -> bytes:
    """JSON as Python writes it, NaN included."""
    return Call(body=body if not isinstance(body, bytes) else body.hex()).content()


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", NAMES)
@given(data=st.data())
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
def test_bodies_that_nearly_are_of_a_dialect_are_answered_or_refused(
    name: str, data: st.DataObject, check: Callable[[Call], httpx2.Response]
) -> None:
    check(data.draw(damaged(name)))


@pytest.mark.parametrize("kind", KINDS)
def test_texts_that_are_no_body_at_all_are_refused(kind: str, check: Callable[[Call], httpx2.Response]) -> None:
    for content in (*(text.encode("utf-8", "surrogatepass") for text in RAW), *BYTES):
        check(Call(body=content, content_type=kind))


@pytest.mark.parametrize("name", [name for name in NAMES if any(call.is_form for call in CALLS[name])])
def test_forms_that_are_cut_or_have_bits_flipped_are_refused_or_answered(
    name: str, check: Callable[[Call], httpx2.Response]
) -> None:
    chance = random.Random(4)
    for call in (call for call in CALLS[name] if call.is_form):
        whole = call.content()
        for _ in range(25):
            content = bytearray(whole[: chance.randrange(len(whole) + 1)] if chance.random() < 0.5 else whole)
            for _ in range(chance.randrange(6) if content else 0):
                content[chance.randrange(min(len(content), chance.choice((200, 10**9))))] ^= 1 << chance.randrange(8)
            check(Call(body=bytes(content), content_type=call.content_type, accept=call.accept))


def test_good_requests_beside_bad_ones_are_answered_as_ever(server: Server, asker: ThreadPoolExecutor) -> None:
    expected = received(server.predict(**INPAINT).images[0]).astype(int)
    bad = [call for name in NAMES for call in CALLS[name]]
    bad = [call.changed(call.pictures[-1], b"x" if call.is_form else "AAAA") for call in bad if call.pictures]
    good = Call(body=INPAINT)
    calls = [each for call in bad for each in (call, good)]
    random.Random(1).shuffle(calls)
    answers = list(asker.map(lambda call: call.send(server.client), calls, timeout=LONGEST_SECONDS))
    for call, answer in zip(calls, answers, strict=True):
        if call is good:
            assert np.abs(received(answer.json()["images"][0]).astype(int) - expected).max() <= 1
        else:
            assert answer.status_code in (400, 403, 422)
