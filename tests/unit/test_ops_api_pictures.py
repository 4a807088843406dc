"""Pictures are looked at as far as their header when they are posted: what cannot be read is 422 and wakes no GPU."""

import base64
import io
import struct
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from atelier_ops.logic.header import read_header
from contracts.errors import InvalidInputError
from imaging.pictures import decode_mask
from tests.unit.mask_files import CONTENTS, FILES
from tests.unit.ops_api import OWN, Answered, Api
from tests.unit.picture_files import saved

SIZE = (48, 32)
INPUT = {"mode": "inpaint", "prompt": "a photo of sks skirt"}


def encoded(size: tuple[int, int] = SIZE, kind: str = "PNG", mode: str = "RGB", **options: Any) -> bytes:
    buffer = io.BytesIO()
    Image.new(mode, size).save(buffer, kind, **options)
    return buffer.getvalue()


def turned(size: tuple[int, int], kind: str) -> bytes:
    """A picture whose EXIF says that it is to be turned by a quarter."""
    exif = Image.Exif()
    exif[0x0112] = 6
    return encoded(size, kind, exif=exif)


def heic(width: int, height: int, brand: bytes = b"heic") -> bytes:
    """The boxes of a HEIC file that say its size, a thumbnail's before the picture's."""
    sizes = b"".join(b"\0\0\0\x14ispe" + struct.pack(">III", 0, *size) for size in ((160, 120), (width, height)))
    file_type = b"\0\0\0\x14ftyp" + brand + b"\0\0\0\0" + brand
    return file_type + struct.pack(">I4sI", 12 + len(sizes), b"meta", 0) + sizes


def animation(kind: str) -> bytes:
    frames = [Image.new("RGB", SIZE, colour) for colour in ("red", "blue")]
    buffer = io.BytesIO()
    frames[0].save(buffer, kind, save_all=True, append_images=frames[1:])
    return buffer.getvalue()


def post(image: bytes | str, mask: bytes | str = b"", *, uploaded: bool = False, **changes: Any) -> Answered:
    """Post pictures, in which a text is already what the body says, inline or ``uploaded``."""
    api = Api()
    files = {"image": image, "mask": mask or encoded(mode="L")}
    values = {name: f if isinstance(f, str) else base64.b64encode(f).decode() for name, f in files.items()}
    for name, f in files.items():
        if uploaded and isinstance(f, bytes):
            values[name] = api.upload(f"치마 {name}.png", f)
    answered = api.call("POST", "/v1/predictions", {"input": {**INPUT, **values, **changes}})
    assert len(api.inference.queue) == len(api.predictions) == (1 if answered.status == 201 else 0)
    return answered


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("PNG", {}),
        ("PNG", {"mode": "P"}),
        ("PNG", {"mode": "I;16"}),
        ("JPEG", {}),
        ("JPEG", {"progressive": True}),
        ("JPEG", {"mode": "CMYK", "comment": "\xff\xc0 in a comment"}),
        ("JPEG", {"icc_profile": b"p" * 70_000}),
        ("WEBP", {}),
        ("WEBP", {"lossless": True}),
        ("WEBP", {"mode": "RGBA"}),
        ("WEBP", {"icc_profile": b"p" * 100}),
    ],
)
def test_a_whole_picture_of_each_kind_is_taken_at_its_size(kind: str, options: dict[str, Any]) -> None:
    body = encoded((300, 17), kind, **options)
    header = read_header(body)
    assert header is not None
    assert (header.format, header.width, header.height) == (kind.lower(), 300, 17)
    assert post(body, encoded((300, 17), mode="L")).status == 201


def test_a_heic_photo_is_as_large_as_the_largest_of_its_items() -> None:
    header = read_header(heic(4032, 3024))
    assert header is not None
    assert (header.format, header.width, header.height) == ("heic", 4032, 3024)
    assert post(heic(4032, 3024), encoded((4000, 3000), mode="1")).status == 201  # the file may say that it is cut


def test_what_only_looks_like_a_header_decides_nothing() -> None:
    """Pixels and texts hold any bytes, the names of boxes and chunks too."""
    pixels = b"ispe" + struct.pack(">III", 0, 60_000, 60_000)
    for box in (struct.pack(">I4s", 24, b"mdat"), struct.pack(">I4sQ", 1, b"mdat", 32)):
        photo = heic(4032, 3024)
        for body in (photo + box + pixels, photo[:20] + box + pixels + photo[20:]):
            header = read_header(body)
            assert header is not None
            assert (header.width, header.height) == (4032, 3024)
    commented = PngImagePlugin.PngInfo()
    commented.add_text("Comment", "acTL and 2 frames")
    header = read_header(encoded(pnginfo=commented))
    assert header is not None
    assert not header.animated


