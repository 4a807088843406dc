"""An adapter that cannot be used is refused by name, and leaves the model as it was."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor

from contracts.artifact import ADAPTER_WEIGHTS
from contracts.errors import InvalidInputError
from contracts.sampling import Sampling
from diffusion.adapters import load_adapter
from diffusion.sd1 import StableDiffusion1
from tests.unit.inference_store import publish_lora
from tests.unit.miniatures import save_inpainter

torch.set_num_threads(1)
Tensors = dict[str, Tensor]


@pytest.fixture(scope="module")
def painter(tmp_path_factory: pytest.TempPathFactory) -> StableDiffusion1:
    folder = tmp_path_factory.mktemp("base")
    save_inpainter(folder)
    return StableDiffusion1.load(folder, device="cpu", dtype=torch.float32, checker=False)


@pytest.fixture(scope="module")
def good(painter: StableDiffusion1, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("good")
    publish_lora(painter.pipeline, folder, seed=1, text_encoder=True)
    return folder


def painted(painter: StableDiffusion1) -> bytes:
    (image,) = painter.paint(prompts=["a"], seeds=[1], size=(32, 32), sampling=Sampling(steps=2, guidance=2.0))
    return np.asarray(image).tobytes()


def not_a_number(tensors: Tensors) -> Tensors:
    return {key: torch.full_like(value, torch.nan) for key, value in tensors.items()}


def one_infinity(tensors: Tensors) -> Tensors:
    *_, last = (value.flatten()[-1:] for value in tensors.values())
    last.fill_(-torch.inf)
    return tensors


def float8(tensors: Tensors) -> Tensors:
    return {key: value.to(torch.float8_e4m3fn) for key, value in tensors.items()}


def integers(tensors: Tensors) -> Tensors:
    return {key: value.to(torch.int8) for key, value in tensors.items()}


def nothing(tensors: Tensors) -> Tensors:
    return {}


def of_no_size(tensors: Tensors) -> Tensors:
    return {key: value[:0] for key, value in tensors.items()}


def half(tensors: Tensors) -> Tensors:
    return dict(list(tensors.items())[::2])


def other_names(tensors: Tensors) -> Tensors:
    return {key.replace("to_q", "to_x"): value for key, value in tensors.items()}


def other_shapes(tensors: Tensors) -> Tensors:
    return {key: torch.cat([value, value], -1) for key, value in tensors.items()}


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (not_a_number, "tensors with NaN or infinity"),
        (one_infinity, "1 tensors with NaN or infinity"),
        (float8, "tensors of torch.float8_e4m3fn"),
        (integers, "tensors of torch.int8"),
        (nothing, "no tensors"),
        (of_no_size, "weights made for the base model"),
        (half, "tensors, of which the model takes"),
        (other_names, "weights made for the base model"),
        (other_shapes, "weights made for the base model"),
    ],
)
def test_weights_that_cannot_be_used_are_refused_and_nothing_of_them_stays(
    painter: StableDiffusion1, good: Path, tmp_path: Path, damage: Callable[[Tensors], Tensors], message: str
) -> None:
    before = painted(painter)
    with safe_open(good / ADAPTER_WEIGHTS, "pt") as file:
        tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
        save_file(damage(tensors), tmp_path / ADAPTER_WEIGHTS, metadata=file.metadata())
    with pytest.raises(InvalidInputError, match=message) as caught:
        load_adapter(painter, tmp_path, "bad@1")
    assert str(caught.value).startswith("adapter bad@1: weights: got ")
    assert "bad@1" not in [name for names in painter.pipeline.get_list_adapters().values() for name in names]
    assert painted(painter) == before
    load_adapter(painter, good, "good@1")
    assert painted(painter) != before
    painter.pipeline.delete_adapters("good@1")
    assert painted(painter) == before


def test_weights_too_large_to_calculate_with_are_named_when_they_paint(
    painter: StableDiffusion1, good: Path, tmp_path: Path
) -> None:
    with safe_open(good / ADAPTER_WEIGHTS, "pt") as file:
        tensors = {key: file.get_tensor(key) * 1e30 for key in file.keys()}  # noqa: SIM118
        save_file(tensors, tmp_path / ADAPTER_WEIGHTS, metadata=file.metadata())
    load_adapter(painter, tmp_path, "huge@1")
    try:
        with pytest.raises(InvalidInputError, match="what was painted: got 'NaN or infinity'"):
            painted(painter)
    finally:
        painter.pipeline.delete_adapters("huge@1")


def test_a_file_that_is_no_safetensors_is_refused(painter: StableDiffusion1, tmp_path: Path) -> None:
    (tmp_path / ADAPTER_WEIGHTS).write_bytes(b"not weights")
    with pytest.raises(InvalidInputError, match="allowed: a safetensors file"):
        load_adapter(painter, tmp_path, "bad@1")
