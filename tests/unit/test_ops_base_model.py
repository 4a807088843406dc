"""Mirroring base models: verified file by file, complete only with its manifest, done once."""

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import IO, Any

import pytest

from atelier_ops.errors import BaseModelChangedError, MirrorTimeoutError, SourceFileError
from atelier_ops.gateways.answers import Answers
from atelier_ops.gateways.hub import Hub, HubFile
from atelier_ops.logic.custom_resource import settle
from atelier_ops.logic.mirror import DOWNLOADS, Clock, Entry, mirror_asset, mirror_hub
from atelier_ops.logic.selection import select
from contracts.artifact import BaseManifest
from tests.unit.ops_fakes import MemoryBuckets, MemoryStore
from tests.unit.ops_logs import lines

COMMIT = "c" * 40
ENTRY: dict[str, Any] = {
    "name": "sd2-inpaint",
    "revision": COMMIT,
    "family": "sd2",
    "task": "inpaint",
    "licence": "RAIL",
    "resolution": 512,
    "memory_gib": 6,
    "defaults": {"guidance_scale": 7.5},
    "training": {"lora": {"max_steps": 800}},
    "source": {"kind": "hub", "repository": "owner/sd2", "variant": "fp16"},
}
FILES = {
    "model_index.json": b"{}",
    "v2.safetensors": b"single file",
    "unet/config.json": b'{"in_channels": 9}',
    "unet/diffusion_pytorch_model.safetensors": b"full precision",
    "unet/diffusion_pytorch_model.fp16.safetensors": b"half precision",
    "unet/diffusion_pytorch_model.bin": b"pickle",
    "vae/diffusion_pytorch_model.safetensors": b"only full",
    "tokenizer/merges.txt": b"a b",
    "README.md": b"words",
}
FOREVER = Clock(left=lambda: 900.0)


class BreakingStream(io.BytesIO):
    """A download whose connection is lost after its first bytes."""

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size)
        if not data:
            raise ConnectionResetError("connection lost")
        return data


@dataclass
class MemoryHub(Hub):
    """A hub with one repository; ``changed`` bodies differ from what its tree promises, and a download ``breaks`` that often."""

    files: Mapping[str, bytes] = field(default_factory=lambda: dict(FILES))
    changed: dict[str, bytes] = field(default_factory=dict)
    breaks: dict[str, int] = field(default_factory=dict)
    opened: list[str] = field(default_factory=list)

    def tree(self, repository: str, revision: str) -> list[HubFile]:
        assert (repository, revision) == ("owner/sd2", COMMIT)
        return [hub_file(path, body) for path, body in self.files.items()]

    def open(self, repository: str, revision: str, path: str) -> IO[bytes]:
        assert revision == COMMIT
        self.opened.append(path)
        if self.breaks.get(path, 0):
            self.breaks[path] -= 1
            return BreakingStream(self.files[path][:2])
        return io.BytesIO(self.changed.get(path, self.files[path]))


def hub_file(path: str, body: bytes) -> HubFile:
    if path.endswith(".safetensors"):
        return HubFile(path=path, size=len(body), sha256=hashlib.sha256(body).hexdigest())
    blob = hashlib.sha1(b"blob %d\0" % len(body) + body, usedforsecurity=False).hexdigest()
    return HubFile(path=path, size=len(body), blob=blob)


@pytest.fixture
def models() -> MemoryStore:
    return MemoryBuckets().store("model")


def entry(**changes: Any) -> Entry:
    return Entry.from_text(json.dumps({**ENTRY, **changes}))


def names(models: MemoryStore) -> set[str]:
    return {key.removeprefix(f"base/sd2-inpaint@{COMMIT}/") for key in models.names()}


