"""How strong each layer's LoRA is: its alpha, of which the update is alpha / rank times B A.

Kohya writes one tensor a layer, diffusers and PEFT write settings beside the tensors; where diffusers' or kohya's file has neither, alpha
is the rank, by their own rule. PEFT's own file has no settings: they lie in ``adapter_config.json``, so the request gives alpha.
"""

import math
import re
import struct
from collections.abc import Iterator, Mapping
from typing import Any

from atelier_ops.logic.lora.keys import KeysRead, listed
from atelier_ops.logic.lora.layers import PARTS, Layer
from atelier_ops.logic.lora.safetensors import FileHeader, TensorEntry
from contracts.errors import Problem
from contracts.json_text import load

SETTINGS = "lora_adapter_metadata"
"""The key of a file's metadata under which diffusers keeps a LoRA's settings, by ``{part}.{setting}``; of one module without its part."""

_NOTED_ALPHA = "ss_network_alpha"
"""The key under which kohya's scripts note the alpha that they trained with, beside the tensors that say it."""

LARGEST_ALPHA = 1e9
"""A number of any size that JSON can write would not be one of ours."""

_STRUCTS: Mapping[str, str] = {"F64": "<d", "F32": "<f", "F16": "<e", "I64": "<q", "I32": "<i"}
_HARMLESS_STARTS = (True, None, False, "gaussian", "orthogonal", "eva")
"""Ways of starting a LoRA that leave the base model as it is; PiSSA, OLoRA and their like take from it what the LoRA begins with."""
_REFUSED = (
    *("use_dora", "lora_bias", "modules_to_save", "target_parameters", "trainable_token_indices", "use_qalora"),
    *("alora_invocation_tokens", "layer_replication", "arrow_config", "use_bdlora"),
)
"""PEFT's settings by which an adapter is more than A and B of its layers."""


class Strengths:
    """``alphas`` by layer, for those whose rank is known; ``problems`` is what contradicts itself or is missing."""

    def __init__(
        self, body: bytes, header: FileHeader, keys: KeysRead, ranks: Mapping[Layer, int], alpha: float | None
    ) -> None:
        self.alphas: dict[Layer, float] = {}
        self.problems: list[Problem] = []
        self._keys, self._ranks = keys, ranks
        with_tensors = [layer for layer, halves in keys.halves.items() if "alpha" in halves]
        settings = header.metadata.get(SETTINGS)
        if with_tensors:
            self._from_tensors(body, with_tensors)
        if settings is not None:
            self._from_settings(settings)
        if not with_tensors and settings is None:
            self._from_rule(alpha, header.metadata.get(_NOTED_ALPHA, ""))
        elif alpha is not None:
            self.problems.append(Problem("alpha", alpha, "left out: the file says its own"))
        if with_tensors and settings is not None:
            self.problems.append(Problem("weights: alphas", f".alpha of layers and {SETTINGS}", "one of them"))

    def _from_tensors(self, body: bytes, layers: list[Layer]) -> None:
        wrong = []
        for layer in layers:
            tensor = self._keys.halves[layer]["alpha"]
            value = _scalar(body, tensor)
            if value is None or not _is_strength(value):
                got = f"{tensor.dtype} {list(tensor.shape)}" if value is None else value
                wrong.append(Problem(f"weights: {tensor.name[:120]}", got, "one number above 0"))
            else:
                self.alphas[layer] = value
        self.problems += listed(wrong, "alphas")
        if silent := len(self._keys.halves) - len(layers):
            got = f"{len(layers)} layers with .alpha and {silent} without"
            self.problems.append(Problem("weights: alphas", got, "all or none: without, alpha would be the rank"))

    def _from_settings(self, text: str) -> None:
        try:
            settings = load(text)
        except ValueError:
            settings = None
        if not isinstance(settings, dict):
            self.problems.append(Problem(f"weights: {SETTINGS}", text[:80], "a JSON object"))
            return
        for part in PARTS:
            ranks = {layer: rank for layer, rank in self._ranks.items() if layer.part == part}
            if ranks:
                self._from_part(part, _of_part(settings, part), ranks)

    def _from_part(self, part: str, settings: Mapping[str, Any], ranks: Mapping[Layer, int]) -> None:
        problems = list(_setting_problems(settings))
        self.problems += [
            Problem(f"weights: {SETTINGS}: {part}.{each.what}", each.got, each.allowed) for each in problems
        ]
        if problems:
            return
        wrong = []
        stated_ranks = _Patterns(settings.get("rank_pattern") or {}, settings["r"])
        stated_alphas = _Patterns(settings.get("alpha_pattern") or {}, settings["lora_alpha"])
        for layer, rank in ranks.items():
            stated, alpha = stated_ranks.of(layer.path), float(stated_alphas.of(layer.path))
            if stated != rank:
                wrong.append(Problem(f"weights: {layer.name}", f"rank {rank}", f"rank {stated}, as {SETTINGS} says"))
            # PEFT's rule for rsLoRA (arXiv:2312.03732) is alpha / sqrt(rank).
            self.alphas[layer] = alpha * math.sqrt(rank) if settings.get("use_rslora") else alpha
        self.problems += listed(wrong, "ranks")

    def _from_rule(self, alpha: float | None, noted: str) -> None:
        if alpha is None and self._keys.format == "peft":
            allowed = (
                "lora_alpha of adapter_config.json (times the root of r with use_rslora): PEFT's file does not say it"
            )
            self.problems.append(Problem("alpha", None, allowed))
        if alpha is None and _number(noted) not in (None, *self._ranks.values()):
            allowed = (
                f"a number: the file notes {_NOTED_ALPHA} {noted[:20]} and has no .alpha; without, it would be the rank"
            )
            self.problems.append(Problem("alpha", None, allowed))
        self.alphas = {layer: rank if alpha is None else alpha for layer, rank in self._ranks.items()}


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _scalar(body: bytes, tensor: TensorEntry) -> float | None:
    """The one number of a tensor; None where it has another shape or no number's dtype."""
    if tensor.shape not in ((), (1,)):
        return None
    data = body[tensor.start : tensor.end]
    if tensor.dtype == "BF16":
        return float(struct.unpack("<f", b"\0\0" + data)[0])  # its upper half
    return float(struct.unpack(_STRUCTS[tensor.dtype], data)[0]) if tensor.dtype in _STRUCTS else None


