"""A dataset as people bring it from their phones, Macs and other trainers is learnt from, and what is not used of it is said."""

import io
import json
from html import unescape
from typing import Any
from unicodedata import normalize

import pytest
from PIL import Image

from tests.e2e.studio import SAMPLE, Ended, Studio

PICTURES = sorted((SAMPLE / "dataset").glob("*.png"))[:6]
PROMPT = '"sks" skirt, label "summer"'


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


@pytest.fixture(scope="module")
def run(studio: Studio) -> Ended:
    return studio.run(
        "brought",
        dataset=studio.upload("brought", brought()),
        instance_prompt=PROMPT,
        deploy="none",
        gate={"garment_share": 0},
        AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID="arn:aws:states:us-east-1:123456789012:execution:parent:1",
        Comment="started by another machine",
    )


def test_what_people_bring_is_learnt_from_and_the_rest_is_named(studio: Studio, run: Ended) -> None:
    assert run.status == "SUCCEEDED", run
    assert run.output["notes"][:2] == [
        "1 file is not used: README.md",
        "4 of 6 pictures have no caption: they are learnt by the instance prompt",
    ]
    assert run.output["notes"][2].startswith("mask masks/치마 0.png: the mask repaints 100% of the picture")
    assert "swap transparent and opaque" in run.output["notes"][2]
    assert any(note.startswith("wall.png is left out") for note in run.output["notes"][3:])
    assert run.output["metrics"]["pixels_changed_outside"] == 0
    address = run.output["report"].removeprefix("s3://").partition("/")[2]
    report = studio.client("s3").get_object(Bucket=studio.bucket("Data"), Key=address)["Body"].read().decode()
    assert all(note in unescape(report) for note in run.output["notes"])
    assert "&#34;sks&#34; skirt, label &#34;summer&#34;" in report


def test_a_datasets_masks_are_read_by_its_convention(studio: Studio, run: Ended) -> None:
    (key,) = [key for key in studio.written("brought") if key.endswith("/segment.json")]
    body = studio.client("s3").get_object(Bucket=studio.bucket("Data"), Key=key)["Body"].read()
    drawn = {each["name"]: each["area"] for each in json.loads(body)["pictures"] if each["source"] == "user"}
    assert drawn == {normalize("NFD", "치마 0.png"): 1, "IMG (1).png": 0.125}
