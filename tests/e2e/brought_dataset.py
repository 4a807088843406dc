"""A dataset as people bring it from their phones, Macs and other trainers."""

import io
import json
from typing import Any
from unicodedata import normalize

from PIL import Image

from tests.e2e.studio import SAMPLE

PICTURES = sorted((SAMPLE / "dataset").glob("*.png"))[:6]
PROMPT = '"sks" skirt, label "summer"'
DRAWN = {normalize("NFD", "치마 0.png"): 1, "IMG (1).png": 0.125}
"""The share of each picture that its own mask repaints."""


def saved(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def webp(body: bytes) -> bytes:
    return saved(Image.open(io.BytesIO(body)), "WEBP", lossless=True)


def with_a_hole(body: bytes, *box: float) -> Image.Image:
    """The picture, transparent in a box of which each number is a share of the picture's side."""
    image = Image.open(io.BytesIO(body)).convert("RGBA")
    sides = (*image.size, *image.size)
    left, top, right, bottom = (round(share * side) for share, side in zip(box, sides, strict=True))
    alpha = image.getchannel("A")
    alpha.paste(0, (left, top, right, bottom))
    image.putalpha(alpha)
    return image


def brought() -> dict[str, bytes]:
    """Its files, by their path in it."""
    bodies = [path.read_bytes() for path in PICTURES]
    mac = normalize("NFD", "치마 0.png")
    caption = {"file_name": normalize("NFC", mac), "text": "sks skirt\u2028red"}
    look = (SAMPLE / "dataset/evaluation/look-01.png").read_bytes()
    return {
        mac: bodies[0],
        "dataset_info.json": b'\xef\xbb\xbf{"mask_convention": "transparent"}',
        "masks/치마 0.png": saved(with_a_hole(bodies[0], 0, 0, 1, 1)),
        "masks/IMG (1).png": saved(with_a_hole(bodies[1], 0.25, 0.25, 0.75, 0.5)),
        "evaluation/거리.png": look,
        "evaluation/masks/거리.webp": saved(
            with_a_hole(look, 0.25, 0.5, 0.75, 0.75), "WEBP", lossless=True, exact=True
        ),
        "evaluation/wall.png": saved(Image.new("RGB", (128, 128), (90, 140, 200))),
        "IMG (1).png": bodies[1],
        "IMG [1].png": bodies[2],
        "100% cotton&b=1.webp": webp(bodies[3]),
        **{f"photo-{number}.png": body for number, body in enumerate(bodies[4:])},
        "captions.jsonl": b"\xef\xbb\xbf" + json.dumps(caption, ensure_ascii=False).encode(),
        "photo-0.txt": b"sks skirt, seen from behind\r\n",
        **{f"{folder}{name}": b"\0" for folder in ("", "masks/", "evaluation/") for name in (".DS_Store", "._a.png")},
        **dict.fromkeys(("masks/Thumbs.db", "IMG (1).AAE", "__MACOSX/IMG (1).png", "#recycle/a.png"), b"\x00"),
        "README.md": b"my skirt",
    }
