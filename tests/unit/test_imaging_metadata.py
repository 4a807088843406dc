"""imaging.pictures: metadata turns a picture upright and does nothing else, whatever it holds."""

import struct
import zlib
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from PIL import Image

from imaging.pictures import decode, encode, read_picture
from tests.unit.picture_files import (
    ORIENTATION,
    Entry,
    gradient,
    oriented,
    same,
    saved,
    tiff,
    with_chunk,
    with_exif,
    with_segment,
)

TAGS = (
    *(0x00FE, 0x0100, 0x0101, 0x0102, 0x0103, 0x0106, 0x010E, 0x010F, 0x0110, 0x0111, 0x0115, 0x0116, 0x0117),
    *(0x011A, 0x011B, 0x011C, 0x0128, 0x012D, 0x0131, 0x0132, 0x013B, 0x013C, 0x013E, 0x013F, 0x0201, 0x0202),
    *(0x0211, 0x0212, 0x0213, 0x0214, 0x02BC, 0x4746, 0x4749, 0x8298, 0x829A, 0x829D, 0x8769, 0x8773, 0x8825),
    *(0x9000, 0x927C, 0x9C9B, 0xA005, 0xFFFF),
)
SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
"""TIFF's types and the bytes of one value."""


def values(size: int) -> Iterator[tuple[int, bytes]]:
    """Count and value: zeros, ones, the largest number, -1 over 0, none at all, and more than the file has."""
    yield 1, bytes(size)
    yield 1, (1).to_bytes(size, "little")
    yield 1, b"\xff" * size
    yield 2, (b"\xff" * size + bytes(size))
    yield 0, b""
    yield 2**32 - 1, b"\xff\xff\xff\x7f"


def variants() -> Iterator[Entry]:
    for tag in TAGS:
        for kind, size in SIZES.items():
            yield from ((tag, kind, count, value) for count, value in values(size))


def stored() -> Image.Image:
    """A picture whose upper left corner is red."""
    image = Image.new("RGB", (32, 16), "white")
    image.paste("red", (0, 0, 8, 8))
    return image


def is_turned(image: Image.Image) -> bool:
    """Whether ``stored`` was turned as orientation 6 says: its red corner is at the upper right."""
    level = np.asarray(image)[3, 12] if image.size == (16, 32) else (255, 255, 255)
    return bool(level[0] > 200 and level[1] < 60)


def test_no_exif_makes_a_photo_unreadable_or_crooked() -> None:
    jpeg, tried = saved(stored(), "JPEG", quality=95, subsampling=0), 0
    for entry in variants():
        entries = sorted([entry, oriented(6)])
        data = with_exif(jpeg, tiff(entries))
        assert is_turned(decode(data, name="photo")), entry
        tried += 1
    assert tried == len(TAGS) * len(SIZES) * 6 == 3_432


@pytest.mark.parametrize(
    "put",
    [
        lambda exif: with_chunk(saved(stored()), b"eXIf", exif),
        lambda exif: saved(stored(), "WEBP", lossless=True, exif=b"Exif\0\0" + exif),
    ],
    ids=["png", "webp"],
)
def test_no_exif_makes_other_formats_unreadable_or_crooked(put: Callable[[bytes], bytes]) -> None:
    for entry in list(variants())[::17]:
        assert is_turned(decode(put(tiff(sorted([entry, oriented(6)]))), name="photo")), entry


@pytest.mark.parametrize(
    "entry", [(0x011A, 1, 1, b"\x48"), (0x011A, 10, 1, struct.pack("<ii", -1, 0)), (0x011A, 2, 3, b"72\0")]
)
def test_the_resolutions_that_phones_and_editors_write_are_read(entry: Entry) -> None:
    """XResolution as BYTE, as SRATIONAL -1/0, as text: Pillow's own turning raises for each."""
    unit = (0x0128, 3, 1, b"\2\0")
    assert is_turned(decode(with_exif(saved(stored(), "JPEG"), tiff([oriented(6), entry, unit])), name="photo"))


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(
    ("kind", "form", "numbers"),
    [
        (1, "B", [6]),
        (3, "H", [6]),
        (4, "I", [6]),
        (8, "h", [6]),
        (9, "i", [6]),
        (3, "HH", [6, 0]),
        (5, "II", [12, 2]),
        (12, "d", [6.0]),
    ],
)
def test_the_orientation_is_read_from_any_type_of_number(
    order: str, kind: int, form: str, numbers: list[float]
) -> None:
    entry = (ORIENTATION, kind, 1, struct.pack(order + form, *numbers))
    assert is_turned(decode(with_exif(saved(stored(), "JPEG"), tiff([entry], order=order)), name="photo"))


