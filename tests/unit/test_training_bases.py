"""Base models are used whole and unchanged, and for what they are."""

from pathlib import Path

import pytest
import torch

from atelier_training.base_files import load_segmenter, read_base
from atelier_training.bases import load_base, paint
from contracts.errors import InvalidInputError
from contracts.sampling import Sampling
from diffusion.painter import Painter
from tests.unit.miniatures import RESOLUTION, save_inpainter, save_segmenter


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


def test_a_text_to_image_model_cannot_be_trained_to_inpaint(tmp_path: Path) -> None:
    base = save_inpainter(tmp_path, channels=4)
    with pytest.raises(InvalidInputError, match="4 input channels"):
        load_base(Painter, tmp_path, base, "inpaint", dtype=torch.float32, device="cpu")


def test_whole_pictures_are_painted_with_the_models_own_settings(tmp_path: Path) -> None:
    base = save_inpainter(tmp_path)
    painter = load_base(Painter, tmp_path, base, "text-to-image", dtype=torch.float32, device="cpu")
    (ours,) = paint(painter, ["a"], [1], base)
    size = (RESOLUTION, RESOLUTION)
    (same,) = painter.paint(prompts=["a"], seeds=[1], size=size, sampling=Sampling(steps=3, guidance=2.0))
    assert ours.size == size
    assert ours.tobytes() == same.tobytes()
