"""A dataset as people bring it from their phones, Macs and other trainers is learnt from, and what is not used of it is said."""

import io
import json
from unicodedata import normalize

from PIL import Image

from tests.e2e.studio import SAMPLE, Studio

PICTURES = sorted((SAMPLE / "dataset").glob("*.png"))[:6]
PROMPT = '"sks" skirt, label "summer"'


def webp(body: bytes) -> bytes:
    buffer = io.BytesIO()
    Image.open(io.BytesIO(body)).save(buffer, "WEBP", lossless=True)
    return buffer.getvalue()


def brought() -> dict[str, bytes]:
    bodies = [path.read_bytes() for path in PICTURES]
    mac = normalize("NFD", "치마 0.png")
    caption = {"file_name": normalize("NFC", mac), "text": "sks skirt\u2028red"}
    with Image.open(PICTURES[0]) as picture:
        size = picture.size
    mask = io.BytesIO()
    Image.new("L", size, 255).save(mask, "PNG")
    return {
        mac: bodies[0],
        "masks/치마 0.png": mask.getvalue(),
        "IMG (1).png": bodies[1],
        "IMG [1].png": bodies[2],
        "100% cotton&b=1.webp": webp(bodies[3]),
        **{f"photo-{number}.png": body for number, body in enumerate(bodies[4:])},
        "captions.jsonl": b"\xef\xbb\xbf" + json.dumps(caption, ensure_ascii=False).encode(),
        "photo-0.txt": b"sks skirt, seen from behind\r\n",
        **{f"{folder}{name}": b"\0" for folder in ("", "masks/", "evaluation/") for name in (".DS_Store", "._a.png")},
        "masks/Thumbs.db": b"\0",
        "README.md": b"my skirt",
    }


def test_what_people_bring_is_learnt_from_and_the_rest_is_named(studio: Studio) -> None:
    ended = studio.run(
        "brought",
        dataset=studio.upload("brought", brought()),
        instance_prompt=PROMPT,
        deploy="none",
        gate={"garment_share": 0},
    )
    assert ended.status == "SUCCEEDED", ended
    assert ended.output["notes"][:2] == [
        "1 file is not used: README.md",
        "4 of 6 pictures have no caption: they are learnt by the instance prompt",
    ]
    assert ended.output["notes"][2].startswith("mask masks/치마 0.png: the mask repaints 100% of the picture")
    assert any(note.startswith("The dataset has no evaluation/ folder") for note in ended.output["notes"][3:])
    address = ended.output["report"].removeprefix("s3://").partition("/")[2]
    report = studio.client("s3").get_object(Bucket=studio.bucket("Data"), Key=address)["Body"].read().decode()
    assert all(note in report for note in ended.output["notes"])
    assert "&#34;sks&#34; skirt, label &#34;summer&#34;" in report
