"""Reads a LoRA from a safetensors file, and refuses by name whatever is not one for the model."""

import json
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from diffusers.utils.peft_utils import get_peft_kwargs
from diffusers.utils.state_dict_utils import (
    convert_state_dict_to_diffusers,
    convert_state_dict_to_peft,
    convert_unet_state_dict_to_peft,
)
from safetensors import SafetensorError
from torch import Tensor, nn

from contracts.artifact import ADAPTER_WEIGHTS
from contracts.errors import InvalidInputError
from diffusion.lora import Lora, Place, lora_parts, places
from diffusion.lora_layers import LowRank
from diffusion.lora_settings import PeftSettings, UnusableError, settings_of

NUMBERS = (torch.float32, torch.float16, torch.bfloat16)
_OTHER_KINDS = {"dora_scale": "DoRA", "lora_magnitude_vector": "DoRA", "hada_w": "LoHa", "lokr_": "LoKr"}
_FITTING = "weights made for the base model"

Tensors = dict[str, Tensor]


def load_lora(pipeline: Any, folder: Path, name: str) -> Lora:
    """The LoRA that training or publishing left in a folder, for a diffusers pipeline. Raises InvalidInputError as ``read_lora`` does."""
    return read_lora(pipeline, (folder / ADAPTER_WEIGHTS).read_bytes(), name)


def read_lora(pipeline: Any, content: bytes, name: str) -> Lora:
    """A LoRA in the keys of diffusers, of PEFT below a part's name, or of kohya; on the CPU, in the pipeline's precision.

    Any thread may call this; the pipeline is not changed. Raises InvalidInputError, which names the adapter, unless every tensor of the
    file belongs to a layer of the pipeline, with its other half and of its shape, and is finite.
    """
    try:
        return _lora(pipeline, content)
    except UnusableError as error:
        raise InvalidInputError(f"adapter {name}: weights", got=error.got, allowed=error.allowed) from error


def _lora(pipeline: Any, content: bytes) -> Lora:
    tensors, metadata = _finite_tensors(content)
    settings = settings_of(metadata)
    layers: dict[Place, LowRank] = {}
    known = places(pipeline)
    for part, (own, assumed) in _by_part(pipeline, tensors, settings).items():
        modules = {name: module for (each, name), module in known.items() if each == part}
        pairs = _pairs(own, part, modules)
        if part in settings:
            _require_settings(pairs, settings[part], part, modules)
        dtype = next(lora_parts(pipeline)[part].parameters()).dtype
        for name, pair in pairs.items():
            scaling = assumed.scaling(name, pair.down.shape[0])
            layers[part, name] = _in_precision(
                f"{part}.{name}", pair, scaling, dtype, modules[name].get_parameter("weight")
            )
    return Lora(layers)


def _finite_tensors(content: bytes) -> tuple[Tensors, Mapping[str, str]]:
    try:
        tensors: Tensors = safetensors.torch.load(content)
    except SafetensorError as error:
        raise UnusableError(str(error), "a safetensors file") from error
    if not tensors:
        raise UnusableError("no tensors", _FITTING)
    if kinds := sorted({str(tensor.dtype) for tensor in tensors.values()} - set(map(str, NUMBERS))):
        raise UnusableError(f"tensors of {', '.join(kinds)}", f"tensors of {', '.join(map(str, NUMBERS))}")
    if broken := [key for key, tensor in tensors.items() if not bool(tensor.isfinite().all())]:
        raise UnusableError(f"{len(broken)} tensors with NaN or infinity, {broken[0]} among them", "finite numbers")
    for mark, kind in _OTHER_KINDS.items():
        if found := [key for key in tensors if mark in key]:
            raise UnusableError(f"a {kind}: {_some(found)}", "a LoRA")
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    return tensors, header.get("__metadata__") or {}


def _by_part(
    pipeline: Any, tensors: Tensors, settings: Mapping[str, PeftSettings]
) -> dict[str, tuple[Tensors, PeftSettings]]:
    """The tensors of each part in PEFT's keys, with its settings, or those that diffusers takes where a file has none."""
    try:
        renamed, alphas = pipeline.lora_state_dict(dict(tensors), unet_config=pipeline.unet.config)
    except (ValueError, LookupError, AttributeError, RuntimeError) as error:  # keys of no format that diffusers knows
        raise UnusableError(f"keys of no known format: {_some(tensors)}", _FITTING) from error
    parts = lora_parts(pipeline)
    if foreign := [key for key in renamed if key.partition(".")[0] not in parts]:
        raise UnusableError(f"tensors of no part that the model has: {_some(foreign)}", _FITTING)
    found = {}
    for part, whole in parts.items():
        own = {key.removeprefix(f"{part}."): each for key, each in renamed.items() if key.startswith(f"{part}.")}
        if own:
            own = _in_pefts_keys(part, whole, own)
            found[part] = own, settings.get(part) or PeftSettings(part, _inferred(part, own, alphas))
    return found


