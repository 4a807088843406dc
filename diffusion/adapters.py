"""LoRAs on a model that paints: loaded by name and made active at a scale."""

import warnings
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from contracts.artifact import ADAPTER_WEIGHTS
from contracts.errors import InvalidInputError
from diffusion.painter import Painter

NUMBERS = (torch.float32, torch.float16, torch.bfloat16)


def load_adapter(painter: Painter, folder: Path, name: str) -> None:
    """Add the LoRA in ``folder`` as ``name``; it is active at scale 1 until another one is used.

    Raises InvalidInputError where its weights are unusable, and leaves nothing of it in the model then.
    """
    tensors = _finite_tensors(folder / ADAPTER_WEIGHTS, name)
    try:
        _load(painter.pipeline, folder, name)
        parts = [part for part in painter.pipeline.components.values() if isinstance(part, nn.Module)]
        loaded = sum(name in key.split(".") for part in parts for key, _ in part.named_parameters())
        if loaded != len(tensors):
            raise ValueError(f"the file has {len(tensors)} tensors, of which the model takes {loaded}")
    except (ValueError, RuntimeError, RuntimeWarning) as error:  # keys and shapes that do not fit
        painter.pipeline.delete_adapters(name)
        raise _unusable(name, str(error).strip().splitlines()[0], "weights made for the base model") from error


def use_adapter(painter: Painter, name: str, scale: float) -> None:
    """Make one of the loaded adapters the only active one."""
    painter.pipeline.enable_lora()
    painter.pipeline.set_adapters([name], [scale])


def _load(pipeline: Any, folder: Path, name: str) -> None:
    with warnings.catch_warnings():
        # Several adapters in one model are what this is for.
        warnings.filterwarnings("ignore", message="Already found a `peft_config`")
        # Keys that are not those of the LoRA's own configuration.
        warnings.filterwarnings("error", message="While injecting the PEFT adapters")
        pipeline.load_lora_weights(folder, weight_name=ADAPTER_WEIGHTS, adapter_name=name)


def _finite_tensors(path: Path, name: str) -> dict[str, Tensor]:
    try:
        tensors: dict[str, Tensor] = load_file(path)
    except SafetensorError as error:
        raise _unusable(name, str(error), "a safetensors file") from error
    if not tensors:
        raise _unusable(name, "no tensors", "weights made for the base model")
    if kinds := sorted({str(tensor.dtype) for tensor in tensors.values()} - set(map(str, NUMBERS))):
        raise _unusable(name, f"tensors of {', '.join(kinds)}", f"tensors of {', '.join(map(str, NUMBERS))}")
    broken = [key for key, tensor in tensors.items() if not bool(tensor.isfinite().all())]
    if broken:
        raise _unusable(name, f"{len(broken)} tensors with NaN or infinity, {broken[0]} among them", "finite numbers")
    return tensors


def _unusable(name: str, got: str, allowed: str) -> InvalidInputError:
    return InvalidInputError(f"adapter {name}: weights", got=got, allowed=allowed)
