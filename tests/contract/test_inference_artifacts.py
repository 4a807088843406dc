"""What training leaves in a model folder is what serving reads: adapters, full fine-tunes, base models."""

import shutil
from pathlib import Path

import pytest
import torch
from PIL import Image

from atelier_inference.adapters import AdapterShelf
from atelier_inference.arriving import BASE_MANIFEST, Arriving
from atelier_inference.loading import load
from atelier_inference.pipelines import Model, load_model
from atelier_inference.settings import Settings
from atelier_inference.styles import StyleCatalogue
from contracts.artifact import BaseManifest, hash_files, to_json
from contracts.errors import InvalidInputError
from contracts.layout import MANIFEST, base_prefix, style_prefix
from contracts.prediction import PredictionInput
from contracts.sampling import Sampling, SamplingDefaults
from imaging.repaint import Repainting, repaint_all
from tests.integration.inference_server import sent
from tests.unit.inference_store import STYLES, FolderStore, publish_lora, style_manifest
from tests.unit.miniatures import DEFAULTS, RESOLUTION, save_inpainter, save_miniature

torch.set_num_threads(1)


@pytest.fixture
def base(tmp_path: Path) -> Path:
    folder = tmp_path / base_prefix("tiny-random", "1")
    save_inpainter(folder)
    return folder


def full_fine_tune(base: Path, folder: Path, **changes: object) -> Path:
    """The layout of architecture.md: the pipeline, ``base_manifest.json``, and ``manifest.json`` (a StyleManifest) last."""
    shutil.copytree(base, folder)
    (folder / MANIFEST).rename(folder / BASE_MANIFEST)
    (folder / "training_log.jsonl").write_text('{"step": 1, "loss": 0.1, "lr": 1e-3, "seconds": 1}\n')
    values = {"method": "full", "version": 3, "files": hash_files(folder), **changes}
    (folder / MANIFEST).write_text(to_json(style_manifest(**values)))
    return folder


def shelf(model: Model, store: FolderStore) -> AdapterShelf:
    return AdapterShelf(model, StyleCatalogue(store, STYLES), host=2**24, device=2**24)


def test_a_base_models_manifest_sets_resolution_and_defaults(base: Path) -> None:
    model = load_model(base)
    assert (model.reference, model.adapters_for) == ("tiny-random@1", "tiny-random@1")
    assert model.resolution == RESOLUTION
    assert model.sampling == Sampling.of(SamplingDefaults.from_json(DEFAULTS))


def test_a_full_fine_tune_serves_with_its_bases_resolution_and_defaults(base: Path, tmp_path: Path) -> None:
    model = load_model(full_fine_tune(base, tmp_path / "full"))
    assert (model.reference, model.adapters_for) == ("skirt@3", "")
    assert (model.resolution, model.sampling) == (RESOLUTION, Sampling.of(SamplingDefaults.from_json(DEFAULTS)))


def test_a_fully_fine_tuned_upscaler_enlarges_in_place_of_the_stages(base: Path, tmp_path: Path) -> None:
    save_miniature(tmp_path / "x4", "upscaler", task="upscale", name="x4")
    store, prefix = FolderStore(tmp_path), STYLES.child("skirt/3/")
    full_fine_tune(tmp_path / "x4", store.path(prefix), task="upscale", base_model="x4@1")
    settings = Settings(model=base, upscaler=prefix)
    modes = load(settings, store, Arriving(settings, store, tmp_path / "scratch"))
    request = PredictionInput.from_json({"mode": "upscale", "image": sent(Image.new("RGB", (20, 12)))})
    job = modes["upscale"].prepare(request)
    (made,) = modes["upscale"].run([job])[0]().images
    assert (job.model, made.size) == ("skirt@3", (80, 48))
    with pytest.raises(InvalidInputError, match=r"input\.adapter"):
        modes["upscale"].prepare(request.model_copy(update={"adapter": "skirt@3"}))


def test_a_lora_saved_by_diffusers_below_its_style_prefix_is_an_adapter(base: Path, tmp_path: Path) -> None:
    model, store = load_model(base), FolderStore(tmp_path)
    assert STYLES.child("skirt/1/").key == style_prefix("skirt", 1)
    publish_lora(model.painter.pipeline, store.path(STYLES) / "skirt/1", seed=1, text_encoder=True)
    lora = shelf(model, store).take("skirt@1", "input.adapter")
    assert {part for part, _ in lora.layers} == {"unet", "text_encoder"}


def test_a_full_fine_tune_takes_no_adapters(base: Path, tmp_path: Path) -> None:
    model, store = load_model(full_fine_tune(base, tmp_path / "full")), FolderStore(tmp_path)
    publish_lora(model.painter.pipeline, store.path(STYLES) / "skirt/1", seed=1)
    with pytest.raises(InvalidInputError, match="skirt@3 is a full fine-tune"):
        shelf(model, store).take("skirt@1", "input.adapter")


def test_a_text_to_image_base_draws_and_repaints_with_the_same_weights(tmp_path: Path) -> None:
    save_inpainter(tmp_path, channels=4)
    model = load_model(tmp_path)
    drawn = model.painter.paint(prompts=["p"], seeds=[1], size=(32, 40), sampling=Sampling(steps=2, guidance=2.0))
    assert drawn[0].size == (32, 40)
    picture, mask = Image.new("RGB", (50, 40), "red"), Image.new("L", (50, 40))
    mask.paste(255, (10, 10, 30, 30))
    work = Repainting(picture=picture, mask=mask, prompt="p", seeds=[1], blur=0)
    (repainted,) = repaint_all(model.painter, [work], sampling=Sampling(steps=2, guidance=2.0), resolution=32)
    (after,) = repainted.images
    assert after.getpixel((5, 5)) == (255, 0, 0)
    assert after.getpixel((20, 20)) != (255, 0, 0)


def test_a_lora_in_the_models_place_is_refused(base: Path, tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="served on its base, as an adapter"):
        load_model(full_fine_tune(base, tmp_path / "lora", method="lora"))


def test_a_full_fine_tune_without_its_bases_manifest_is_refused(base: Path, tmp_path: Path) -> None:
    folder = full_fine_tune(base, tmp_path / "full", files={})
    (folder / BASE_MANIFEST).unlink()
    with pytest.raises(InvalidInputError, match=BASE_MANIFEST):
        load_model(folder)


def test_an_incomplete_or_changed_folder_is_refused(base: Path, tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match=MANIFEST):
        load_model(tmp_path / "nothing")
    (base / "model_index.json").write_text("{}")
    with pytest.raises(InvalidInputError, match=r"model_index\.json"):
        load_model(base)


def test_a_manifest_names_every_file_that_serving_needs(base: Path) -> None:
    assert {name.split("/")[0] for name in BaseManifest.load(base).files} == {
        *("model_index.json", "scheduler", "text_encoder", "tokenizer", "unet", "vae")
    }