def _in_pefts_keys(part: str, whole: nn.Module, own: Tensors) -> Tensors:
    """As diffusers does when it loads them."""
    try:
        if part == "unet":
            converted = own if "lora_A" in next(iter(own)) else convert_unet_state_dict_to_peft(own)
        else:
            converted = convert_state_dict_to_peft(convert_state_dict_to_diffusers(own))
    except (ValueError, LookupError) as error:
        raise UnusableError(f"{part} with keys of no known format: {_some(own)}", _FITTING) from error
    if part != "unet" and not hasattr(whole, "text_model"):
        converted = {key.removeprefix("text_model."): each for key, each in converted.items()}
    if len(converted) != len(own):
        raise UnusableError(f"{part} with {len(own)} tensors for {len(converted)} places", _FITTING)
    return converted


def _inferred(part: str, own: Tensors, alphas: Mapping[str, float] | None) -> dict[str, Any]:
    """What diffusers takes for PEFT's settings where a file has none: kohya's alphas, else alphas that are the ranks."""
    anchor = "^" if part == "unet" else ""
    ranks = {f"{anchor}{key}": each.shape[1] for key, each in own.items() if "lora_B" in key and each.ndim > 1}
    if not ranks:
        raise UnusableError(f"{part} without the second half of any layer: {_some(own)}", _FITTING)
    mine = {key.removeprefix(f"{part}."): each for key, each in (alphas or {}).items() if key.startswith(f"{part}.")}
    inferred: dict[str, Any] = get_peft_kwargs(ranks, mine or None, own, is_unet=part == "unet")
    return inferred


def _pairs(own: Tensors, part: str, modules: Mapping[str, nn.Module]) -> dict[str, LowRank]:
    """Each layer's two halves."""
    halves: dict[str, Tensors] = {}
    for key, each in own.items():
        name, mark, half = key.rpartition(".lora_")
        if not mark or half not in ("A.weight", "B.weight") or name not in modules:
            raise UnusableError(f"{part}.{key}, which is no LoRA of a layer that the model has", _FITTING)
        halves.setdefault(name, {})[half] = each
    if alone := [name for name, both in halves.items() if len(both) < 2]:
        raise UnusableError(f"{part} with one half of {_some(alone)}", _FITTING)
    pairs = {name: LowRank(both["A.weight"], both["B.weight"]) for name, both in halves.items()}
    for name, pair in pairs.items():
        _require_shape(f"{part}.{name}", pair, modules[name])
    return pairs


def _require_shape(where: str, pair: LowRank, layer: nn.Module) -> None:
    weight = layer.weight
    assert isinstance(weight, Tensor)
    rank = pair.down.shape[0] if pair.down.ndim else 0
    down = (rank, *weight.shape[1:])
    up = (weight.shape[0], rank, *(1 for _ in weight.shape[2:]))
    if rank < 1 or tuple(pair.down.shape) != down or tuple(pair.up.shape) != up:
        got = f"{where} of shapes {_shape(pair.down)} and {_shape(pair.up)}"
        allowed = f"{_FITTING}: there (rank, {_numbers(down[1:])}) and ({up[0]}, {_numbers(('rank', *up[2:]))})"
        raise UnusableError(got, allowed)
    if isinstance(layer, nn.Conv2d) and (layer.groups > 1 or layer.dilation != (1, 1)):
        raise UnusableError(f"{where}, a convolution with groups or dilation", "layers without")


def _require_settings(
    pairs: Mapping[str, LowRank], settings: PeftSettings, part: str, modules: Mapping[str, nn.Module]
) -> None:
    """Refuse a file that lacks layers which its own settings name, or has them of other ranks."""
    wanted = [name for name in modules if settings.means(name)]
    if missing := [name for name in wanted if name not in pairs]:
        got = f"{len(wanted) - len(missing)} of {len(wanted)} layers of {part}, without {_some(missing)}"
        raise UnusableError(got, "all that the file's own settings name")
    for name, pair in pairs.items():
        if pair.down.shape[0] != settings.rank(name):
            got = f"{part}.{name} of rank {pair.down.shape[0]}"
            raise UnusableError(got, f"the rank that the file's own settings say: {settings.rank(name):g}")


def _in_precision(where: str, pair: LowRank, scaling: float, dtype: torch.dtype, beside: Tensor) -> LowRank:
    """The pair with its scaling in ``up``, for the layer of the weights ``beside``. Raises where the model's precision cannot hold it."""
    # As the layer's own weights lie, so that both are added without turning them.
    layout = torch.contiguous_format if beside.is_contiguous() else torch.channels_last
    made = LowRank(
        pair.down.to(dtype).contiguous(memory_format=layout), (pair.up.float() * scaling).to(dtype).contiguous()
    )
    if not all(bool(each.isfinite().all()) for each in made):
        raise UnusableError(f"{where} with numbers that {dtype} cannot hold", "numbers of the model's precision")
    return made


def _some(keys: Collection[str]) -> str:
    """The first three."""
    named = ", ".join(list(keys)[:3])
    return f"{named} and {len(keys) - 3} more" if len(keys) > 3 else named


def _shape(tensor: Tensor) -> str:
    return f"({_numbers(tuple(tensor.shape))})"


def _numbers(values: Sequence[object]) -> str:
    return ", ".join(map(str, values))
