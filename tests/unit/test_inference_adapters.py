"""Styles: what may be loaded, how many are held, and that nothing of one stays in another's picture."""

import shutil
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from atelier_inference.adapters import AdapterShelf
from atelier_inference.once import Once
from atelier_inference.pipelines import Model, load_model
from atelier_inference.styles import FRESH, StyleCatalogue
from contracts.artifact import ADAPTER_WEIGHTS, sha256, to_json
from contracts.errors import InvalidInputError
from contracts.layout import LATEST, MANIFEST, S3Uri
from contracts.sampling import Sampling
from diffusion.lora import Mix
from tests.unit.inference_store import STYLES, FolderStore, publish_lora, style_manifest
from tests.unit.miniatures import save_inpainter

torch.set_num_threads(1)
WHERE = "input.adapter"
SMALL = 2**24


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


@pytest.fixture(scope="module")
def model(published: Path) -> Model:
    return load_model(published / "model")


def shelf(model: Model, store: FolderStore, host: int = SMALL) -> AdapterShelf:
    return AdapterShelf(model, StyleCatalogue(store, STYLES), host=host, device=SMALL)


def drawn(model: Model, *mixes: Mix) -> NDArray[np.int_]:
    rows = mixes or ((),)
    images = model.painter.paint(
        prompts=["a skirt"] * len(rows),
        seeds=[1] * len(rows),
        size=(32, 32),
        sampling=Sampling(steps=2, guidance=2.0),
        adapters=rows,
    )
    return np.stack([np.asarray(image) for image in images]).astype(int)


def fetched(store: FolderStore) -> list[str]:
    """The versions whose weights were asked for, in order."""
    ends = [uri.removeprefix(str(STYLES)) for uri in store.asked]
    return [end.split("/")[1] for end in ends if end.endswith(ADAPTER_WEIGHTS)]


def test_an_adapter_is_fetched_once_also_by_many_at_a_time(model: Model, store: FolderStore) -> None:
    shelved = shelf(model, store)
    with ThreadPoolExecutor(4) as pool:
        loras = set(pool.map(lambda _: shelved.take("skirt@1", WHERE), range(12)))
    assert len(loras) == 1
    assert fetched(store) == ["1"]
    assert not any("training_log" in uri for uri in store.asked)


