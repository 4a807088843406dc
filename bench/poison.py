"""``make bench-poison``: pictures made to break a reader, by the thousand, through everything that reads one.

Every mode, format and odd size that Pillow writes, whole and damaged: cut, with flipped bits, with sizes that lie, with metadata that is
huge or garbage, animated, and bombs. Prints one JSON line. Whatever is neither read nor refused by name is a fault and is listed.
"""

import io
import json
import random
import resource
import struct
import sys
import time
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

from PIL import Image, PngImagePlugin

from contracts.errors import InvalidInputError
from imaging.masks import grow_image
from imaging.pictures import decode_mask, encode, read_picture
from imaging.repaint import Repainting, frame, paste

PICTURES = 1_200
MODES = ("1", "L", "LA", "P", "PA", "RGB", "RGBA", "RGBX", "CMYK", "YCbCr", "LAB", "HSV", "I", "I;16", "F")
FORMATS = ("PNG", "JPEG", "WEBP", "HEIF", "GIF", "TIFF", "BMP", "JPEG2000", "ICO", "TGA", "PPM")
SIZES = ((1, 1), (1, 300), (300, 1), (7, 5), (64, 64), (255, 257), (16_383, 1), (1, 16_384), (16_384, 2))
GARBAGE = (
    *(b"", b"\0" * 9, b"Exif\0\0II*\0\xff\xff\xff\xff", b"MM\0*\0\0\0\x08\xff\xff"),
    *(b"<x:xmpmeta tiff:Orientation='9'", b"\xff" * 200_000),
)
SLOW_SECONDS = 10.0


def poison(seed: int, count: int) -> Iterator[tuple[str, bytes]]:
    """``count`` files with words for what they are; the same for the same seed."""
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


def read(data: bytes) -> str:
    """Put a file where pictures and masks go, and all the way where it is one. What became of it. Raises what is a fault of ours."""
    outcome = "refused"
    try:
        picture = read_picture(data, name="picture").image
        outcome = "read"
        middle = Image.new("L", picture.size, 255)
        framed = frame(Repainting(picture=picture, mask=middle, prompt="p", seeds=[0]), 32)
        encode(paste(framed, Image.new("RGB", (32, 32)), in_place=True), "png")
    except InvalidInputError:
        pass
    for convention in ("white", "transparent"):
        try:
            grow_image(decode_mask(data, name="mask", convention=convention), 3)
        except InvalidInputError:
            continue
    return outcome


def swallow(files: Iterable[tuple[str, bytes]]) -> dict[str, Any]:
    """Read the files; how many ended how, which were faults or slow, and the largest memory of this process in MiB."""
    outcomes: Counter[str] = Counter()
    faults: list[str] = []
    for words, data in files:
        started = time.process_time()
        try:
            outcomes[read(data)] += 1
        except Exception as error:  # noqa: BLE001 this is what is looked for
            faults.append(f"{words}: {type(error).__name__}: {error}"[:200])
        if time.process_time() - started > SLOW_SECONDS:
            outcomes["slow"] += 1
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return {
        "pictures": outcomes.total() - outcomes["slow"] + len(faults),
        **outcomes,
        "faults": faults,
        "peak_mib": peak,
    }


if __name__ == "__main__":
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    print(json.dumps(swallow(chain(bombs(), poison(seed, PICTURES)))))