@pytest.mark.parametrize(
    "form", ["{}", "data:image/png;base64,{}", "data:;base64,{}", "data:image/jpg;charset=utf-8;base64,{}"]
)
def test_a_picture_is_inline_or_a_data_uri_broken_into_lines_or_not(form: str) -> None:
    text = base64.encodebytes(encoded((64, 64))).decode()
    assert post(form.format(text), encoded((64, 64), mode="L")).status == 201


@pytest.mark.parametrize(
    ("image", "got"),
    [
        ("aGVsbG8=", "5 bytes that are no whole header of such a file"),
        ("not base64!", "11 characters starting not base64!"),
        ("data:image/png,rawbytes", "23 characters starting data:image/png,r"),
        (encoded(kind="GIF"), "a GIF file"),
        (encoded(kind="BMP"), "a BMP file"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "an SVG file"),
        (encoded(kind="JPEG")[:100], "100 bytes that are no whole header"),
        (encoded()[:20], "20 bytes that are no whole header"),
        (heic(4032, 3024, brand=b"msf1"), "an animation"),
        (heic(4032, 3024, brand=b"avif"), "an AVIF file"),
        (encoded(kind="AVIF"), "an AVIF file"),
        (animation("PNG"), "an animation"),
        (animation("WEBP"), "an animation"),
        (encoded((16_384, 1)), "16384x1 pixels"),
        (encoded((8_001, 8_000), mode="1"), "8001x8000 pixels"),
    ],
)
def test_what_the_model_server_could_not_read_is_422(image: bytes | str, got: str) -> None:
    answered = post(image)
    assert (answered.status, answered.body["what"]) == (422, "input.image")
    assert got in answered.body["errors"][0]["got"]
    assert "PNG, JPEG, WebP or HEIC" in answered.body["allowed"]


def test_everything_that_is_wrong_with_both_is_said_at_once() -> None:
    answered = post("aGVsbG8=", "aGVsbG8=")
    assert [problem["what"] for problem in answered.body["errors"]] == ["input.image", "input.mask"]


@pytest.mark.parametrize(("size", "status"), [((2_048, 1_024), 201), ((2_049, 1_024), 422), ((4_096, 8), 422)])
@pytest.mark.parametrize("mode", ["upscale", "style", "inpaint"])
def test_what_would_be_upscaled_beyond_the_limit_is_422(mode: str, size: tuple[int, int], status: int) -> None:
    more: dict[str, Any] = {"upscale": True, "mask_prompt": "a skirt"} if mode != "upscale" else {}
    answered = post(encoded(size, mode="1"), encoded(size, mode="1"), mode=mode, **more)
    assert answered.status == status
    if mode != "upscale":  # it is painted at the model's own size
        assert post(encoded(size, mode="1"), mode="image_to_image", upscale=True).status == 201


def test_what_the_machine_could_not_paint_in_time_is_422_by_the_picture_s_header_and_says_what_to_lower() -> None:
    assert post(encoded((256, 256)), mode="upscale", num_inference_steps=500).status == 201
    answered = post(encoded((1024, 1024)), mode="upscale", num_inference_steps=500)
    assert answered.status == 422
    (problem,) = answered.body["errors"]
    assert problem["what"] == "input.num_inference_steps"
    assert "4,956 seconds" in problem["got"]
    assert "lower num_inference_steps or upscale a smaller picture" in problem["allowed"]


def test_more_pictures_than_an_answer_can_hold_are_422_by_the_picture_s_header() -> None:
    large = encoded((8_000, 8_000), mode="1")
    assert post(large, large, num_outputs=1).status == 201
    answered = post(large, large, num_outputs=2)
    assert (answered.status, answered.body["what"]) == (422, "input.num_outputs")
    assert answered.body["allowed"] == "at most 1 of so many: an answer has at most 100,000,000 pixels in all"


