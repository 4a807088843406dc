"""Predictions as people ask for them: the pictures, masks and words of ``brought/`` and their like, as the input of a request."""

import base64
import io
from collections.abc import Mapping
from typing import Any

from PIL import Image
from pillow_heif import register_heif_opener

from tests.e2e.studio import SAMPLE

register_heif_opener()
BROUGHT = SAMPLE.parents[2] / "tests" / "e2e" / "brought"
STREET = Image.open(SAMPLE / "photos" / "street-01.png").convert("RGB")
FINDS = {"mode": "segment", "mask_prompt": "a skirt"}
PAINTS = {"mode": "inpaint", "prompt": "a skirt", "seed": 1, "num_inference_steps": 2, "return_mask": True}
WORDS = {"mode": "text_to_image", "seed": 1, "num_inference_steps": 2}


def inline(data: bytes) -> str:
    return base64.b64encode(data).decode()


def brought(name: str) -> str:
    return inline((BROUGHT / name).read_bytes())


def saved(image: Image.Image, kind: str = "PNG", **options: Any) -> str:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return inline(file.getvalue())


def sideways(image: Image.Image, **options: Any) -> str:
    """Stored on its side, as phones do, with the metadata that says how it stands."""
    exif = Image.Exif()
    exif[0x0112] = 6
    return saved(image.transpose(Image.Transpose.ROTATE_90), exif=exif, **options)


def as_png(name: str) -> str:
    """The pixels of a JPEG without its metadata, turned as it says."""
    stored = Image.open(BROUGHT / name)
    stored.load()
    return saved(stored.transpose(Image.Transpose.ROTATE_270) if stored.width > stored.height else stored)


def box(size: tuple[int, int]) -> Image.Image:
    """White in the middle."""
    mask = Image.new("L", size)
    mask.paste(255, (size[0] // 4, size[1] // 4, size[0] // 2, size[1] // 2))
    return mask


def hole(size: tuple[int, int]) -> Image.Image:
    """A palette whose clear colour is in the middle."""
    mask = box(size).point(lambda level: level // 255, "P")
    mask.putpalette([200, 30, 30, 0, 0, 0])
    return mask


def in_palette(name: str) -> str:
    with Image.open(BROUGHT / name) as picture:
        return saved(picture.quantize(64), icc_profile=picture.info["icc_profile"])


TURNED_MASK = {"image": sideways(STREET, kind="JPEG", quality=95), "mask": sideways(box(STREET.size))}
UPRIGHT_MASK = {**TURNED_MASK, "mask": saved(box(STREET.size))}
HOLE = saved(hole(STREET.size), transparency=1)
CORNER = saved(box((96, 96)))

TAKEN: Mapping[str, Mapping[str, Any]] = {
    **{
        name: {**FINDS, "image": picture}
        for name, picture in {
            "exif-abs": brought("exif-abs.jpg"),
            "exif-rational": brought("exif-rational.jpg"),
            "plain exif-abs": as_png("exif-abs.jpg"),
            "no-eoi": brought("no-eoi.jpg"),
            "motion photo": inline((BROUGHT / "exif-abs.jpg").read_bytes() + b"\0\0\0\x18ftypmp42" * 99),
            "heic": saved(STREET, "HEIF", quality=90),
        }.items()
    },
    "Korean": {**FINDS, "image": saved(STREET), "mask_prompt": "“치마”!"},
    "English": {**FINDS, "image": saved(STREET), "mask_prompt": "ａ skirt"},
    "icc-rgb": {**PAINTS, "image": brought("icc-rgb.png"), "mask": CORNER},
    "icc-rgba": {**PAINTS, "image": brought("icc-rgba.png"), "mask": CORNER},
    "icc palette": {**PAINTS, "image": in_palette("icc-rgb.png"), "mask": CORNER},
    "openai's": {
        **PAINTS,
        "image": brought("exif-abs.jpg"),
        "mask": brought("mask-openai.png"),
        "mask_convention": "transparent",
        "mask_blur": 0,
    },
    "hole in a palette": {**PAINTS, "image": saved(STREET), "mask": HOLE, "mask_convention": "transparent"},
    "upright mask": {**PAINTS, **UPRIGHT_MASK},
    "turned mask": {**PAINTS, **TURNED_MASK},
    "swapped": {**PAINTS, "image": saved(STREET), "mask": saved(Image.eval(box(STREET.size), lambda v: 255 - v))},
    "long": {**WORDS, "prompt": "a person in a street, " * 20 + ", wearing sks skirt, red"},
    "empty": {**WORDS, "prompt": "sks skirt", "negative_prompt": "", "adapter": "", "width": None, "mask": None},
    "any script": {**WORDS, "prompt": 'sks "치마" 👩\u200d👧 تنورة\n\\d --x'},
}
"""What is taken and painted."""

REFUSED_BY_THE_SERVER: Mapping[str, Mapping[str, Any]] = {
    "hole as white": {**PAINTS, "image": brought("exif-abs.jpg"), "mask": brought("mask-openai.png")},
    "half clear": {**PAINTS, "image": brought("exif-abs.jpg"), "mask": brought("mask-halfclear.png")},
    "half clear as a hole": {
        **PAINTS,
        "image": brought("exif-abs.jpg"),
        "mask": brought("mask-halfclear.png"),
        "mask_convention": "transparent",
    },
    "photo as mask": {**PAINTS, "image": brought("exif-abs.jpg"), "mask": brought("exif-abs.jpg")},
    "opaque alpha": {
        **PAINTS,
        "image": saved(STREET),
        "mask": saved(box(STREET.size).convert("RGBA")),
        "mask_convention": "transparent",
    },
    "mask of ones": {**PAINTS, "image": saved(STREET), "mask": saved(Image.eval(box(STREET.size), lambda v: v // 255))},
    "cut in half": {**FINDS, "image": inline((BROUGHT / "no-eoi.jpg").read_bytes()[:4_000])},
    "elephant": {**FINDS, "image": saved(STREET), "mask_prompt": "an elephant"},
}
"""What only pixels show."""