class MeetingStore(FolderStore):
    """Reads once two want to."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self._both = threading.Barrier(2)

    def read(self, uri: S3Uri, *, where: str, limit: int) -> bytes:
        self._both.wait(10)
        return super().read(uri, where=where, limit=limit)


@pytest.mark.parametrize("name", ["missing", "missing@1"])
def test_who_asks_at_the_same_time_for_another_field_is_told_of_his_own(
    model: Model, store: FolderStore, name: str
) -> None:
    catalogue = StyleCatalogue(MeetingStore(store.root), STYLES)
    shelved = AdapterShelf(model, catalogue, host=SMALL, device=SMALL)
    fields = ("input.adapter", "input.second_adapter")
    with ThreadPoolExecutor(2) as pool:
        asked = [
            pool.submit(lambda where: shelved.take(catalogue.resolve(name, where), where), each) for each in fields
        ]
        errors = [each.exception(30) for each in asked]
    assert [error.what for error in errors if isinstance(error, InvalidInputError)] == list(fields)


def test_who_asks_meanwhile_gets_what_the_first_one_gets() -> None:
    once: Once[object] = Once()
    begun, go_on = threading.Event(), threading.Event()

    def fail() -> object:
        begun.set()
        assert go_on.wait(30)
        raise InvalidInputError("a", got="b", allowed="c")

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(once.get, "key", fail)
        assert begun.wait(30)
        second = pool.submit(once.get, "key", object)
        go_on.set()
        errors = {str(each.exception(30)) for each in (first, second) if each.exception(30)}
    assert errors == {"a: got 'b'; allowed: c"}
    assert once.get("key", lambda: 7) == 7


def test_the_least_recently_used_is_forgotten_and_comes_back_the_same(model: Model, store: FolderStore) -> None:
    size = shelf(model, store).take("skirt@3", WHERE).nbytes
    store.asked.clear()
    shelved = shelf(model, store, host=2 * size + size // 2)
    first = shelved.take("skirt@1", WHERE)
    third = shelved.take("skirt@3", WHERE)
    assert shelved.take("skirt@1", WHERE) is first
    shelved.take("skirt@2", WHERE)
    assert fetched(store) == ["1", "3", "2"]
    again = shelved.take("skirt@3", WHERE)
    assert fetched(store) == ["1", "3", "2", "3"]
    assert np.array_equal(drawn(model, ((third, 1.0),)), drawn(model, ((again, 1.0),)))


def test_a_thousand_styles_are_served_from_a_bounded_memory(model: Model, store: FolderStore) -> None:
    for number in range(4, 1_001):
        (store.path(STYLES) / f"skirt/{number}").symlink_to(store.path(STYLES) / "skirt/1")
    size = shelf(model, store).take("skirt@1", WHERE).nbytes
    shelved = shelf(model, store, host=50 * size)
    store.asked.clear()
    for number in (1, *range(4, 1_001)):
        shelved.take(f"skirt@{number}", WHERE)
    assert len(fetched(store)) == 998
    assert shelved.held <= 50 * size
    for number in range(951, 1_001):
        shelved.take(f"skirt@{number}", WHERE)
    assert len(fetched(store)) == 998


def test_nothing_of_one_adapter_stays_in_the_next_or_in_its_neighbours(model: Model, store: FolderStore) -> None:
    shelved = shelf(model, store)
    mixes: dict[str, Mix] = {"": ()}
    mixes |= {f"skirt@{n}": ((shelved.take(f"skirt@{n}", WHERE), 1.0),) for n in (1, 2, 3)}
    mixes["both"] = (*mixes["skirt@1"], *mixes["skirt@2"])
    alone = {name: drawn(load_model(store.root / "model"), mix)[0] for name, mix in mixes.items()}
    for name in ("skirt@2", "skirt@1", "", "both", "skirt@3", "skirt@1", ""):
        assert np.abs(drawn(model, mixes[name])[0] - alone[name]).max() <= 1, name
    together = drawn(model, *mixes.values())
    for row, name in zip(together, mixes, strict=True):
        assert np.abs(row - alone[name]).max() <= 1, name
    assert np.abs(alone["skirt@1"] - alone["skirt@2"]).max() > 10
    assert np.abs(alone["both"] - alone["skirt@1"]).max() > 10


def put(store: FolderStore, name: str, **changes: object) -> None:
    folder = store.path(STYLES) / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MANIFEST).write_text(to_json(style_manifest(**changes)))


def no_version(store: FolderStore) -> None:
    shutil.rmtree(store.path(STYLES) / "skirt/2")


def other_base(store: FolderStore) -> None:
    weights = store.path(STYLES) / "skirt/2" / ADAPTER_WEIGHTS
    put(store, "skirt/2", base_model="other@2", files={ADAPTER_WEIGHTS: sha256(weights)})


def full(store: FolderStore) -> None:
    put(store, "skirt/2", method="full")


def changed(store: FolderStore) -> None:
    with (store.path(STYLES) / "skirt/2" / ADAPTER_WEIGHTS).open("ab") as file:
        file.write(b"x")


def no_weights_named(store: FolderStore) -> None:
    put(store, "skirt/2")


def weights(content: bytes) -> Callable[[FolderStore], None]:
    def damage(store: FolderStore) -> None:
        path = store.path(STYLES) / "skirt/2" / ADAPTER_WEIGHTS
        path.write_bytes(content)
        put(store, "skirt/2", files={ADAPTER_WEIGHTS: sha256(path)})

    return damage


def manifest(content: bytes) -> Callable[[FolderStore], None]:
    def damage(store: FolderStore) -> None:
        (store.path(STYLES) / "skirt/2" / MANIFEST).write_bytes(content)

    return damage


def too_large(store: FolderStore) -> None:
    with (store.path(STYLES) / "skirt/2" / ADAPTER_WEIGHTS).open("ab") as file:
        file.truncate(2**31)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (no_version, WHERE),
        (other_base, r"skirt@2, trained on other@2.*trained on tiny-random@1"),
        (full, "method full"),
        (changed, f"skirt@2, whose {ADAPTER_WEIGHTS} has sha256"),
        (no_weights_named, "names no files"),
        (too_large, "bytes"),
        *(
            (weights(content), "adapter skirt@2: weights")
            for content in (b"", b"\x80\x04K\x01.", b"\xff" * 7 + b"\x3f")
        ),
        (weights(b"\xff\xff\xff\xff\xff\xff\xff\x7f{}"), "adapter skirt@2: weights"),
        *(
            (manifest(content), f"skirt@2: {MANIFEST}")
            for content in (b"{", b"[]", b"", b"\xff", b"null", b"[" * 10_000)
        ),
        (manifest(b'{"files": {"../x": "0"}}'), f"skirt@2: {MANIFEST}"),
    ],
)
def test_a_broken_style_is_named_and_the_good_ones_stay_as_they_are(
    model: Model, store: FolderStore, damage: Callable[[FolderStore], None], message: str
) -> None:
    shelved = shelf(model, store)
    good = shelved.take("skirt@1", WHERE)
    before = drawn(model), drawn(model, ((good, 1.0),))
    damage(store)
    for _ in range(2):
        with pytest.raises(InvalidInputError, match=message):
            shelved.take("skirt@2", WHERE)
    assert shelved.take("skirt@1", WHERE) is good
    assert fetched(store).count("1") == 1
    assert np.array_equal(drawn(model), before[0])
    assert np.array_equal(drawn(model, ((good, 1.0),)), before[1])


def catalogue(store: FolderStore, **more: Any) -> StyleCatalogue:
    return StyleCatalogue(store, STYLES, **more)


def test_a_name_is_resolved_by_its_latest_and_a_version_is_taken_as_it_is(store: FolderStore) -> None:
    (store.path(STYLES) / "skirt" / LATEST).write_text('{"version": 3}')
    assert catalogue(store).resolve("skirt", WHERE) == "skirt@3"
    assert catalogue(store).resolve("skirt@1", WHERE) == "skirt@1"
    with pytest.raises(InvalidInputError, match=r"input\.adapter"):
        catalogue(store).resolve("coat", WHERE)


def test_a_promoted_version_is_looked_up_at_most_once_a_second(store: FolderStore) -> None:
    now = [100.0]
    styles = catalogue(store, clock=lambda: now[0])
    latest = store.path(STYLES) / "skirt" / LATEST
    latest.write_text('{"version": 3}')
    for _ in range(5):
        assert styles.resolve("skirt", WHERE) == "skirt@3"
    latest.write_text('{"version": 1}')
    now[0] += FRESH * 0.99
    assert styles.resolve("skirt", WHERE) == "skirt@3"
    assert len(store.asked) == 1
    now[0] += FRESH * 0.01
    assert styles.resolve("skirt", WHERE) == "skirt@1"
    assert len(store.asked) == 2


def test_a_server_without_styles_says_so(store: FolderStore) -> None:
    nowhere: S3Uri | None = None
    with pytest.raises(InvalidInputError, match="this server has no styles"):
        StyleCatalogue(store, nowhere).resolve("skirt", WHERE)


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
    (store.path(STYLES) / "skirt" / LATEST).write_bytes(content.encode("latin-1"))
    with pytest.raises(
        InvalidInputError, match=r"input\.adapter: got .skirt, whose latest\.json (cannot be read|names no)"
    ):
        catalogue(store).resolve("skirt", WHERE)
