"""Which layer and which half of a LoRA each tensor of a file is: the key formats of diffusers (today's and older), PEFT and kohya."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from atelier_ops.logic.lora.layers import Layer, NameStyle, foreign_names
from atelier_ops.logic.lora.safetensors import TensorEntry
from contracts.errors import Problem

KeyFormat = Literal["diffusers", "peft", "kohya"]
Half = Literal["down", "up", "alpha"]

MOST_LISTED = 20
"""Problems of one kind that an answer lists."""

_KEY = re.compile(
    r"(?P<name>.+?)(?:"
    r"\.lora_(?P<peft>[AB])(?:\.[\w-]+)?\.weight"  # PEFT puts the adapter's name between them
    r"|(?:\.lora|\.lora_linear_layer|(?<=_lora))\.(?P<older>down|up)\.weight"
    r"|\.lora_(?P<kohya>down|up)\.weight"
    r"|\.(?P<alpha>alpha)"
    r")"
)
_PEFT_HALVES: Mapping[str, Half] = {"A": "down", "B": "up"}

_OTHER_METHODS: Mapping[str, str] = {
    r"\.hada_w[12]": "LoHa (a Hadamard product), which is no LoRA: no such adapter is taken",
    r"\.lokr_[wt][12]|\.lokr_t2": "LoKr (a Kronecker product), which is no LoRA: no such adapter is taken",
    r"dora_scale|lora_magnitude_vector": "DoRA (a LoRA with magnitudes of its own): no such adapter is taken",
    r"\.lora_mid\.|\.lora_t2": "LoCon with a Tucker core (a third matrix between both): no such adapter is taken",
    r"\.diff(_b)?$|\.w_norm$|\.b_norm$": "a changed weight itself, not a LoRA of it: no such adapter is taken",
    r"\.oft_|\.boft_|\.a[12]\.weight|\.b[12]\.weight": "OFT or GLoRA, which are no LoRAs: no such adapter is taken",
    r"\.bias$": "the bias of a layer, which a LoRA here does not change: no such adapter is taken",
    r"bundle_emb|emb_params|lora_embedding_[AB]|modules_to_save": "an embedding or a whole module: only LoRAs of layers are taken",
    r"lora_transformer_|^transformer\.|double_blocks|joint_blocks|lora_prior_": "a LoRA of another kind of model, not of a UNet",
}
"""Keys of what is no LoRA of a layer, and what they are."""


@dataclass(frozen=True, kw_only=True)
class KeysRead:
    """What was understood: each layer's tensors by half, the file's key format, and what was not."""

    halves: Mapping[Layer, Mapping[Half, TensorEntry]]
    format: KeyFormat
    problems: Sequence[Problem]


@dataclass
class _Reading:
    halves: dict[Layer, dict[Half, TensorEntry]] = field(default_factory=dict)
    formats: dict[KeyFormat, str] = field(default_factory=dict)
    unknown: list[Problem] = field(default_factory=list)
    unclear: list[Problem] = field(default_factory=list)


def read_keys(tensors: Mapping[str, TensorEntry], layers: Sequence[Layer], base: str) -> KeysRead:
    """Look every key up among the names of the base model's layers; ``base`` is what problems call it."""
    names, reading = foreign_names(layers), _Reading()
    for tensor in tensors.values():
        _read(tensor, names, reading, base)
    if not tensors:
        reading.unknown.append(Problem("weights", "no tensors", "a LoRA's"))
    problems = [*listed(reading.unknown, "keys"), *listed(reading.unclear, "keys"), *_mixed(reading.formats)]
    return KeysRead(halves=reading.halves, format=next(iter(reading.formats), "diffusers"), problems=problems)


def listed(problems: Sequence[Problem], what: str) -> Iterator[Problem]:
    """The first of several problems of one kind, and how many more there are."""
    yield from problems[:MOST_LISTED]
    if (more := len(problems) - MOST_LISTED) and more > 0:
        yield Problem(f"weights: {what}", f"{more} more like these", problems[0].allowed)


def _read(
    tensor: TensorEntry, names: Mapping[str, list[tuple[Layer, NameStyle]]], reading: _Reading, base: str
) -> None:
    key = tensor.name
    match = _KEY.fullmatch(key.replace(".processor.", "."))
    candidates = names.get(match["name"], []) if match else []
    if match is None or not candidates or not _go_together(match, candidates[0][1]):
        reading.unknown.append(Problem(_called(key), "an unknown key", _meaning(key, base)))
        return
    if len(candidates) > 1:
        owners = " and ".join(sorted(layer.name for layer, _ in candidates))
        allowed = f"a key that says which: {owners} are both called so; diffusers' keys begin with the part"
        reading.unclear.append(Problem(_called(key), "an ambiguous key", allowed))
        return
    ((layer, style),) = candidates
    reading.formats.setdefault(_format(style, match), key)
    half = _half(match)
    halves = reading.halves.setdefault(layer, {})
    if half in halves:
        allowed = f"each layer once: {halves[half].name[:80]} names {layer.name} too"
        reading.unclear.append(Problem(_called(key), "a second name of one layer", allowed))
    halves.setdefault(half, tensor if half == "alpha" else replace(tensor, shape=layer.own_shape(tensor.shape)))


def _go_together(match: re.Match[str], style: NameStyle) -> bool:
    """Kohya's names have kohya's endings and no other; ``alpha`` is kohya's."""
    return (style == "kohya") == bool(match["kohya"] or match["alpha"])


def _format(style: NameStyle, match: re.Match[str]) -> KeyFormat:
    if style == "bare":
        return "peft" if match["peft"] else "diffusers"
    return style


def _half(match: re.Match[str]) -> Half:
    if match["peft"]:
        return _PEFT_HALVES[match["peft"]]
    half = match["older"] or match["kohya"] or match["alpha"]
    return "alpha" if half == "alpha" else "down" if half == "down" else "up"


def _meaning(key: str, base: str) -> str:
    known = (about for pattern, about in _OTHER_METHODS.items() if re.search(pattern, key))
    other = next(known, None)
    if other:
        return f"keys of a LoRA; this one belongs to {other}"
    return f"a layer of {base} in the keys of diffusers, PEFT or kohya"


def _mixed(formats: Mapping[KeyFormat, str]) -> Iterator[Problem]:
    if len(formats) > 1:
        got = " and ".join(f"{name} ({key[:40]})" for name, key in formats.items())
        yield Problem("weights: keys", got, "one format in a file: each has its own rule of how strong a LoRA is")


def _called(key: str) -> str:
    return f"weights: {key[:120]}"
