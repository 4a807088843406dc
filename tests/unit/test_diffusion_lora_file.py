"""An adapter that cannot be used is refused by name."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor

from contracts.artifact import ADAPTER_WEIGHTS
from contracts.errors import InvalidInputError
from contracts.sampling import Sampling
from diffusion.lora import Mix
from diffusion.lora_file import load_lora, read_lora
from diffusion.lora_settings import METADATA
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


def painted(painter: StableDiffusion1, mix: Mix = ()) -> bytes:
    sampling = Sampling(steps=2, guidance=2.0)
    (image,) = painter.paint(prompts=["a"], seeds=[1], size=(32, 32), sampling=sampling, adapters=[mix])
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


def every_second_layer(tensors: Tensors) -> Tensors:
    layers = sorted({key.rpartition(".lora_")[0] for key in tensors})
    return {key: value for key, value in tensors.items() if key.rpartition(".lora_")[0] in layers[::2]}


def dora(tensors: Tensors) -> Tensors:
    name = next(iter(tensors)).rpartition(".lora_")[0]
    return {**tensors, f"{name}.lora_magnitude_vector": torch.ones(4)}


def foreign(tensors: Tensors) -> Tensors:
    return {key.replace("unet.", "transformer."): value for key, value in tensors.items()}


def twice_the_rank(tensors: Tensors) -> Tensors:
    return {key: torch.cat([value, value], 0 if ".lora_A." in key else 1) for key, value in tensors.items()}


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
        (half, "with one half of"),
        (every_second_layer, "16 of 32 layers of unet, without"),
        (dora, "a DoRA: "),
        (foreign, "tensors of no part that the model has: transformer"),
        (twice_the_rank, "of rank 8'; allowed: the rank that the file's own settings say: 4"),
        (other_names, "weights made for the base model"),
        (other_shapes, "weights made for the base model"),
    ],
)
def test_weights_that_cannot_be_used_are_refused(
    painter: StableDiffusion1, good: Path, tmp_path: Path, damage: Callable[[Tensors], Tensors], message: str
) -> None:
    before = painted(painter)
    with safe_open(good / ADAPTER_WEIGHTS, "pt") as file:
        tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
        save_file(damage(tensors), tmp_path / ADAPTER_WEIGHTS, metadata=file.metadata())
    with pytest.raises(InvalidInputError, match=message) as caught:
        load_lora(painter.pipeline, tmp_path, "bad@1")
    assert str(caught.value).startswith("adapter bad@1: weights: got ")
    assert painted(painter) == before


def test_weights_too_large_to_calculate_with_are_named_when_they_paint(
    painter: StableDiffusion1, good: Path, tmp_path: Path
) -> None:
    with safe_open(good / ADAPTER_WEIGHTS, "pt") as file:
        tensors = {key: file.get_tensor(key) * 1e30 for key in file.keys()}  # noqa: SIM118
        save_file(tensors, tmp_path / ADAPTER_WEIGHTS, metadata=file.metadata())
    huge = load_lora(painter.pipeline, tmp_path, "huge@1")
    with pytest.raises(InvalidInputError, match="what was painted: got 'NaN or infinity'"):
        painted(painter, ((huge, 1.0),))
    assert painted(painter, ((load_lora(painter.pipeline, good, "good@1"), 1.0),)) != painted(painter)


def test_a_file_that_is_no_safetensors_is_refused(painter: StableDiffusion1, tmp_path: Path) -> None:
    (tmp_path / ADAPTER_WEIGHTS).write_bytes(b"not weights")
    with pytest.raises(InvalidInputError, match="allowed: a safetensors file"):
        load_lora(painter.pipeline, tmp_path, "bad@1")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ("[]", "lora_adapter_metadata that cannot be read"),
        ("{", "lora_adapter_metadata that cannot be read"),
        ({"r": 0}, r"unet\.r of 0"),
        ({"lora_alpha": "8"}, r"unet\.lora_alpha of 8"),
        ({"lora_alpha": float("inf")}, r"unet\.lora_alpha of inf"),
        ({"lora_alpha": float("nan")}, r"unet\.lora_alpha of nan"),
        ({"r": 10**400}, r"unet\.r of 1000"),
        ({"alpha_pattern": {"to_q": 10**400}}, r"unet\.alpha_pattern of 1000"),
        ({"target_modules": 5}, r"unet\.target_modules of 5"),
        ({"use_dora": True, "bias": "all"}, "unet with use_dora, bias"),
        ({"init_lora_weights": "pissa"}, "unet with init_lora_weights"),
        ({"peft_type": "LOHA"}, "unet of kind LOHA"),
        ({"alpha_pattern": {"(a|aa)+$": 3}}, r"unet\.alpha_pattern with"),
        ({"target_modules": "(.*)*x"}, r"unet\.target_modules with"),
        ({"rank_pattern": {"to_q": 2}}, "of rank 4'; allowed: the rank that the file's own settings say: 2"),
        ({"rank_pattern": [1]}, r"unet\.rank_pattern that is no object"),
    ],
)
def test_settings_that_cannot_be_followed_are_refused(
    painter: StableDiffusion1, good: Path, tmp_path: Path, changes: str | dict[str, object], message: str
) -> None:
    with safe_open(good / ADAPTER_WEIGHTS, "pt") as file:
        tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
        own = json.loads(file.metadata()[METADATA])
    changed = changes
    if isinstance(changes, dict):
        changed = json.dumps(own | {f"unet.{name}": value for name, value in changes.items()})
    save_file(tensors, tmp_path / ADAPTER_WEIGHTS, metadata={METADATA: str(changed)})
    with pytest.raises(InvalidInputError, match=message):
        load_lora(painter.pipeline, tmp_path, "bad@1")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_file_breaks_the_reader(painter: StableDiffusion1, good: Path, data: st.DataObject) -> None:
    """Keys cut, changed and put together at random, and bytes: refused by name, or read."""
    content = (good / ADAPTER_WEIGHTS).read_bytes()
    header = int.from_bytes(content[:8], "little")
    changed = bytearray(content)
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, min(len(content) - 1, header + 64)))
        changed[place] = data.draw(st.integers(0, 255))
    try:
        read_lora(painter.pipeline, bytes(changed), "odd@1")
    except InvalidInputError as error:
        assert str(error).startswith("adapter odd@1: weights: ")  # noqa: PT017
