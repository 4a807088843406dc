"""Bad input ends as FAILED, at the right step, with a cause that says what, got and allowed, and nothing is published."""

import json

import pytest

from atelier.errors import ApiError
from tests.e2e.studio import SAMPLE, Ended, Studio

INFO = {"dataset_info.json": json.dumps({"instance_prompt": "a photo of sks skirt"}).encode()}
PICTURES = {path.name: path.read_bytes() for path in sorted((SAMPLE / "dataset").glob("*.png"))}


CAPTIONS = {
    "captions.jsonl": b"""{"file_name": "Skirt-01.png", "text": "a red skirt"}
{"file_name": "skirt-01.png", "text": null}
{"file_name": "skirt-01.png", "text": 5}
{"file_name": "skirt-02.png", "text": "red"}""",
    "metadata.jsonl": b'{"file_name": "skirt-02.png", "prompt": "blue"}',
    "skirt-03.txt": b"red\nblue",
    "notes.jpg": b"GIF89a" + bytes(60),
}
"""What is wrong with words, each in one way of its own, and a picture of another kind than its name says."""


def first(count: int) -> dict[str, bytes]:
    return dict(list(PICTURES.items())[:count])


def failed_at(step: str, ended: Ended, *words: str) -> None:
    assert ended.status == "FAILED", ended
    assert ended.cause.startswith(f"{step}: "), ended.cause
    for word in words:
        assert word in ended.cause, f"{word!r} is not in {ended.cause!r}"


def test_an_unknown_key_is_named_with_the_allowed_ones(studio: Studio) -> None:
    ended = studio.run("unknown-key", traget="a skirt")
    failed_at("Prepare", ended, "InvalidInputError", "'traget'", "allowed: ", "target")
    assert studio.published("unknown-key") == set()
    body = {"destination": "unknown-key", "input": {"dataset": "datasets/d/", "target": "!!!", "traget": "a skirt"}}
    with pytest.raises(ApiError, match=r"HTTP 422.*nearest: target.*words in English"):
        studio.deployment.api.request("POST", "/v1/trainings", body)


def test_a_dataset_whose_names_cannot_be_right_starts_nothing_over_http(studio: Studio) -> None:
    inputs = {"dataset": studio.upload_by_name("nobodys-mask", first(4) | {"masks/z.png": b"x"}), "target": "a skirt"}
    with pytest.raises(ApiError, match=r"HTTP 422.*mask without a picture"):
        studio.deployment.api.request("POST", "/v1/trainings", {"destination": "nobodys-mask", "input": inputs})


@pytest.mark.parametrize(
    ("name", "files", "step", "words"),
    [
        ("no-pictures", INFO, "Prepare", ("got 0", "allowed: ")),
        ("three-pictures", INFO | first(3), "Prepare", ("got 3", "4")),
        (
            "text-as-jpg",
            INFO | first(5) | {"notes.jpg": b"this is a shopping list, not a picture"},
            "Prepare",
            ("notes.jpg", "PNG", "JPEG"),
        ),
        (
            "truncated",
            INFO | first(5) | dict.fromkeys(("skirt-99.png", "evaluation/b.png"), PICTURES["skirt-01.png"][:1500]),
            "Segment",
            ("UnreadablePictureError", "skirt-99.png", "evaluation/b.png"),
        ),
        (
            "caption-of-nobody",
            INFO | first(5) | CAPTIONS,
            "Prepare",
            (
                *("captions.jsonl line 1.file_name: got 'Skirt-01.png'", "nearest: skirt-01.png"),
                *("captions.jsonl line 2: missing key 'text'", "captions.jsonl line 3.text: got 5"),
                *("captions of skirt-02.png", "skirt-03.txt: got 'red", "notes.jpg: got 'a GIF file'"),
            ),
        ),
        (
            "unused",
            INFO | first(4) | {f"{n}.bmp": b"BM" for n in range(2)} | {"Masks/a.png": b"", "skirt-01.png/a": b"x"},
            "Prepare",
            ("0.bmp", "1.bmp", "masks/, in small letters", "a name that no folder has"),
        ),
    ],
)
def test_a_dataset_that_cannot_be_learnt_from(
    studio: Studio, name: str, files: dict[str, bytes], step: str, words: tuple[str, ...]
) -> None:
    ended = studio.run(name, dataset=studio.upload(name, files))
    failed_at(step, ended, *words)
    assert studio.published(name) == set()


def test_a_failed_run_leaves_a_record_beside_its_files(studio: Studio) -> None:
    studio.run("leaves-a-record", dataset=studio.upload("leaves-a-record", INFO))
    body = studio.client("s3").get_object(Bucket=studio.bucket("Data"), Key="runs/leaves-a-record/failure.json")["Body"]
    record = json.loads(body.read())
    assert record["step"] == "Prepare"
    assert record["error"] == "InvalidInputError"
    assert "allowed" in record["reason"]
