"""imaging.pictures: what may come in, how it comes out, and every refusal."""

import struct
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from contracts.errors import InvalidInputError
from contracts.pictures import LONGEST_SIDE
from imaging import pictures
from imaging.pictures import UnreadablePictureError, decode, encode, upright_size
from tests.unit.picture_files import gradient, same, saved


def colour(image: Image.Image, at: tuple[int, int]) -> tuple[int, int, int]:
    red, green, blue = np.asarray(image)[at[1], at[0]].tolist()
    return red, green, blue


def png_claiming(width: int, height: int) -> bytes:
    """A PNG of a few bytes whose header claims any size."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


@pytest.mark.parametrize("file_format", ["PNG", "JPEG", "WEBP"])
def test_each_allowed_format_is_read(file_format: str) -> None:
    image = decode(saved(gradient(), file_format), name="photo")
    assert (image.mode, image.size) == ("RGB", (24, 16))


def test_a_png_comes_back_byte_for_byte() -> None:
    assert same(decode(encode(gradient(), "png"), name="photo"), gradient())


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_rotation_is_applied(orientation: int) -> None:
    stored = Image.new("RGB", (32, 16), "white")
    stored.paste("red", (0, 0, 8, 8))
    exif = Image.Exif()
    exif[0x0112] = orientation
    upright = decode(saved(stored, "JPEG", exif=exif, quality=95, subsampling=0), name="photo")
    corners = {1: (3, 3), 2: (28, 3), 3: (28, 12), 4: (3, 12), 5: (3, 3), 6: (12, 3), 7: (12, 28), 8: (3, 28)}
    assert upright.size == ((32, 16) if orientation < 5 else (16, 32))
    assert upright_size(saved(stored, "JPEG", exif=exif), name="photo") == upright.size
    red, green, _ = colour(upright, corners[orientation])
    assert red > 200
    assert green < 60


def test_sixteen_bit_grey_keeps_its_levels() -> None:
    levels = np.array([[0, 257 * 100, 65535]], dtype=np.uint16)
    image = decode(saved(Image.fromarray(levels)), name="photo")
    assert np.asarray(image)[0, :, 0].tolist() == [0, 100, 255]


def test_transparent_parts_of_a_photo_become_white() -> None:
    clear = Image.new("RGBA", (4, 4), (255, 0, 0, 0))
    assert decode(saved(clear), name="photo").getpixel((0, 0)) == (255, 255, 255)


def test_a_palette_with_a_transparent_colour_is_composed() -> None:
    image = Image.new("P", (4, 4), 0)
    image.putpalette([255, 0, 0, 0, 0, 255])
    image.paste(1, (0, 0, 2, 4))
    decoded = decode(saved(image, transparency=0), name="photo")
    assert decoded.getpixel((0, 0)) == (0, 0, 255)
    assert decoded.getpixel((3, 0)) == (255, 255, 255)


def test_cmyk_is_converted_to_the_colour_it_shows() -> None:
    cyan = Image.new("CMYK", (8, 8), (255, 0, 0, 0))
    red, green, blue = colour(decode(saved(cyan, "JPEG"), name="photo"), (4, 4))
    assert red < 30
    assert min(green, blue) > 220


def test_a_phones_mpo_is_its_first_frame() -> None:
    data = saved(gradient(), "MPO", save_all=True, append_images=[Image.new("RGB", (24, 16))])
    assert colour(decode(data, name="photo"), (20, 8))[0] > 150


@pytest.mark.parametrize("file_format", ["PNG", "WEBP"])
def test_an_animation_is_refused(file_format: str) -> None:
    data = saved(gradient(), file_format, save_all=True, append_images=[Image.new("RGB", (24, 16), "red")])
    with pytest.raises(UnreadablePictureError, match="animation of 2 frames"):
        decode(data, name="photo")


@pytest.mark.parametrize("data", [b"", b"not a picture at all"])
def test_what_is_not_a_picture_is_refused_by_its_name(data: bytes) -> None:
    with pytest.raises(UnreadablePictureError, match=r"skirt\.jpg: got .* bytes starting"):
        decode(data, name="skirt.jpg")


@pytest.mark.parametrize(
    ("file_format", "said"),
    [
        ("AVIF", "an AVIF"),
        ("BMP", "a BMP"),
        ("GIF", "a GIF"),
        ("TIFF", "a TIFF or camera raw"),
        ("JPEG2000", "a JPEG 2000"),
    ],
)
def test_a_format_off_the_list_is_refused_by_its_name(file_format: str, said: str) -> None:
    with pytest.raises(UnreadablePictureError, match=f"photo: got '{said} file'; .*PNG, JPEG, WebP or HEIC"):
        decode(saved(gradient(), file_format), name="photo")


@pytest.mark.parametrize("file_format", ["PNG", "JPEG", "WEBP"])
def test_a_truncated_file_is_refused(file_format: str) -> None:
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8))
    data = saved(noise, file_format)
    with pytest.raises(UnreadablePictureError):
        decode(data[: len(data) // 2], name="photo")


def test_a_png_that_lacks_its_palette_is_refused() -> None:
    data = saved(gradient().convert("P"))
    start = data.index(b"PLTE") - 4
    end = start + 12 + int.from_bytes(data[start : start + 4])
    with pytest.raises(UnreadablePictureError, match="its palette is missing"):
        decode(data[:start] + data[end:], name="photo")


@pytest.mark.parametrize("size", [(8_001, 8_000), (10_000, 10_000), (60_000, 60_000), (LONGEST_SIDE + 1, 1)])
def test_a_size_past_the_limit_is_refused_before_decoding(size: tuple[int, int]) -> None:
    with pytest.raises(UnreadablePictureError, match="64 megapixels"):
        decode(png_claiming(*size), name="photo")


@settings(deadline=None)
@given(st.binary(max_size=200), st.integers(0, 400), st.sampled_from(["PNG", "JPEG", "WEBP"]), st.booleans())
def test_damage_is_refused_or_read_but_never_anything_else(
    noise: bytes, at: int, file_format: str, palette: bool
) -> None:
    picture = gradient().quantize(8) if palette and file_format == "PNG" else gradient()
    data = bytearray(saved(picture, file_format))
    data[at : at + len(noise)] = noise
    try:
        image = decode(bytes(data), name="photo")
    except UnreadablePictureError:
        return
    assert image.mode == "RGB"


def test_an_unknown_output_format_says_what_is_allowed() -> None:
    with pytest.raises(InvalidInputError, match=r"png \| jpeg \| webp"):
        encode(gradient(), "gif")


def heic(image: Image.Image, **options: object) -> bytes:
    return saved(image, "HEIF", **options)


def test_a_phones_heic_is_read() -> None:
    image = decode(heic(gradient(64, 48), quality=95), name="photo.heic")
    assert (image.mode, image.size) == ("RGB", (64, 48))
    assert np.abs(np.asarray(image, dtype=int) - np.asarray(gradient(64, 48), dtype=int)).mean() < 4


def test_a_heic_is_turned_once_by_its_decoder_and_not_again_by_its_exif() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    assert decode(heic(gradient(64, 48), exif=exif.tobytes()), name="photo.heic").size == (48, 64)


def test_of_several_stills_in_a_heic_the_one_that_counts_is_read() -> None:
    data = heic(gradient(64, 48), save_all=True, append_images=[Image.new("RGB", (32, 32))], primary_index=0)
    assert decode(data, name="burst.heic").size == (64, 48)


@pytest.mark.parametrize("brand", [b"msf1", b"hevc"])
def test_a_heic_that_moves_is_refused(brand: bytes) -> None:
    data = heic(gradient(64, 48)).replace(b"ftypheic", b"ftyp" + brand)
    with pytest.raises(UnreadablePictureError, match=r"live\.heic: got 'an animation"):
        decode(data, name="live.heic")


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.99])
def test_a_truncated_heic_is_refused(share: float) -> None:
    data = heic(gradient(200, 100), quality=100)
    with pytest.raises(UnreadablePictureError, match=r"photo\.heic: got"):
        decode(data[: int(share * len(data))], name="photo.heic")


def test_a_heics_size_is_looked_at_before_its_pixels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "MOST_PIXELS", 1_000)
    with pytest.raises(UnreadablePictureError, match="64x48 pixels"):
        decode(heic(gradient(64, 48)), name="photo.heic")
