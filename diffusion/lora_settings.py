"""The settings of PEFT that diffusers keeps in a LoRA's file: how strong each layer's update is, and which layers there must be."""

import json
import math
import re
import sys
from collections.abc import Mapping, Sequence
from typing import Any

METADATA = "lora_adapter_metadata"
"""Where diffusers keeps them in a file's metadata, by ``{part}.{setting}``."""
_MORE_THAN_A_LORA = (
    *("use_dora", "lora_bias", "fan_in_fan_out", "modules_to_save", "layer_replication", "target_parameters"),
    *("trainable_token_indices", "alora_invocation_tokens", "use_qalora", "arrow_config", "use_bdlora"),
)
"""What makes of an adapter something else than a product of two matrices beside a layer."""
_HARMLESS_STARTS = (None, True, False, "gaussian", "eva", "orthogonal")
"""Values of ``init_lora_weights`` that leave the base model as it is."""
_TEXT_MODEL = r"(?:text_model\.)?"
_PATHS = re.compile(r"\^?(?:\(\?:[\w.\\|-]*\)|[\w.\\-]*)\$?")
"""The regular expressions that diffusers, kohya's converters and our imports write: paths. Others could take for ever to match."""


class UnusableError(ValueError):
    """Weights that cannot be used: what was found, and what would do."""

    def __init__(self, got: str, allowed: str) -> None:
        super().__init__(got)
        self.got = got
        self.allowed = allowed


def settings_of(metadata: Mapping[str, str]) -> dict[str, "PeftSettings"]:
    """The settings of each part, where the file has them. Raises UnusableError."""
    if METADATA not in metadata:
        return {}
    parts: dict[str, dict[str, Any]] = {}
    try:
        for key, value in json.loads(metadata[METADATA]).items():
            part, _, name = key.partition(".")
            parts.setdefault(part, {})[name] = value
    except (ValueError, AttributeError, RecursionError) as error:
        raise UnusableError(f"{METADATA} that cannot be read", "the settings that diffusers writes") from error
    return {part: PeftSettings(part, settings) for part, settings in parts.items()}


class PeftSettings:
    """A part's settings. Raises UnusableError for those that cannot be read, or by which it is more than a LoRA."""

    def __init__(self, part: str, settings: Mapping[str, Any]) -> None:
        self._part = part
        self._require_a_lora(settings)
        self._rank = self._number("r", settings.get("r"))
        self._alpha = self._number("lora_alpha", settings.get("lora_alpha"))
        self._ranks = self._patterns("rank_pattern", settings)
        self._alphas = self._patterns("alpha_pattern", settings)
        self._root = bool(settings.get("use_rslora"))
        self._narrowed = bool(settings.get("layers_to_transform") or settings.get("exclude_modules"))
        targets = settings.get("target_modules") or ()
        if not isinstance(targets, str | Sequence):
            raise UnusableError(f"{part}.target_modules of {str(targets)[:40]}", "paths of layers")
        self._targets = self._compiled("target_modules", targets) if isinstance(targets, str) else None
        self._ends = () if isinstance(targets, str) else tuple(map(str, targets))

    def rank(self, layer: str) -> float:
        """The rank of a layer of this path."""
        return _fitting(self._ranks, layer, self._rank)

    def scaling(self, layer: str, rank: int) -> float:
        """What a layer's update is multiplied by: alpha / rank, or alpha / √rank (https://arxiv.org/abs/2312.03732)."""
        alpha = _fitting(self._alphas, layer, self._alpha)
        return alpha / math.sqrt(rank) if self._root else alpha / rank

    def means(self, layer: str) -> bool:
        """Whether the adapter must have weights for a layer."""
        if self._narrowed:
            return False
        if self._targets:
            return bool(self._targets.fullmatch(layer))
        return any(layer == end or layer.endswith(f".{end}") for end in self._ends)

    def _require_a_lora(self, settings: Mapping[str, Any]) -> None:
        more = [name for name in _MORE_THAN_A_LORA if settings.get(name)]
        more += ["bias"] if settings.get("bias") not in (None, "none") else []
        more += ["init_lora_weights"] if settings.get("init_lora_weights") not in _HARMLESS_STARTS else []
        if more:
            raise UnusableError(f"{self._part} with {', '.join(more)}", "a LoRA and nothing more")
        if settings.get("peft_type") not in (None, "LORA"):
            raise UnusableError(f"{self._part} of kind {str(settings['peft_type'])[:40]}", "a LoRA")

    def _number(self, name: str, value: Any) -> float:
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        # Compared, since an integer may be larger than any float.
        if not (is_number and 0 < value <= sys.float_info.max):
            raise UnusableError(f"{self._part}.{name} of {str(value)[:40]}", "a number above 0")
        return float(value)

    def _patterns(self, name: str, settings: Mapping[str, Any]) -> list[tuple[re.Pattern[str], float]]:
        patterns = settings.get(name) or {}
        if not isinstance(patterns, dict):
            raise UnusableError(f"{self._part}.{name} that is no object", "numbers by layer")
        return [(self._compiled(name, key), self._number(name, value)) for key, value in patterns.items()]

    def _compiled(self, name: str, pattern: str) -> re.Pattern[str]:
        """The expression as PEFT puts it together: of a path, or of its end."""
        try:
            if not _PATHS.fullmatch(pattern.replace(_TEXT_MODEL, "")):
                raise UnusableError(f"{self._part}.{name} with {pattern[:60]!r}", "paths of layers")
            return re.compile(pattern if name == "target_modules" else rf"(?:.*\.)?(?:{pattern})$")
        except (re.error, RecursionError, OverflowError) as error:
            raise UnusableError(f"{self._part}.{name} with {pattern[:60]!r}", "paths of layers") from error


def _fitting(patterns: list[tuple[re.Pattern[str], float]], layer: str, otherwise: float) -> float:
    """PEFT's rule: the first pattern that fits."""
    return next((value for pattern, value in patterns if pattern.match(layer)), otherwise)