def test_a_hub_model_is_mirrored_with_what_its_pipeline_needs(models: MemoryStore) -> None:
    manifest = mirror_hub(entry(), models, MemoryHub(), FOREVER)
    assert names(models) == {
        "manifest.json",
        "model_index.json",
        "unet/config.json",
        "unet/diffusion_pytorch_model.safetensors",
        "vae/diffusion_pytorch_model.safetensors",
        "tokenizer/merges.txt",
    }
    assert models.read(f"base/sd2-inpaint@{COMMIT}/unet/diffusion_pytorch_model.safetensors") == b"half precision"
    assert manifest.files == {
        name: hashlib.sha256(models.read(f"base/sd2-inpaint@{COMMIT}/{name}")).hexdigest()
        for name in names(models) - {"manifest.json"}
    }
    assert BaseManifest.from_json(models.json(f"base/sd2-inpaint@{COMMIT}/manifest.json")) == manifest
    assert manifest.source == f"owner/sd2@{COMMIT}"
    assert manifest.training == {"lora": {"max_steps": 800}}


def test_a_complete_mirror_fetches_nothing(models: MemoryStore) -> None:
    mirror_hub(entry(), models, MemoryHub(), FOREVER)
    hub = MemoryHub()
    mirror_hub(entry(), models, hub, FOREVER)
    assert hub.opened == []


def test_what_the_catalogue_says_may_change_without_fetching(models: MemoryStore) -> None:
    before = mirror_hub(entry(), models, MemoryHub(), FOREVER)
    hub = MemoryHub()
    after = mirror_hub(entry(defaults={"guidance_scale": 5}), models, hub, FOREVER)
    assert (after.defaults.to_json(), after.files, hub.opened) == ({"guidance_scale": 5}, before.files, [])
    assert models.json(f"base/sd2-inpaint@{COMMIT}/manifest.json")["defaults"] == {"guidance_scale": 5}


@pytest.mark.parametrize(
    "path", ["unet/diffusion_pytorch_model.fp16.safetensors", "unet/config.json", "tokenizer/merges.txt"]
)
@pytest.mark.parametrize("damage", [lambda body: body[:-1], lambda body: body + b"x", lambda body: b"X" + body[1:]])
def test_a_file_that_is_not_what_was_promised_is_refused_and_removed(
    models: MemoryStore, path: str, damage: Any
) -> None:
    hub = MemoryHub(changed={path: damage(FILES[path])})
    with pytest.raises(SourceFileError, match=path.replace(".", r"\.")):
        mirror_hub(entry(), models, hub, FOREVER)
    assert path.replace(".fp16", "") not in names(models)
    assert "manifest.json" not in names(models)


def test_a_second_attempt_goes_on_where_the_first_broke(models: MemoryStore) -> None:
    broken = MemoryHub(changed={"vae/diffusion_pytorch_model.safetensors": b"no"})
    with pytest.raises(SourceFileError):
        mirror_hub(entry(), models, broken, FOREVER)
    hub = MemoryHub()
    mirror_hub(entry(), models, hub, FOREVER)
    assert "unet/diffusion_pytorch_model.fp16.safetensors" not in hub.opened
    assert "manifest.json" in names(models)


def test_time_that_runs_out_is_said_before_the_lambda_is_stopped(models: MemoryStore) -> None:
    with pytest.raises(MirrorTimeoutError, match="deploy again"):
        mirror_hub(entry(), models, MemoryHub(), Clock(left=lambda: 900.0 if len(models.names()) < 2 else 5.0))
    assert len(names(models)) == 2


@pytest.mark.parametrize("path", ["unet/diffusion_pytorch_model.fp16.safetensors", "tokenizer/merges.txt"])
def test_a_download_that_breaks_off_is_begun_anew(models: MemoryStore, path: str) -> None:
    hub = MemoryHub(breaks={path: DOWNLOADS - 1})
    manifest = mirror_hub(entry(), models, hub, FOREVER)
    assert hub.opened.count(path) == DOWNLOADS
    assert manifest.files[path.replace(".fp16", "")] == hashlib.sha256(FILES[path]).hexdigest()