@pytest.mark.parametrize("mask", [(24, 16), (49, 32), (48, 31), (32, 48)])
def test_a_mask_of_another_size_is_422_with_both_sizes(mask: tuple[int, int]) -> None:
    answered = post(encoded(), encoded(mask, mode="L"))
    assert (answered.status, answered.body["what"]) == (422, "input.mask")
    assert answered.body["errors"][0]["got"] == f"'{mask[0]}x{mask[1]} pixels'"
    assert answered.body["allowed"] == "48x32, the size of input.image"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_mask_may_be_upright_where_metadata_turns_the_photo(kind: str) -> None:
    assert post(turned((48, 32), kind), encoded((32, 48), mode="L")).status == 201
    assert post(turned((48, 32), kind), encoded((32, 47), mode="L")).status == 422


@pytest.mark.parametrize("file", [*FILES, "lossy webp"])
@pytest.mark.parametrize("content", [*CONTENTS])
def test_a_mask_that_can_have_no_transparency_is_refused_in_the_model_servers_words(content: str, file: str) -> None:
    """Where there may be some, only the model server sees whether there is."""
    shape = np.zeros((90, 70), dtype=bool)
    shape[30:60, 20:50] = True
    image = CONTENTS[content](shape)
    body = saved(image, "WEBP", quality=80) if file == "lossy webp" else FILES[file](image)
    answered = post(encoded((70, 90)), body, mask_convention="transparent")
    if "jpeg" in file or ("hole" not in content and file != "rgba png"):
        with pytest.raises(InvalidInputError) as refused:
            decode_mask(body, name="input.mask", convention="transparent")
        assert (answered.status, answered.body["errors"]) == (422, refused.value.to_json())
    else:
        assert answered.status == 201
    assert post(encoded((70, 90)), body).status == 201
    assert post(encoded((70, 90)), body, mode="image_to_image", mask_convention="transparent").status == 201


def test_what_the_mode_does_not_look_at_is_not_looked_at() -> None:
    assert post(encoded(), "aGVsbG8=", mode="style", mask_prompt="a skirt").status == 201
    assert post(encoded(), f"{OWN}a/mask.png", mode="style", mask_prompt="a skirt").status == 201


def test_a_file_that_was_never_put_is_422_and_says_how_it_is_put() -> None:
    answered = post(f"{OWN}a/photo.png")
    assert (answered.status, answered.body["what"]) == (422, "input.image")
    assert f"nothing at {OWN}a/photo.png" in answered.body["detail"]
    assert "put to the urls.upload which POST /v1/files gave" in answered.body["allowed"]


@pytest.mark.parametrize(
    ("image", "mask", "more", "got"),
    [
        (b"", encoded(mode="L"), {}, "0 bytes"),
        (b"hello", encoded(mode="L"), {}, "5 bytes that are no whole header"),
        (b"hello" * 2**18, encoded(mode="L"), {}, "1310720 bytes that are no whole header"),
        (encoded(), encoded((5, 5), mode="L"), {}, "5x5 pixels"),
        (animation("PNG") + bytes(2**20), encoded(mode="L"), {}, "an animation"),
        (encoded(), encoded(mode="L"), {"mask_convention": "transparent"}, "a mask without transparency"),
    ],
)
def test_an_upload_is_looked_at_as_an_inline_picture_is(
    image: bytes, mask: bytes, more: dict[str, Any], got: str
) -> None:
    answered = post(image, mask, **more, uploaded=True)
    assert answered.status == 422
    assert got in answered.body["detail"]


def test_what_may_lie_further_inside_a_large_upload_is_left_to_the_model_server() -> None:
    photo = encoded((300, 200), "JPEG")
    behind_its_metadata = photo[:2] + (b"\xff\xe2\xff\xff" + bytes(65_533)) * 17 + photo[2:]
    assert post(behind_its_metadata, encoded((5, 5), mode="L"), uploaded=True).status == 201
    turned_at_its_end = encoded((48, 32)) + bytes(2**20)
    assert post(turned_at_its_end, encoded((32, 48), mode="L"), uploaded=True).status == 201
    assert post(turned_at_its_end, encoded((32, 47), mode="L"), uploaded=True).status == 422
    opaque = encoded((48, 32), mode="L") + bytes(2**20)
    assert post(encoded(), opaque, uploaded=True, mask_convention="transparent").status == 201


@given(
    start=st.sampled_from([encoded(), encoded(kind="JPEG"), encoded(kind="WEBP"), heic(9, 9), b""]),
    cut=st.integers(0, 400),
    rest=st.binary(max_size=60),
)
def test_no_bytes_are_an_error_of_ours(start: bytes, cut: int, rest: bytes) -> None:
    header = read_header(start[:cut] + rest)
    assert header is None or header.width >= 0