def _of_part(settings: Mapping[str, Any], part: str) -> dict[str, Any]:
    """The settings of one part; those of a file of one module have no part before them."""
    prefix = "" if "r" in settings else f"{part}."
    return {name.removeprefix(prefix): value for name, value in settings.items() if name.startswith(prefix)}


def _setting_problems(settings: Mapping[str, Any]) -> Iterator[Problem]:
    rank, alpha = settings.get("r"), settings.get("lora_alpha")
    if type(rank) is not int or rank < 1:
        yield Problem("r", rank, "the rank of the part's layers, 1 or more")
    if not _is_strength(alpha):
        yield Problem("lora_alpha", alpha, "a number above 0")
    for name, good in (
        ("rank_pattern", lambda value: type(value) is int and value >= 1),
        ("alpha_pattern", _is_strength),
    ):
        yield from _pattern_problems(name, settings.get(name) or {}, good)
    if settings.get("peft_type") not in (None, "LORA"):
        yield Problem("peft_type", settings["peft_type"], "LORA: no other kind of adapter is taken")
    if settings.get("bias") not in (None, "none"):
        yield Problem("bias", settings["bias"], "none: only LoRAs of weights are taken")
    start = settings.get("init_lora_weights")
    if start not in _HARMLESS_STARTS:
        allowed = (
            "one that leaves the base model as it is, or the adapter converted to a LoRA of it (save_pretrained can)"
        )
        yield Problem("init_lora_weights", start, allowed)
    for name in _REFUSED:
        if settings.get(name):
            yield Problem(name, settings[name], "left out: only LoRAs that are A and B of whole layers are taken")


def _pattern_problems(name: str, patterns: Any, good: Any) -> Iterator[Problem]:
    if not isinstance(patterns, dict):
        yield Problem(name, patterns, "an object of layers and numbers")
        return
    for pattern, value in patterns.items():
        try:
            _whole(pattern)
        except (re.error, OverflowError, RecursionError) as error:
            yield Problem(name, pattern[:80], f"a regular expression: {error}")
        if not good(value):
            yield Problem(f"{name}: {pattern[:80]}", value, "a number above 0")


def _is_strength(value: Any) -> bool:
    return type(value) in (int, float) and 0 < value <= LARGEST_ALPHA


def _whole(pattern: str) -> re.Pattern[str]:
    """A pattern as PEFT puts it together: of a path, or of its end."""
    return re.compile(rf"(?:.*\.)?(?:{pattern})")


class _Patterns:
    """PEFT's rule: the first pattern that is the path or its end. A text encoder's path may go without ``text_model``."""

    def __init__(self, patterns: Mapping[str, float], otherwise: float) -> None:
        self._patterns = [(_whole(pattern), value) for pattern, value in patterns.items()]
        self._otherwise = otherwise

    def of(self, path: str) -> float:
        """The number for a layer."""
        paths = {path, path.removeprefix("text_model.")}
        matches = (value for pattern, value in self._patterns if any(map(pattern.fullmatch, paths)))
        return next(matches, self._otherwise)
