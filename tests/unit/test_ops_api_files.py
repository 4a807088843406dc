"""Addresses for uploads: where a file may go, and what it may be called."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.layout import S3Uri
from tests.unit.ops_api import Answered, Api


def post(**body: Any) -> Answered:
    return Api().call("POST", "/v1/files", {"name": "a.png", "content_type": "image/png", "purpose": "upload", **body})


def test_an_upload_gets_an_address_below_uploads() -> None:
    answered = post(name="my photo (1).PNG")
    assert answered.status == 201
    made = answered.body
    assert made["name"] == "my_photo__1_.PNG"
    assert made["uri"] == f"s3://media/uploads/{made['id']}/my_photo__1_.PNG"
    assert made["urls"]["upload"].endswith("?put=3600&type=image/png")
    assert made["created_at"] == "2027-01-15T08:00:00.000Z"
    assert made["expires_at"] == "2027-01-15T09:00:00.000Z"


@pytest.mark.parametrize(
    ("name", "kind", "key"),
    [
        ("a.png", "image/png", "a.png"),
        ("b.JPG", "image/jpeg", "b.JPG"),
        ("masks/a.png", "image/png", "masks/a.png"),
        ("evaluation/p.jpeg", "image/jpeg", "evaluation/p.jpeg"),
        ("dataset_info.json", "application/json", "dataset_info.json"),
        ("captions.jsonl", "application/jsonl", "captions.jsonl"),
    ],
)
def test_a_datasets_file_goes_to_its_style(name: str, kind: str, key: str) -> None:
    answered = post(name=name, content_type=kind, purpose="dataset", style="skirt")
    assert answered.body["uri"] == f"s3://data/datasets/skirt/{key}"


@pytest.mark.parametrize(
    "body",
    [
        {"purpose": "dataset"},
        {"purpose": "dataset", "style": "Skirt"},
        {"purpose": "dataset", "style": "skirt", "content_type": "image/webp", "name": "a.webp"},
        {"purpose": "dataset", "style": "skirt", "name": "other/a.png"},
        {"purpose": "dataset", "style": "skirt", "name": "x.json", "content_type": "application/json"},
        {"content_type": "application/json", "name": "a.json"},
        {"content_type": "text/html", "name": "a.html"},
        {"content_type": "image/png", "name": "a.jpg"},
        {"name": ".png"},
        {"name": ""},
        {"name": "a.png", "size": 3},
    ],
)
def test_what_no_part_of_ours_reads_is_422(body: dict[str, Any]) -> None:
    answered = post(**body)
    assert answered.status == 422
    assert answered.body["allowed"]


@given(name=st.text(min_size=1, max_size=150), purpose=st.sampled_from(["upload", "dataset"]))
def test_no_name_escapes_its_folder(name: str, purpose: str) -> None:
    answered = post(name=f"{name}.png", purpose=purpose, style="skirt")
    if answered.status == 201:
        key = S3Uri.parse(answered.body["uri"]).key
        root = "datasets/skirt/" if purpose == "dataset" else f"uploads/{answered.body['id']}/"
        assert key.startswith(root)
        assert ".." not in key.removeprefix(root).split("/")
        assert key.count("/") <= root.count("/") + 1
    else:
        assert answered.status == 422
