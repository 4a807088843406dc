"""What Prepare makes of a dataset's listing, texts and first bytes: nothing that they show may fail in a job."""

import pytest

from atelier_ops.logic.plan import Dependencies
from contracts.dataset import MOST_PICTURES
from tests.unit.ops_fakes import JPEG, PNG, MemoryBuckets
from tests.unit.ops_stage import make_stage, plan_of, put_dataset, refused

Stage = tuple[MemoryBuckets, Dependencies]


@pytest.fixture
def stage() -> Stage:
    return make_stage()


def test_the_dataset_hash_sees_any_change_but_not_the_folder(stage: Stage) -> None:
    buckets, dependencies = stage
    before = plan_of(dependencies)["dataset"]["sha256"]
    put_dataset(buckets, "other")
    assert plan_of(dependencies, dataset="s3://data/datasets/other")["dataset"]["sha256"] == before
    buckets.put("data", "datasets/skirt/masks/a.png", PNG + b"changed")
    assert plan_of(dependencies)["dataset"]["sha256"] != before


@pytest.mark.parametrize(
    "dataset",
    [
        "s3://elsewhere/datasets/skirt/",
        "s3://data/runs/run-1/",
        "s3://data/datasets/",
        "s3://data/datasets/skirt/masks/",
    ],
)
def test_a_dataset_must_be_a_style_of_our_bucket(stage: Stage, dataset: str) -> None:
    message = refused(stage, dataset=dataset)
    assert dataset in message
    assert "s3://data/datasets/" in message


def test_an_empty_dataset_is_refused(stage: Stage) -> None:
    assert "got 0; allowed: 4 to 500" in refused(stage, dataset="s3://data/datasets/nothing/")


def test_three_pictures_are_too_few(stage: Stage) -> None:
    del stage[0].objects["data", "datasets/skirt/a.png"]
    assert "got 3; allowed: 4" in refused(stage)


def test_too_many_pictures_are_refused(stage: Stage) -> None:
    for number in range(MOST_PICTURES):
        stage[0].put("data", f"datasets/skirt/{number}.png", PNG)
    assert f"got {MOST_PICTURES + 4}" in refused(stage)


@pytest.mark.parametrize("name", ["notes.jpg", "evaluation/notes.png", "masks/b.png"])
def test_a_text_file_named_like_a_picture_is_named(stage: Stage, name: str) -> None:
    stage[0].put("data", f"datasets/skirt/{name}", b"a shopping list")
    message = refused(stage)
    assert name in message
    assert "PNG, JPEG, WebP or HEIC" in message


def test_an_empty_picture_is_named(stage: Stage) -> None:
    stage[0].put("data", "datasets/skirt/empty.png", b"")
    assert "empty.png: got '0 bytes'" in refused(stage)


def test_a_mask_must_belong_to_a_picture(stage: Stage) -> None:
    stage[0].put("data", "datasets/skirt/masks/z.png", PNG)
    assert "masks/z.png" in refused(stage)


def test_two_pictures_may_not_share_a_mask(stage: Stage) -> None:
    stage[0].put("data", "datasets/skirt/a.jpg", JPEG)
    message = refused(stage)
    assert "a.jpg" in message
    assert "a.png" in message


@pytest.mark.parametrize("body", [b"{", b'{"prompt": "x"}', b"[]"])
def test_a_broken_dataset_info_is_refused(stage: Stage, body: bytes) -> None:
    stage[0].put("data", "datasets/skirt/dataset_info.json", body)
    assert "dataset_info.json" in refused(stage)


def put(stage: Stage, files: dict[str, bytes]) -> None:
    for name, body in files.items():
        stage[0].put("data", f"datasets/skirt/{name}", body)


