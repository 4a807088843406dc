"""Checks one uploaded sample, so that it cannot make a training fail."""

import io
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from contracts.corpus import CAPTIONS, LABELS, Caption, Vocabulary, sample_key
from contracts.errors import InvalidInputError
from imaging.pictures import decode, encode

_ORIENTATION = 0x0112
"""EXIF's tag; 1 is upright."""
_PLAIN = {"PNG": "png", "JPEG": "jpg"}
_MAP_MODES = ("L", "P")


@dataclass(frozen=True, kw_only=True)
class CheckedSample:
    """The members of a sample by their suffix: ``png`` or ``jpg``, ``labels.png``, ``json``."""

    key: str
    members: dict[str, bytes]


def check_sample(picture: Path, caption: Caption | None, labels: Path | None, vocabulary: Vocabulary) -> CheckedSample:
    """Read and check one sample; ``labels`` is None where the data set has no label maps.

    Raises InvalidInputError, UnreadablePictureError among them, naming the sample.
    """
    key = sample_key(picture.name, picture.stem)
    if caption is None:
        raise InvalidInputError(f"sample {key}", got=f"no line in {CAPTIONS}", allowed="a line with its key")
    suffix, body, size = _picture(picture, key)
    for label in (region.label for region in caption.regions):
        if label >= len(vocabulary.labels):
            allowed = f"a label from 0 to {len(vocabulary.labels) - 1}"
            raise InvalidInputError(f"sample {key}: a region in {CAPTIONS}", got=f"label {label}", allowed=allowed)
    # Without maps, all of the picture is label 0, the background.
    members = {
        suffix: body,
        "labels.png": encode(Image.new("L", size), "png")
        if labels is None
        else _label_map(labels, key, size, vocabulary),
        "json": json.dumps(caption.sample()).encode(),
    }
    return CheckedSample(key=key, members=members)


def _picture(path: Path, key: str) -> tuple[str, bytes, tuple[int, int]]:
    """The file as it is where it can be read as it is, else as an upright sRGB PNG; and the size of what it shows."""
    body = path.read_bytes()
    decoded = decode(body, name=f"sample {key}: {path.name}")
    plain = Image.open(io.BytesIO(body))
    changed = plain.mode != "RGB" or "icc_profile" in plain.info or plain.getexif().get(_ORIENTATION, 1) != 1
    if changed or plain.has_transparency_data or plain.format not in _PLAIN:
        return "png", encode(decoded, "png"), decoded.size
    return _PLAIN[plain.format], body, decoded.size


def _label_map(folder: Path, key: str, size: tuple[int, int], vocabulary: Vocabulary) -> bytes:
    where, path = f"sample {key}: {LABELS}{key}.png", folder / f"{key}.png"
    if not path.is_file():
        raise InvalidInputError(where, got="no such file", allowed=f"a label map for every picture, or no {LABELS}")
    body = path.read_bytes()
    decode(body, name=where)  # Raises unless it is a whole picture.
    image = Image.open(io.BytesIO(body))
    if image.mode not in _MAP_MODES or image.size != size:
        got = f"mode {image.mode}, {image.width}x{image.height} pixels"
        raise InvalidInputError(where, got=got, allowed=f"8 bits a pixel, its picture's size {size[0]}x{size[1]}")
    highest = int(np.asarray(image).max())
    if highest >= len(vocabulary.labels):
        raise InvalidInputError(where, got=f"label {highest}", allowed=f"0 to {len(vocabulary.labels) - 1}")
    return body
