"""Styles: what may be loaded, how many are held, and that switching leaves nothing of the last one behind."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from atelier_inference.adapters import AdapterCache, StyleCatalogue
from atelier_inference.pipelines import Model, load_model
from contracts.artifact import ADAPTER_WEIGHTS, sha256, to_json
from contracts.errors import InvalidInputError
from contracts.layout import MANIFEST
from contracts.sampling import Sampling
from tests.unit.inference_store import STYLES, FolderStore, publish_lora, style_manifest
from tests.unit.miniatures import save_inpainter

torch.set_num_threads(1)


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A base and three styles, skirt@1 to 3, the second of which also changes the text encoder."""
    root = tmp_path_factory.mktemp("published")
    save_inpainter(root / "model")
    pipeline = load_model(root / "model").painter.pipeline
    for version in (1, 2, 3):
        folder = FolderStore(root).path(STYLES) / f"skirt/{version}"
        publish_lora(pipeline, folder, seed=version, version=version, text_encoder=version == 2)
    return root


@pytest.fixture
def store(published: Path, tmp_path: Path) -> FolderStore:
    """A copy of what was published, for a test to damage."""
    shutil.copytree(published, tmp_path, dirs_exist_ok=True)
    return FolderStore(tmp_path)


@pytest.fixture
def model(published: Path) -> Model:
    return load_model(published / "model")


def cached(model: Model, store: FolderStore, most: int = 2) -> AdapterCache:
    return AdapterCache(model, StyleCatalogue(store, STYLES), most=most)


def drawn(model: Model) -> NDArray[np.int_]:
    (image,) = model.painter.paint(
        prompts=["a skirt"], seeds=[1], size=(32, 32), sampling=Sampling(steps=2, guidance=2.0)
    )
    return np.asarray(image).astype(int)


def test_an_adapter_is_fetched_once(model: Model, store: FolderStore) -> None:
    cache = cached(model, store)
    for _ in range(3):
        cache.switch("skirt@1", 1.0)
    assert store.asked.count(f"{STYLES}skirt/1/{ADAPTER_WEIGHTS}") == 1
    assert not any("training_log" in uri for uri in store.asked)


def test_the_least_recently_used_leaves_and_comes_back_unchanged(model: Model, store: FolderStore) -> None:
    cache = cached(model, store)
    cache.switch("skirt@1", 1.0)
    first = drawn(model)
    cache.switch("skirt@2", 1.0)
    cache.switch("skirt@1", 1.0)
    cache.switch("skirt@3", 1.0)
    assert list(cache.references) == ["skirt@1", "skirt@3"]
    assert set(model.painter.pipeline.get_list_adapters()["unet"]) == {"skirt@1", "skirt@3"}
    assert "text_encoder" not in model.painter.pipeline.get_list_adapters()
    cache.switch("skirt@2", 1.0)
    cache.switch("skirt@1", 1.0)
    assert np.array_equal(drawn(model), first)


def test_nothing_of_one_adapter_stays_in_the_next(model: Model, store: FolderStore) -> None:
    alone = {}
    for name in ("", "skirt@1", "skirt@2", "skirt@3"):
        fresh = load_model(store.root / "model")
        cached(fresh, store).switch(name, 1.0)
        alone[name] = drawn(fresh)
    cache = cached(model, store, most=3)
    for name in ("skirt@2", "skirt@1", "", "skirt@2", "skirt@3", "skirt@1", ""):
        cache.switch(name, 1.0)
        assert np.abs(drawn(model) - alone[name]).max() <= 1, name
    assert np.abs(alone["skirt@1"] - alone["skirt@2"]).max() > 10


def test_a_published_adapters_alpha_survives(model: Model, store: FolderStore) -> None:
    cached(model, store).switch("skirt@1", 1.0)
    assert model.painter.pipeline.unet.peft_config["skirt@1"].lora_alpha == 8


def put(store: FolderStore, name: str, **changes: object) -> None:
    folder = store.path(STYLES) / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MANIFEST).write_text(to_json(style_manifest(**changes)))


