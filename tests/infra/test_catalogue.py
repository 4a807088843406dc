"""The catalogue of base models holds what the mirror, training and serving can read."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from contracts.artifact import BaseManifest
from contracts.execution import METHODS
from contracts.families import CAPTIONERS, FAMILIES, SEGMENTERS
from contracts.hyperparameters import Hyperparameters
from contracts.sampling import Sampling, guided_steps
from models.catalogue import CATALOGUE, AssetSource, CatalogueEntry, HubSource, find


def rows(sampling: Sampling) -> int:
    """Rows of the denoiser for a picture."""
    return sampling.steps + guided_steps(sampling.steps, sampling.guidance_until)


ENTRIES = pytest.mark.parametrize("entry", CATALOGUE.values(), ids=str)


@ENTRIES
def test_training_defaults_are_hyperparameters(entry: CatalogueEntry) -> None:
    assert set(entry.training) <= set(METHODS)
    for defaults in entry.training.values():
        Hyperparameters.from_json(dict(defaults))


@ENTRIES
def test_a_model_that_paints_says_how_and_how_to_train_it(entry: CatalogueEntry) -> None:
    assert entry.family in {**FAMILIES, **SEGMENTERS, **CAPTIONERS}
    if entry.family in FAMILIES:
        assert {"num_inference_steps", "guidance_scale"} <= set(entry.defaults)
    if entry.task == "inpaint":
        assert entry.fast_sampling is not None
        assert rows(entry.fast_sampling) < rows(entry.sampling)
        assert set(entry.training) == set(METHODS)
        assert entry.task in FAMILIES[entry.family].tasks
        assert entry.resolution % 8 == 0


@ENTRIES
def test_an_entry_becomes_a_manifest(entry: CatalogueEntry) -> None:
    data = json.loads(entry.to_json())
    names = BaseManifest.model_fields
    kept = {key: value for key, value in data.items() if key in names}
    manifest = BaseManifest.from_json(kept | {"source": str(data["source"])})
    assert manifest.reference == entry.reference
    assert (manifest.licence, manifest.licence_text) == (entry.licence.name, entry.licence.text)
    assert (manifest.commercial, manifest.restricted) == (entry.licence.commercial, entry.licence.restricted)
    assert (manifest.stage, manifest.retires) == (entry.stage, entry.retires)


@ENTRIES
def test_a_source_is_a_hub_repository_or_a_folder_that_is_shipped(entry: CatalogueEntry, root: Path) -> None:
    if isinstance(entry.source, AssetSource):
        assert (root / entry.source.folder).is_dir()
    else:
        assert isinstance(entry.source, HubSource)
        assert entry.source.repository.count("/") == 1


def test_the_published_upscaler_enlarges_tiles_of_128_pixels() -> None:
    entry = find("sd-x4-upscaler")
    assert (entry.family, entry.task, entry.resolution) == ("upscaler", "upscale", 128)


@pytest.mark.parametrize(
    ("name", "revision"),
    [("sd2-inpaint", "main"), ("sd2-inpaint", "5f74973"), ("clipseg-rd64-refined", "v1"), ("tiny-inpaint", "main")],
)
def test_a_revision_that_may_mean_other_files_tomorrow_is_refused(name: str, revision: str) -> None:
    with pytest.raises(ValueError, match=rf"base model {name}: revision: got '{revision}'; allowed: a "):
        dataclasses.replace(find(name), revision=revision)


@pytest.mark.parametrize(
    "change", [{"stage": "deprecated"}, {"stage": "preview"}, {"stage": "stable", "retires": "2027-01-01"}]
)
def test_a_model_that_is_not_to_stay_says_why(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"base model tiny-inpaint: note: got none; allowed: why it is "):
        dataclasses.replace(find("tiny-inpaint"), **change)


def test_a_day_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="day is out of range"):
        dataclasses.replace(find("tiny-inpaint"), retires="2027-02-30", note="why")


def test_an_unknown_model_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"base model: got 'sd9'; allowed: tiny-inpaint, "):
        find("sd9")
