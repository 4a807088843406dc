"""Base models are used whole and unchanged, and for what they are."""

from pathlib import Path

import pytest
import torch

from atelier_training.bases import load_segmenter, read_base
from atelier_training.pipelines import GUIDANCE, STEPS, load_pipeline, paint, sampling
from contracts.artifact import BaseManifest
from contracts.errors import InvalidInputError
from tests.unit.inference_tiny import RESOLUTION, save_inpainter, save_segmenter

CPU = torch.device("cpu")


def test_a_changed_or_missing_file_is_named(tmp_path: Path) -> None:
    save_segmenter(tmp_path)
    assert read_base(tmp_path).family == "clipseg"
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(InvalidInputError, match=r"config\.json"):
        read_base(tmp_path)
    (tmp_path / "config.json").unlink()
    with pytest.raises(InvalidInputError, match="no such file"):
        read_base(tmp_path)


def test_an_inpainting_model_is_no_segmenter(tmp_path: Path) -> None:
    save_inpainter(tmp_path)
    with pytest.raises(InvalidInputError, match="got 'sd1'; allowed: clipseg"):
        load_segmenter(tmp_path, "cpu")


def test_a_segmenter_is_no_pipeline(tmp_path: Path) -> None:
    save_segmenter(tmp_path)
    with pytest.raises(InvalidInputError, match=r"no model_index\.json"):
        load_pipeline(tmp_path, "inpaint", dtype=torch.float32, device=CPU)


def test_a_pipeline_of_another_family_is_refused(tmp_path: Path) -> None:
    save_inpainter(tmp_path)
    index = tmp_path / "model_index.json"
    index.write_text(index.read_text().replace("StableDiffusionInpaintPipeline", "FluxPipeline"))
    with pytest.raises(InvalidInputError, match="'FluxPipeline'; allowed: StableDiffusionInpaintPipeline"):
        load_pipeline(tmp_path, "inpaint", dtype=torch.float32, device=CPU)


@pytest.mark.parametrize("channels", [4, 9])
def test_whole_pictures_are_painted_at_the_models_size_and_a_seed_repeats(tmp_path: Path, channels: int) -> None:
    manifest = save_inpainter(tmp_path, channels=channels)
    pipeline = load_pipeline(tmp_path, "text-to-image", dtype=torch.float32, device=CPU)
    first, second = paint(pipeline, ["a", "a"], [1, 2], manifest)
    (again,) = paint(pipeline, ["a"], [1], manifest)
    assert first.size == (RESOLUTION, RESOLUTION)
    assert first.tobytes() != second.tobytes()
    assert max(abs(a - b) for a, b in zip(first.tobytes(), again.tobytes(), strict=True)) <= 1


def test_a_manifest_without_defaults_samples_as_the_pipelines_do(tmp_path: Path) -> None:
    manifest = save_inpainter(tmp_path)
    assert sampling(manifest) == (3, 2.0)
    bare = BaseManifest(**{**manifest.__dict__, "defaults": {}})
    assert sampling(bare) == (STEPS, GUIDANCE)