def test_a_style_of_another_base_is_refused(model: Model, store: FolderStore) -> None:
    weights = store.path(STYLES) / "skirt/1" / ADAPTER_WEIGHTS
    put(store, "skirt/1", base_model="other@2", files={ADAPTER_WEIGHTS: sha256(weights)})
    with pytest.raises(InvalidInputError, match=r"skirt@1, trained on other@2.*trained on tiny-random@1"):
        cached(model, store).switch("skirt@1", 1.0)


def test_a_full_fine_tune_is_no_adapter(model: Model, store: FolderStore) -> None:
    put(store, "coat/1", style="coat", method="full")
    with pytest.raises(InvalidInputError, match="method full"):
        cached(model, store).switch("coat@1", 1.0)


def test_a_changed_file_is_refused_and_holds_no_place(model: Model, store: FolderStore) -> None:
    with (store.path(STYLES) / "skirt/1" / ADAPTER_WEIGHTS).open("ab") as file:
        file.write(b"x")
    cache = cached(model, store)
    with pytest.raises(InvalidInputError, match=ADAPTER_WEIGHTS):
        cache.switch("skirt@1", 1.0)
    assert list(cache.references) == []


def test_a_manifest_without_weights_is_refused(model: Model, store: FolderStore) -> None:
    put(store, "empty/1", style="empty")
    with pytest.raises(InvalidInputError, match=ADAPTER_WEIGHTS):
        cached(model, store).switch("empty@1", 1.0)


def test_a_name_is_resolved_by_its_latest_and_a_version_is_taken_as_it_is(store: FolderStore) -> None:
    catalogue = StyleCatalogue(store, STYLES)
    (store.path(STYLES) / "skirt/latest.json").write_text('{"version": 3}')
    assert catalogue.resolve("skirt") == "skirt@3"
    assert catalogue.resolve("skirt@1") == "skirt@1"
    with pytest.raises(InvalidInputError, match=r"input\.adapter"):
        catalogue.resolve("coat")


@pytest.mark.parametrize(
    "content",
    [
        '{"version": "3"}',
        "{}",
        '{"version": 0}',
        '{"version": 1.5}',
        "[]",
        "",
        "{",
        "7",
        "\xff",
        '{"version": 3, "x": 1}',
    ],
)
def test_a_broken_latest_is_named(store: FolderStore, content: str) -> None:
    (store.path(STYLES) / "skirt/latest.json").write_bytes(content.encode("latin-1"))
    with pytest.raises(
        InvalidInputError, match=r"input\.adapter: got .skirt, whose latest\.json (cannot be read|names no)"
    ):
        StyleCatalogue(store, STYLES).resolve("skirt")


@pytest.mark.parametrize("manifest", [b"{", b"[]", b"", b"\xff", b"null", b'{"files": {"../x": "0"}}', b"[" * 10_000])
def test_a_broken_manifest_is_named(model: Model, store: FolderStore, manifest: bytes) -> None:
    cache = cached(model, store)
    cache.switch("skirt@1", 1.0)
    (store.path(STYLES) / "skirt/2" / MANIFEST).write_bytes(manifest)
    with pytest.raises(InvalidInputError, match=MANIFEST):
        cache.switch("skirt@2", 1.0)
    assert list(cache.references) == ["skirt@1"]


@pytest.mark.parametrize(
    "weights", [b"", b"\x80\x04K\x01.", b"\xff" * 7 + b"\x3f", b"\xff\xff\xff\xff\xff\xff\xff\x7f{}"]
)
def test_a_broken_adapter_is_named_and_pushes_none_out_that_works(
    model: Model, store: FolderStore, weights: bytes
) -> None:
    cache = cached(model, store)
    for reference in ("skirt@1", "skirt@2"):
        cache.switch(reference, 1.0)
    broken = store.path(STYLES) / "skirt/9" / ADAPTER_WEIGHTS
    broken.parent.mkdir()
    broken.write_bytes(weights)
    put(store, "skirt/9", files={ADAPTER_WEIGHTS: sha256(broken)})
    with pytest.raises(InvalidInputError, match=r"adapter skirt@9: weights"):
        cache.switch("skirt@9", 1.0)
    assert list(cache.references) == ["skirt@1", "skirt@2"]
    assert set(model.painter.pipeline.get_list_adapters()["unet"]) == {"skirt@1", "skirt@2"}