def test_a_plan_says_what_of_the_dataset_is_not_used(stage: Stage) -> None:
    put(stage, {"README.md": b"x", "captions.jsonl": b'{"file_name": "a.png", "text": "x"}'})
    unused, bare = plan_of(stage[1])["notes"]
    assert unused == "1 file is not used: README.md"
    assert bare.startswith("3 of 4 pictures have no caption")
    notes = plan_of(stage[1], task="text-to-image")["notes"]
    assert [note.split(" is ")[0] for note in notes[1:3]] == ["masks/", "evaluation/"]


@pytest.mark.parametrize("name", [".DS_Store", "Thumbs.db", "._a.png", "desktop.ini", "__MACOSX/._a.png"])
@pytest.mark.parametrize("folder", ["", "masks/", "evaluation/"])
def test_what_desktops_leave_behind_changes_nothing(stage: Stage, folder: str, name: str) -> None:
    before = plan_of(stage[1])
    put(stage, {folder + name: b"\x00\x05\x16\x07"})
    assert plan_of(stage[1]) == before


def test_webp_and_heic_are_datasets_too(stage: Stage) -> None:
    heic = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + b"\0" * 40
    put(stage, {"e.webp": b"RIFF\0\0\0\0WEBP" + b"\0" * 40, "f.heic": heic, "g.HEIF": heic, "h.jfif": JPEG})
    assert plan_of(stage[1])["dataset"]["pictures"] == 8


@pytest.mark.parametrize(
    ("name", "body", "wanted"),
    [
        ("captions.jsonl", b'{"file_name": "a.png", "text": null}', "captions.jsonl line 1"),
        ("captions.jsonl", b'{"file_name": "A.png", "text": "x"}', "nearest: a.png"),
        ("captions.jsonl", '{"file_name": "a.png", "text": "x"}'.encode("utf-16"), "captions.jsonl"),
        ("metadata.jsonl", b'{"file_name": "z.png", "text": "x"}', "metadata.jsonl line 1"),
        ("a.txt", b"two\nlines", "a.txt"),
        ("a.txt", b"", "size of a.txt"),
        ("evaluation/e.jpg", JPEG, "evaluation/e.jpg"),
        ("evaluation/masks/z.png", PNG, "evaluation/masks/z.png"),
        ("evaluation/masks/e.png", b"no mask", "evaluation/masks/e.png"),
        ("e.heic", b"\0\0\0\x1cftypavif\0\0\0\0avifmif1" + b"\0" * 40, "e.heic"),
        ("x.jpg", b"GIF89a" + b"\0" * 60, "x.jpg: got 'a GIF file'"),
        ("x.png", b"\0\0\0\x20ftypavif\0\0\0\0avifmif1miaf" + b"\0" * 40, "x.png: got 'an AVIF file'"),
        ("dataset_info.json", b'{"instance_prompt": "x"}' + b" " * 2**16, "size of dataset_info.json"),
        ("f.heic", b"\0\0\0\x1cftypmif1\0\0\0\0mif1avif" + b"\0" * 40, "f.heic"),
    ],
)
def test_what_a_text_or_a_name_shows_is_refused_before_a_job_starts(
    stage: Stage, name: str, body: bytes, wanted: str
) -> None:
    put(stage, {name: body})
    assert wanted in refused(stage)


def test_a_dataset_info_need_not_have_what_the_input_has(stage: Stage) -> None:
    put(stage, {"dataset_info.json": b'{"mask_convention": "transparent"}'})
    assert "none, and the dataset has none in its dataset_info.json" in refused(stage)
    assert plan_of(stage[1], instance_prompt="a photo of sks skirt")["dataset"]["pictures"] == 4
    put(stage, {"dataset_info.json": b'{"mask_convention": "black"}'})
    assert "dataset_info.json.mask_convention: got 'black'; allowed: white | transparent" in refused(stage)


def test_everything_that_is_wrong_with_a_datasets_contents_is_said_at_once(stage: Stage) -> None:
    put(stage, {"e.png": b"text", "captions.jsonl": b"{", "dataset_info.json": b"[]"})
    message = refused(stage)
    assert all(name in message for name in ("e.png", "captions.jsonl line 1", "dataset_info.json"))