def test_a_download_that_always_breaks_off_is_named(models: MemoryStore) -> None:
    hub = MemoryHub(breaks={"tokenizer/merges.txt": DOWNLOADS})
    with pytest.raises(SourceFileError, match=r"tokenizer/merges\.txt: connection lost"):
        mirror_hub(entry(), models, hub, FOREVER)
    assert not {"tokenizer/merges.txt", "manifest.json"} & names(models)


def test_a_file_too_long_for_the_lambda_ends_before_the_lambda_does(models: MemoryStore) -> None:
    left = iter([900.0, 900.0, 5.0])
    with pytest.raises(MirrorTimeoutError, match=r"model_index\.json: the Lambda's time ends; deploy again"):
        mirror_hub(entry(), models, MemoryHub(), Clock(left=lambda: next(left)))
    assert names(models) == set()


def test_a_wait_that_would_outlast_the_lambda_is_not_begun() -> None:
    slept: list[float] = []
    clock = Clock(left=lambda: 30.0, sleep=slept.append)
    clock.wait(5)
    with pytest.raises(MirrorTimeoutError, match="waiting 11 s"):
        clock.wait(11)
    assert slept == [5]


def selected(*paths: str, variant: str = "") -> dict[str, str]:
    files = [HubFile(path=path, size=1) for path in paths]
    return {path: file.path for path, file in select(files, variant).items()}


def test_without_a_variant_only_plain_weights_are_taken() -> None:
    assert selected("unet/m.safetensors", "unet/m.fp16.safetensors", "unet/m.non_ema.safetensors") == {
        "unet/m.safetensors": "unet/m.safetensors"
    }


def test_a_single_model_keeps_its_weights_at_the_root() -> None:
    assert set(selected("model.safetensors", "config.json", "pytorch_model.bin")) == {
        "model.safetensors",
        "config.json",
    }


def test_the_variant_of_transformers_models_is_renamed_too() -> None:
    assert selected("model_index.json", "te/model.fp16.safetensors", "te/model.safetensors", variant="fp16") == {
        "model_index.json": "model_index.json",
        "te/model.safetensors": "te/model.fp16.safetensors",
    }


def test_an_upscalers_second_scheduler_is_taken_and_its_single_file_is_not() -> None:
    parts = ("text_encoder/model", "unet/diffusion_pytorch_model", "vae/diffusion_pytorch_model")
    files = [
        f"{part}{ending}" for part in parts for ending in (".bin", ".safetensors", ".fp16.bin", ".fp16.safetensors")
    ]
    configs = ["model_index.json", "low_res_scheduler/scheduler_config.json", "scheduler/scheduler_config.json"]
    assert selected(*configs, *files, "x4-upscaler-ema.safetensors", "x4-upscaler-ema.ckpt", variant="fp16") == {
        **{name: name for name in configs},
        **{f"{part}.safetensors": f"{part}.fp16.safetensors" for part in parts},
    }


def test_a_repository_of_pickles_is_refused() -> None:
    with pytest.raises(SourceFileError, match="safetensors"):
        selected("model_index.json", "unet/m.bin")


