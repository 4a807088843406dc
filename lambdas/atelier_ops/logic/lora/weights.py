"""An adapter from elsewhere, checked whole against its base model and laid out as our own training writes one."""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from atelier_ops.logic.lora.keys import Half, KeyFormat, KeysRead, listed, read_keys
from atelier_ops.logic.lora.layers import PARTS, Layer
from atelier_ops.logic.lora.safetensors import ITEM_BYTES, TensorEntry, check_cover, header_text, is_finite, read_header
from atelier_ops.logic.lora.strength import SETTINGS, Strengths
from contracts.errors import InvalidInputError, Problem

DTYPES = ("F16", "BF16", "F32")
_HALVES: Mapping[Half, str] = {"down": "lora_A", "up": "lora_B"}


@dataclass(frozen=True, kw_only=True)
class Adapter:
    """``pieces`` are the stored file's bytes, in order; the rest says what came: its format, the ranks in it, how many layers."""

    pieces: Sequence[memoryview]
    format: KeyFormat
    ranks: tuple[int, ...]
    layers: int

    def sha256(self) -> str:
        """Of the stored file, hexadecimal."""
        digest = hashlib.sha256()
        for piece in self.pieces:
            digest.update(piece)
        return digest.hexdigest()


def read_adapter(body: bytes, layers: Sequence[Layer], base: str, alpha: float | None) -> Adapter:
    """The adapter in a safetensors file for a base model of these layers, which errors call ``base``.

    ``alpha`` is for all layers, where the file says none. Raises InvalidInputError with everything that is wrong.
    """
    header = read_header(body, "weights")
    check_cover(header, len(body), "weights")
    keys = read_keys(header.tensors, layers, base)
    ranks = _ranks(keys)
    strengths = Strengths(body, header, keys, ranks, alpha)
    problems = [
        *keys.problems,
        *_half_problems(keys),
        *_part_problems(keys),
        *strengths.problems,
        *_number_problems(body, keys),
    ]
    if problems:
        raise InvalidInputError.of(problems)
    return Adapter(
        pieces=_laid_out(body, keys, ranks, strengths.alphas),
        format=keys.format,
        ranks=tuple(sorted(set(ranks.values()))),
        layers=len(ranks),
    )


def _ranks(keys: KeysRead) -> dict[Layer, int]:
    """The rank of each layer whose two halves fit it."""
    return {layer: halves["down"].shape[0] for layer, halves in keys.halves.items() if not _misfits(layer, halves)}


def _misfits(layer: Layer, halves: Mapping[Half, TensorEntry]) -> list[Problem]:
    missing = [half for half in _HALVES if half not in halves]
    if missing:
        there = next(iter(halves.values())).name[:120]
        return [Problem(f"weights: {there}", f"no {missing[0]} half beside it", f"both halves of {layer.name}")]
    return list(_shape_problems(layer, halves["down"], halves["up"]))


def _shape_problems(layer: Layer, down: TensorEntry, up: TensorEntry) -> Iterator[Problem]:
    rank = down.shape[0] if down.shape else 0
    expected = {"down": (rank, *layer.down), "up": (layer.up[0], rank, *layer.up[1:])}
    for half, tensor in (("down", down), ("up", up)):
        if tensor.shape != expected[half] or rank == 0:
            allowed = f"{list(expected[half])}, for {layer.name} with weights {list(layer.shape)}"
            yield Problem(
                f"weights: {tensor.name[:120]}", list(tensor.shape), allowed if rank else "a rank of 1 or more"
            )
        if tensor.dtype not in DTYPES:
            yield Problem(f"weights: {tensor.name[:120]}", tensor.dtype, " | ".join(DTYPES))


def _half_problems(keys: KeysRead) -> Iterator[Problem]:
    problems = [problem for layer, halves in keys.halves.items() for problem in _misfits(layer, halves)]
    yield from listed(problems, "layers")


def _part_problems(keys: KeysRead) -> Iterator[Problem]:
    """diffusers tells a text encoder's format by its attention: a LoRA of nothing else in it cannot be loaded."""
    for part in PARTS[1:] if not keys.problems else ():
        paths = [layer.path for layer in keys.halves if layer.part == part]
        if paths and not any(".self_attn." in path for path in paths):
            allowed = "at least one layer of its attention too: without it diffusers cannot load the others"
            yield Problem(f"weights: {part}", f"LoRAs of {', '.join(sorted(paths))[:80]} only", allowed)


def _number_problems(body: bytes, keys: KeysRead) -> Iterator[Problem]:
    halves = (halves[half] for halves in keys.halves.values() for half in _HALVES if half in halves)
    broken = [tensor for tensor in halves if tensor.dtype in DTYPES and not is_finite(body, tensor)]
    yield from listed(
        [Problem(f"weights: {each.name[:120]}", "NaN or infinity", "finite numbers") for each in broken], "numbers"
    )


def _laid_out(
    body: bytes, keys: KeysRead, ranks: Mapping[Layer, int], alphas: Mapping[Layer, float]
) -> list[memoryview]:
    tensors = {
        f"{layer.name}.{_HALVES[half]}.weight": halves[half]
        for layer, halves in keys.halves.items()
        for half in _HALVES
    }
    ordered = sorted(tensors.items(), key=lambda item: (-ITEM_BYTES[item[1].dtype], item[0]))
    settings: dict[str, Any] = {}
    for part in PARTS:
        own = [layer for layer in ranks if layer.part == part]
        settings |= {f"{part}.{name}": value for name, value in _settings(own, ranks, alphas).items() if own}
    metadata = {"format": "pt", SETTINGS: json.dumps(settings, sort_keys=True)}
    entries = [(name, each.dtype, each.shape, each.end - each.start) for name, each in ordered]
    data = memoryview(body)
    return [memoryview(header_text(entries, metadata)), *(data[each.start : each.end] for _, each in ordered)]


def _settings(layers: Sequence[Layer], ranks: Mapping[Layer, int], alphas: Mapping[Layer, float]) -> dict[str, Any]:
    """PEFT's settings by which every layer has its own rank and alpha, and no other layer is meant."""
    rank, ranks_of_others = _commonest({layer.path: ranks[layer] for layer in layers})
    alpha, alphas_of_others = _commonest({layer.path: _tidy(alphas[layer]) for layer in layers})
    return {
        "r": rank,
        "lora_alpha": alpha,
        "rank_pattern": ranks_of_others,
        "alpha_pattern": alphas_of_others,
        "target_modules": _pattern(layer.path for layer in layers),
    }


def _commonest(values: Mapping[str, Any]) -> tuple[Any, dict[str, Any]]:
    """The value that most paths have, and for each other value the pattern of its paths: PEFT tries every pattern on every layer."""
    counts = Counter(values.values())
    most = max(sorted(counts), key=lambda value: counts[value], default=0)
    return most, {
        _pattern(path for path in values if values[path] == other): other for other in sorted(counts) if other != most
    }


def _pattern(paths: Iterable[str]) -> str:
    """Matches these paths and no path that one of them ends. A text encoder's module may lack ``text_model``."""
    escaped = sorted(re.escape(path) for path in paths)
    optional = [re.sub(r"^text_model\\\.", r"(?:text_model\\.)?", path) for path in escaped]
    return f"^(?:{'|'.join(optional)})"


def _tidy(alpha: float) -> float:
    return int(alpha) if float(alpha).is_integer() else alpha
