"""What the settings name is fetched and checked from the start, and what is wrong with it is told to whoever waits for it."""

from pathlib import Path

import pytest

from atelier_inference.arriving import Arriving
from atelier_inference.settings import Settings
from contracts.errors import InvalidInputError
from tests.unit.inference_store import SEGMENTER, UPSCALER, FolderStore
from tests.unit.miniatures import save_inpainter, save_segmenter


def test_what_is_named_arrives_and_what_is_not_is_not_asked_for(tmp_path: Path) -> None:
    store = FolderStore(tmp_path / "s3")
    base, segmenter = save_inpainter(tmp_path / "model"), save_segmenter(store.path(SEGMENTER))
    arriving = Arriving(Settings(model=tmp_path / "model", segmenter=SEGMENTER), store, tmp_path / "scratch")
    assert arriving.upscaler is None
    assert arriving.segmenter is not None
    fetched = arriving.segmenter()
    assert (fetched.folder, fetched.base) == (tmp_path / "scratch" / "segmenter", segmenter)
    assert {path.name for path in fetched.folder.iterdir()} >= set(segmenter.files)
    assert (arriving.model().base, arriving.model().style) == (base, None)


def test_each_fault_is_told_where_it_is_waited_for(tmp_path: Path) -> None:
    store = FolderStore(tmp_path / "s3")
    save_inpainter(tmp_path / "model")
    (tmp_path / "model" / "model_index.json").write_text("{}")
    save_segmenter(store.path(SEGMENTER))
    settings = Settings(model=tmp_path / "model", segmenter=SEGMENTER, upscaler=UPSCALER)
    arriving = Arriving(settings, store, tmp_path / "scratch")
    assert arriving.segmenter is not None
    assert arriving.upscaler is not None
    assert arriving.segmenter().base.family == "clipseg"
    with pytest.raises(InvalidInputError, match="artifact file model_index"):
        arriving.model()
    with pytest.raises(InvalidInputError, match="an object that exists"):
        arriving.upscaler()


def test_the_server_may_read_below_what_its_settings_name() -> None:
    assert Settings().prefixes == []
    assert Settings(segmenter=SEGMENTER, upscaler=UPSCALER).prefixes == [SEGMENTER, UPSCALER]