def archive(**files: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as zipped:
        for name, body in files.items():
            zipped.writestr(name.replace("__", "/"), body)
    return buffer.getvalue()


ASSET = entry(name="tiny", revision="v1", source={"kind": "asset", "folder": "models/tiny/weights/inpaint"})


def test_an_asset_is_unpacked_with_its_hashes(models: MemoryStore) -> None:
    manifest = mirror_asset(ASSET, models, archive(unet__m=b"1", c=b"2"), FOREVER)
    assert set(models.names()) == {"base/tiny@v1/manifest.json", "base/tiny@v1/unet/m", "base/tiny@v1/c"}
    assert manifest.files == {"unet/m": hashlib.sha256(b"1").hexdigest(), "c": hashlib.sha256(b"2").hexdigest()}


def test_the_same_asset_again_writes_nothing() -> None:
    buckets = MemoryBuckets()
    mirror_asset(ASSET, buckets.store("model"), archive(c=b"2"), FOREVER)
    buckets.writes.clear()
    mirror_asset(ASSET, buckets.store("model"), archive(c=b"2"), FOREVER)
    assert buckets.writes == []


def test_other_files_under_the_same_revision_are_refused(models: MemoryStore) -> None:
    mirror_asset(ASSET, models, archive(c=b"2", d=b"3"), FOREVER)
    with pytest.raises(BaseModelChangedError, match=r"c changed.*revision"):
        mirror_asset(ASSET, models, archive(c=b"other", d=b"3"), FOREVER)
    assert models.read("base/tiny@v1/c") == b"2"


@pytest.mark.parametrize("name", ["../x", "/x", "a/../../x"])
def test_an_archive_cannot_write_elsewhere(models: MemoryStore, name: str) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as zipped:
        zipped.writestr(name, b"x")
    with pytest.raises(SourceFileError):
        mirror_asset(ASSET, models, buffer.getvalue(), FOREVER)
    assert models.names() == []


def test_an_empty_archive_is_refused(models: MemoryStore) -> None:
    with pytest.raises(SourceFileError, match="no files"):
        mirror_asset(ASSET, models, archive(), FOREVER)


@dataclass
class Stack(Answers):
    """CloudFormation's side of the custom resource."""

    buckets: MemoryBuckets = field(default_factory=MemoryBuckets)
    sent: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)

    def send(self, url: str, answer: Mapping[str, Any]) -> None:
        self.sent.append((url, answer))

    def ask(self, kind: str, given: Any, **more: str) -> dict[str, Any]:
        text = given if isinstance(given, str) else json.dumps(given)
        event = {
            "RequestType": kind,
            "ResponseURL": "https://answer.test",
            "StackId": "stack",
            "RequestId": "request",
            "LogicalResourceId": "Tiny",
            "ResourceProperties": {"Entry": text, "AssetBucket": "assets", "AssetKey": "tiny.zip"},
            **more,
        }
        settle(event, self.buckets.store("model"), self.buckets.store("assets"), MemoryHub(), self, FOREVER)
        ((url, answer),) = self.sent
        self.sent.clear()
        assert url == "https://answer.test"
        assert (answer["StackId"], answer["RequestId"], answer["LogicalResourceId"]) == ("stack", "request", "Tiny")
        return dict(answer)


TINY = {**ENTRY, "name": "tiny", "revision": "v1", "source": {"kind": "asset"}}


def test_creating_the_resource_copies_the_asset_and_says_where() -> None:
    stack = Stack()
    stack.buckets.put("assets", "tiny.zip", archive(c=b"2"))
    answer = stack.ask("Create", TINY)
    assert answer["Status"] == "SUCCESS"
    assert answer["PhysicalResourceId"] == "tiny@v1"
    assert answer["Data"] == {"Prefix": "base/tiny@v1/", "Reference": "tiny@v1"}
    assert stack.buckets.store("model").names() == ["base/tiny@v1/c", "base/tiny@v1/manifest.json"]


def test_creating_it_from_the_hub_needs_no_asset() -> None:
    assert Stack().ask("Update", ENTRY, PhysicalResourceId=f"sd2-inpaint@{COMMIT}")["Status"] == "SUCCESS"


def test_deleting_it_leaves_the_files() -> None:
    stack = Stack()
    stack.buckets.put("model", "base/tiny@v1/c", b"2")
    answer = stack.ask("Delete", "broken", PhysicalResourceId="tiny@v1")
    assert (answer["Status"], answer["PhysicalResourceId"]) == ("SUCCESS", "tiny@v1")
    assert stack.buckets.store("model").names() == ["base/tiny@v1/c"]


@pytest.mark.parametrize("given", ["not json", {}, {**TINY, "source": {"kind": "ftp"}}, TINY])
def test_every_failure_is_answered_with_a_reason(given: Any) -> None:
    with lines() as logged:
        answer = Stack().ask("Create", given)
    assert answer["Status"] == "FAILED"
    assert answer["Reason"]
    assert answer["PhysicalResourceId"]
    assert answer["Reason"].partition(":")[0] == logged[0]["exception_name"]
