"""Looking at a prediction's pictures as far as their header, so that no GPU wakes for what cannot be read."""

import base64
import binascii
from collections.abc import Iterator
from dataclasses import replace

from atelier_ops.gateways.storage import ObjectStore
from atelier_ops.logic.header import Header, read_header
from contracts.conventions import NOT_TRANSPARENT, OF_REQUEST, both_conventions
from contracts.errors import InvalidInputError, Problem
from contracts.layout import UPLOADS
from contracts.modes import MODES
from contracts.pictures import LONGEST_SIDE, LONGEST_TO_UPSCALE, MOST_PIXELS, START, format_of, other_format
from contracts.prediction import LONGEST_PICTURE, MOST_PIXELS_TO_UPSCALE, PredictionInput

BASE64 = "base64 of a PNG, JPEG, WebP or HEIC file, a data: URI with base64, or the uri that POST /v1/files gave"
ALLOWED = (
    f"a still PNG, JPEG, WebP or HEIC picture of at most {MOST_PIXELS:,} pixels, no side longer than {LONGEST_SIDE:,}"
)

UPLOADED = f"a file of 1 to {LONGEST_PICTURE:,} bytes that was put to the urls.upload which POST /v1/files gave"
LOOKED_AT = 2**20
"""Bytes of an upload that are fetched. The header of nearly every file lies there; the rest is left to the model server."""

_PASTED_BACK = ("style", "inpaint")
"""The modes whose answer has the photo's size."""


def check_pictures(inputs: PredictionInput, media: ObjectStore) -> tuple[int, int] | None:
    """The width and height of the picture that the mode works on, where it has one and its header is in reach.

    Raises InvalidInputError with everything that is wrong with the pictures that the mode looks at, inline or uploaded to ``media``.
    """
    mode = MODES[inputs.mode]
    named = [name for name in ("image", "mask") if name in (*mode.needs, *mode.uses)]
    headers = {name: _header(f"input.{name}", value, media) for name in named if (value := getattr(inputs, name))}
    problems = [header for header in headers.values() if isinstance(header, Problem)]
    sizes: dict[str, Header] = {name: header for name, header in headers.items() if isinstance(header, Header)}
    if problems := [*problems, *_unequal(sizes), *_opaque(inputs, sizes), *_too_large(inputs, sizes)]:
        raise InvalidInputError.of(problems)
    image = sizes.get("image")
    return (image.width, image.height) if image else None


def _header(where: str, value: str, media: ObjectStore) -> Header | Problem | None:
    return _uploaded(where, value, media) if value.startswith(UPLOADS) else _inline(where, value)


def _uploaded(where: str, key: str, media: ObjectStore) -> Header | Problem | None:
    """The header of an upload; None where it lies further inside a large file."""
    stored = media.uploaded(key)
    if stored is None or not 0 < stored.size <= LONGEST_PICTURE:
        return Problem(where, f"{f'{stored.size:,} bytes' if stored else 'nothing'} at {key}", UPLOADED)
    (body,) = media.read_starts([key], LOOKED_AT)
    header = read_header(body)
    if stored.size > LOOKED_AT:
        if header is None and format_of(body[:START]):
            return None
        # What says so may come later in the file.
        header = header and replace(header, may_be_turned=True, may_be_transparent=True)
    return _judged(where, header, stored.size, body[:START])


def _inline(where: str, text: str) -> Header | Problem:
    try:
        body = _decoded(text)
    except (binascii.Error, ValueError):
        return Problem(where, f"{len(text)} characters starting {text[:16]}", BASE64)
    return _judged(where, read_header(body), len(body), body[:START])


def _judged(where: str, header: Header | None, size: int, start: bytes) -> Header | Problem:
    """The header of a file of ``size`` bytes with such a ``start``, if it is one of a picture that may be sent."""
    if header is None:
        got = other_format(start) or f"{size} bytes that are no whole header of such a file"
        return Problem(where, got, ALLOWED)
    if wrong := _wrong(header):
        return Problem(where, wrong, ALLOWED)
    return header


def _decoded(text: str) -> bytes:
    """The file in base64 or a ``data:`` URI, broken into lines or not. Raises ValueError."""
    if text.startswith("data:"):
        head, _, text = text.partition(",")
        if not head.endswith(";base64"):
            raise ValueError(head)
    return base64.b64decode("".join(text.split()), validate=True)


def _wrong(header: Header) -> str:
    """Why a picture is refused; empty where it is not."""
    width, height = header.width, header.height
    if header.animated:
        return "an animation"
    if not width or not height or width * height > MOST_PIXELS or max(width, height) > LONGEST_SIDE:
        return f"{width}x{height} pixels"
    return ""


def _too_large(inputs: PredictionInput, headers: dict[str, Header]) -> Iterator[Problem]:
    """What is upscaled at the picture's own size must not become larger than a picture may be."""
    image = headers.get("image")
    if image and (inputs.mode == "upscale" or (inputs.upscale and inputs.mode in _PASTED_BACK)):
        width, height = image.width, image.height
        if width * height > MOST_PIXELS_TO_UPSCALE or max(width, height) > LONGEST_TO_UPSCALE:
            allowed = (
                f"to upscale, at most {MOST_PIXELS_TO_UPSCALE:,} pixels, no side longer than {LONGEST_TO_UPSCALE:,}"
            )
            yield Problem("input.image", f"{width}x{height} pixels", allowed)


def _opaque(inputs: PredictionInput, headers: dict[str, Header]) -> Iterator[Problem]:
    """What is transparent in a mask is repainted where that is its convention; whether an alpha channel is opaque the model server sees."""
    mask = headers.get("mask")
    if mask and inputs.mask_convention == "transparent" and not mask.may_be_transparent:
        yield Problem("input.mask", NOT_TRANSPARENT, both_conventions(OF_REQUEST))


def _unequal(headers: dict[str, Header]) -> Iterator[Problem]:
    """A mask has its picture's size.

    The model server decides where metadata may turn one of them and only the sides changed places, and about HEIC, which may be cut too.
    """
    if len(headers) < 2 or "heic" in {header.format for header in headers.values()}:
        return
    image, mask = headers["image"], headers["mask"]
    size, other = (image.width, image.height), (mask.width, mask.height)
    turned = (image.may_be_turned or mask.may_be_turned) and other == size[::-1]
    if other != size and not turned:
        yield Problem("input.mask", f"{other[0]}x{other[1]} pixels", f"{size[0]}x{size[1]}, the size of input.image")
