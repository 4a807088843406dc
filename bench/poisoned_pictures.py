"""Pictures made to break a reader.

Every mode, format and odd size that Pillow writes, whole and damaged: cut, with flipped bits, with sizes that lie, with metadata that is
huge or garbage, animated, and bombs.
"""

import io
import random
import struct
import zlib
from collections import Counter
from collections.abc import Iterator

from PIL import Image, PngImagePlugin

MODES = ("1", "L", "LA", "P", "PA", "RGB", "RGBA", "RGBX", "CMYK", "YCbCr", "LAB", "HSV", "I", "I;16", "F")
FORMATS = ("PNG", "JPEG", "WEBP", "HEIF", "GIF", "TIFF", "BMP", "JPEG2000", "ICO", "TGA", "PPM", "AVIF")
SIZES = ((1, 1), (1, 300), (300, 1), (7, 5), (64, 64), (255, 257), (16_383, 1), (1, 16_384), (16_384, 2))
GARBAGE = (
    *(b"", b"\0" * 9, b"Exif\0\0II*\0\xff\xff\xff\xff", b"MM\0*\0\0\0\x08\xff\xff"),
    *(b"<x:xmpmeta tiff:Orientation='9'", b"\xff" * 200_000),
)


def poison(seed: int, count: int) -> Iterator[tuple[str, bytes]]:
    """``count`` files with words for what they are, format first and damage last; the same for the same seed."""
    chance = random.Random(seed)  # noqa: S311 nothing is kept secret by it
    for number in range(count):
        kind, mode, size = chance.choice(FORMATS), chance.choice(MODES), chance.choice(SIZES)
        damage = _DAMAGES[number % len(_DAMAGES)]
        yield f"{kind} {mode} {size} {damage.__name__.strip('_')}", damage(_file(kind, mode, size, chance), chance)


def _file(kind: str, mode: str, size: tuple[int, int], chance: random.Random) -> bytes:
    """A file of a format: in the mode, or in the next best one where the format has no such mode."""
    options = {"exif": chance.choice(GARBAGE), "icc_profile": chance.choice(GARBAGE)}
    for wanted in (mode, "RGBA", "RGB", "L"):
        for extra in (options, {}):
            buffer = io.BytesIO()
            try:
                image = Image.effect_noise(size, 80).convert(wanted)
                moving = chance.random() < 0.1
                frames = {"save_all": True, "append_images": [Image.new(wanted, size)]} if moving else {}
                image.save(buffer, kind, **extra, **frames)
            except Exception:  # noqa: BLE001, S112 formats refuse modes, sizes and metadata in many ways
                continue
            return buffer.getvalue()
    return b""


def _whole(data: bytes, _: random.Random) -> bytes:
    return data


def _cut(data: bytes, chance: random.Random) -> bytes:
    return data[: chance.randrange(len(data) + 1)]


def _flipped(data: bytes, chance: random.Random) -> bytes:
    damaged = bytearray(data)
    for _ in range(chance.randrange(1, 20) if damaged else 0):
        damaged[chance.randrange(min(len(damaged), chance.choice((64, 10**9))))] ^= 1 << chance.randrange(8)
    return bytes(damaged)


def _lying(data: bytes, chance: random.Random) -> bytes:
    """With another number where a header may keep a size, a length or a checksum."""
    place = chance.randrange(max(1, min(len(data), 120)))
    return data[:place] + struct.pack(">I", chance.choice((0, 1, 65_535, 2**31 - 1, 2**32 - 1))) + data[place + 4 :]


def _joined(data: bytes, chance: random.Random) -> bytes:
    return data + chance.choice((data, b"\0" * 1_000, chance.randbytes(5_000)))


_DAMAGES = (_whole, _cut, _flipped, _lying, _joined)


def bombs() -> Iterator[tuple[str, bytes]]:
    """Small files of many pixels, or of much metadata."""
    for width, height in ((8_000, 8_000), (16_383, 3_900), (30_000, 30_000), (2**31 - 1, 1)):
        header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
        lines = zlib.compressobj(9)
        rows = (
            b"".join(
                lines.compress(b"\0" * min(width + 1, 70_000)) for _ in range(height if width * height <= 64e6 else 1)
            )
            + lines.flush()
        )
        yield (
            f"bomb {width}x{height}",
            b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", rows) + _chunk(b"IEND", b""),
        )
    text, buffer = PngImagePlugin.PngInfo(), io.BytesIO()
    text.add_text("Raw profile type exif", "\n" * 50_000_000, zip=True)
    Image.new("RGB", (5, 5)).save(buffer, "PNG", pnginfo=text)
    yield "bomb of text", buffer.getvalue()


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


class FamilyShare:
    """The first ``each`` files of every family, which is a format with a damage; and all bombs."""

    def __init__(self, each: int) -> None:
        self._each = each
        self._seen: Counter[tuple[str, str]] = Counter()

    def has(self, words: str) -> bool:
        """Whether the next file, of these ``words``, is one of them."""
        family = words.split()[0], words.split()[-1]
        self._seen[family] += 1
        return self._seen[family] <= self._each
