"""Artifacts and where they lie: manifests, hashes, keys, prices."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts import layout
from contracts.artifact import BaseManifest, StyleManifest, hash_files, sha256, to_json, verify_files
from contracts.errors import InvalidInputError
from contracts.layout import S3Uri
from contracts.pretraining import MeasuredArtifact
from contracts.prices import DOLLARS_PER_HOUR, SPOT_SHARE, estimate
from tests.unit.ops_stage import base_manifest


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "unet").mkdir()
    (tmp_path / "unet" / "weights").write_bytes(b"abc")
    (tmp_path / "log.jsonl").write_bytes(b"")
    return tmp_path


ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_files_are_hashed_by_relative_path_without_the_manifest(folder: Path) -> None:
    (folder / "manifest.json").write_text("{}")
    assert set(hash_files(folder)) == {"unet/weights", "log.jsonl"}
    assert hash_files(folder)["unet/weights"] == sha256(folder / "unet" / "weights") == ABC


def test_a_changed_or_missing_file_is_named(folder: Path) -> None:
    files = hash_files(folder)
    verify_files(folder, files)
    (folder / "log.jsonl").write_bytes(b"x")
    with pytest.raises(InvalidInputError, match=r"log\.jsonl.*sha256"):
        verify_files(folder, files)
    (folder / "log.jsonl").unlink()
    with pytest.raises(InvalidInputError, match="no such file"):
        verify_files(folder, files)


def test_a_manifest_is_the_same_text_every_time_and_reads_back(folder: Path) -> None:
    manifest = base_manifest("tiny", "inpaint", files=hash_files(folder))
    (folder / "manifest.json").write_text(to_json(manifest))
    assert BaseManifest.load(folder) == manifest
    assert to_json(BaseManifest.load(folder)) == to_json(manifest)
    assert manifest.reference == "tiny@v1"


def test_a_folder_without_a_manifest_is_not_complete(folder: Path) -> None:
    with pytest.raises(InvalidInputError, match="a complete artifact has one"):
        StyleManifest.load(folder)


def test_a_manifest_with_unknown_or_missing_keys_is_refused() -> None:
    known = json.loads(to_json(base_manifest("tiny", "inpaint")))
    with pytest.raises(InvalidInputError, match="'extra'"):
        BaseManifest.from_json({**known, "extra": 1})
    del known["family"]
    with pytest.raises(InvalidInputError, match="'family'"):
        BaseManifest.from_json(known)


def test_every_prefix_ends_in_a_slash_and_no_key_starts_with_one() -> None:
    prefixes = [
        layout.dataset_prefix("s"),
        layout.run_prefix("e"),
        layout.run_prefix("e", "train"),
        layout.base_prefix("n", "r"),
        layout.style_prefix("s"),
        layout.style_prefix("s", 3),
        layout.found_masks_prefix("p"),
    ]
    keys = [layout.upload_key("f", "u", "n"), layout.request_key("p"), layout.output_key("p", 0, "png")]
    keys.append(layout.found_mask_key("p", 0, "png"))
    assert all(prefix.endswith("/") for prefix in prefixes)
    assert not any(key.endswith("/") for key in keys)
    assert not any(key.startswith("/") for key in [*prefixes, *keys])
    assert layout.style_prefix("s", 3).startswith(layout.style_prefix("s"))


@given(bucket=st.from_regex(r"[a-z0-9.-]{3,20}", fullmatch=True), key=st.text(max_size=20))
def test_an_address_survives_the_trip(bucket: str, key: str) -> None:
    assert S3Uri.parse(str(S3Uri(bucket=bucket, key=key))) == S3Uri(bucket=bucket, key=key)


@pytest.mark.parametrize("uri", ["", "bucket/key", "s3://", "s3:///key", "https://bucket/key"])
def test_what_is_no_address_is_refused(uri: str) -> None:
    with pytest.raises(InvalidInputError, match="s3://bucket/key"):
        S3Uri.parse(uri)


def test_a_child_has_exactly_one_slash() -> None:
    for key in ("a", "a/"):
        assert str(S3Uri(bucket="b", key=key).child("c")) == "s3://b/a/c"
    assert str(S3Uri(bucket="b", key="").child("c")) == "s3://b/c"


def test_an_hour_costs_what_the_table_says() -> None:
    for instance, dollars in DOLLARS_PER_HOUR.items():
        assert estimate(instance, 3600) == pytest.approx(dollars)
    assert estimate("ml.g5.xlarge", 1800, count=2, spot=True) == pytest.approx(1.408 * SPOT_SHARE)
    assert estimate("ml.x9.huge", 3600) is None


@pytest.mark.parametrize("name", ["/etc/passwd", "../x", "unet/../../x", "a//b", "./x", "", "a/", "x\0y"])
def test_a_manifest_names_no_file_outside_its_folder(name: str, tmp_path: Path) -> None:
    measured = MeasuredArtifact(
        files={}, task="inpaint", family="sd1", code_version="0", created_at="2026-01-01T00:00:00Z"
    )
    words = (
        "style",
        "execution",
        "task",
        "method",
        "base_model",
        "instance_prompt",
        "dataset_sha256",
        "code_version",
        "created_at",
    )
    style = StyleManifest.from_json({**dict.fromkeys(words, "a"), "hyperparameters": {}})
    for document in (base_manifest("tiny", "inpaint"), style, measured):
        kind, fields = type(document), document.to_json()
        kind.from_json({**fields, "files": {"unet/a.safetensors": "0"}})
        with pytest.raises(InvalidInputError, match=r"files: got .*no folder without a name, and none called"):
            kind.from_json({**fields, "files": {name: "0"}})
    with pytest.raises(InvalidInputError, match="none called"):
        verify_files(tmp_path, {name: "0"})