@pytest.mark.parametrize(
    "entry",
    [
        (ORIENTATION, 3, 1, b"\0\0"),
        (ORIENTATION, 3, 1, b"\x09\0"),
        (ORIENTATION, 3, 0, b""),
        (ORIENTATION, 2, 2, b"6\0"),
        (ORIENTATION, 5, 1, struct.pack("<II", 6, 0)),
        (ORIENTATION, 12, 1, struct.pack("<d", float("nan"))),
        (ORIENTATION, 12, 1, b"\xff\xff\xff\x7f"),
        (ORIENTATION, 99, 1, b"\6\0"),
    ],
)
def test_an_orientation_that_means_nothing_leaves_the_picture_as_it_is_and_is_noted(entry: Entry) -> None:
    read = read_picture(with_exif(saved(stored(), "JPEG"), tiff([entry])), name="photo")
    assert read.image.size == (32, 16)
    assert read.notes == ("photo: its orientation is none of 1 to 8, so it was left as it is stored",)


@pytest.mark.parametrize(
    "exif", [b"", b"II", b"II*\0\xff\xff\xff\xff", b"XX*\0" + bytes(40), tiff([oriented(6)])[:12], bytes(300)]
)
def test_exif_that_ends_early_or_is_none_is_passed_over(exif: bytes) -> None:
    for data in (with_exif(saved(stored(), "JPEG"), exif), with_chunk(saved(stored()), b"eXIf", exif)):
        read = read_picture(data, name="photo")
        assert (read.image.size, read.notes) == ((32, 16), ())


@pytest.mark.parametrize(
    "xmp", [b'<x tiff:Orientation="6"/>', b"<tiff:Orientation>6</tiff:Orientation>", b"<x tiff:Orientation = '6' />"]
)
def test_xmp_turns_a_picture_that_has_no_exif(xmp: bytes) -> None:
    jpeg = with_segment(saved(stored(), "JPEG"), 0xE1, b"http://ns.adobe.com/xap/1.0/\0" + xmp)
    plain = with_chunk(saved(stored()), b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + xmp)
    packed = with_chunk(saved(stored()), b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(xmp))
    for data in (jpeg, plain, packed, saved(stored(), "WEBP", lossless=True, xmp=xmp)):
        assert is_turned(decode(data, name="photo"))
    first = with_exif(jpeg, tiff([oriented(1)]))
    assert decode(first, name="photo").size == (32, 16)


def test_imagemagicks_exif_in_a_png_turns_it_too() -> None:
    exif = b"Exif\0\0" + tiff([oriented(6)])
    text = b"Raw profile type exif\0\nexif\n%8d\n%s\n" % (len(exif), exif.hex().encode())
    assert is_turned(decode(with_chunk(saved(stored()), b"tEXt", text), name="photo"))
    broken = b"Raw profile type exif\0\nexif\n8\nno hexadecimal\n"
    assert decode(with_chunk(saved(stored()), b"tEXt", broken), name="photo").size == (32, 16)


@pytest.mark.parametrize(
    ("marker", "body"),
    [
        (0xED, b"Photoshop 3.0\x008BIM\x04"),
        (0xED, b"Photoshop 3.0\x008BIM\x04\x04\xff\xff"),
        (0xE2, b"MPF\0nonsense"),
        (0xE2, b"MPF\0II*\0\x08\0\0\0\1\0\1\xb0\7\0\xff\xff\xff\xff\0\0\0\0"),
        (0xE2, b"ICC_PROFILE\0"),
        (0xE2, b"ICC_PROFILE\0\1\2half a profile"),
        (0xE0, b"JFIF\0"),
        (0xEE, b"Adobe"),
        (0xE1, b"http://ns.adobe.com/xap/1.0/\0\xff\xfe"),
        (0xEB, b"\0" * 60_000),
    ],
)
def test_no_other_segment_of_a_jpeg_can_refuse_it(marker: int, body: bytes) -> None:
    jpeg = saved(gradient(), "JPEG")
    assert same(decode(with_segment(jpeg, marker, body), name="photo"), decode(jpeg, name="photo"))


@pytest.mark.parametrize(
    ("kind", "body", "checksum"),
    [
        (b"eXIf", tiff([]), 0),
        (b"iCCP", b"name\0\x07nonsense", None),
        (b"iCCP", b"name\0\0nonsense", None),
        (b"iCCP", b"", None),
        (b"gAMA", b"\0", None),
        (b"cHRM", b"\0", None),
        (b"pHYs", b"", None),
        (b"zTXt", b"Comment\0\0" + zlib.compress(bytes(80 * 2**20)), None),
        (b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0nonsense", None),
        (b"iTXt", b"XML:com.adobe.xmp", None),
    ],
)
def test_no_other_chunk_of_a_png_can_refuse_it(kind: bytes, body: bytes, checksum: int | None) -> None:
    data = with_chunk(saved(gradient()), kind, body, checksum=checksum)
    assert same(decode(data, name="photo"), gradient())


def test_nothing_of_the_metadata_is_in_what_is_written() -> None:
    data = saved(gradient(), "JPEG", exif=tiff([oriented(6)]), xmp=b"<x/>", comment=b"mine", icc_profile=b"nonsense")
    image = decode(data, name="photo")
    for file_format in ("png", "jpeg", "webp"):
        written = encode(image, file_format)
        assert not any(word in written for word in (b"Exif", b"EXIF", b"eXIf", b"mine", b"nonsense", b"<x/>"))
