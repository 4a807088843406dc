"""The layers of a base model that a LoRA can change, and what other tools call them.

A foreign name is never taken apart: ``_`` stands for both ``.`` and ``_`` in kohya's. Every layer's foreign names are made, and looked up.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from atelier_ops.logic.lora.safetensors import FileHeader

PARTS = ("unet", "text_encoder", "text_encoder_2")
"""The parts of a pipeline that LoRAs are made for, by their folders."""

NameStyle = Literal["diffusers", "bare", "kohya"]

_LOOKUPS = ("token_embedding", "position_embedding", "class_embedding")
"""Tables of vectors: their weights have two dimensions too."""

_KOHYA: Mapping[str, tuple[str, ...]] = {
    "unet": ("lora_unet_",),
    "text_encoder": ("lora_te_", "lora_te1_"),
    "text_encoder_2": ("lora_te2_",),
}
_TEXT_MODEL = "text_model."
_OLD_ATTENTION = {"q_proj": "to_q", "k_proj": "to_k", "v_proj": "to_v", "out_proj": "to_out", "to_out.0": "to_out"}
"""What diffusers called an attention's layers when its LoRAs were attention processors."""


@dataclass(frozen=True, kw_only=True)
class Layer:
    """A linear layer (weights out, in) or a convolution (out, in, height, width) of a part, at its path in the module."""

    part: str
    path: str
    shape: tuple[int, ...]

    @property
    def name(self) -> str:
        """As diffusers writes it."""
        return f"{self.part}.{self.path}"

    @property
    def down(self) -> tuple[int, ...]:
        """The shape of A without the rank that stands before it."""
        return self.shape[1:]

    @property
    def up(self) -> tuple[int, ...]:
        """The shape of B with the rank left out: after its first number."""
        return (self.shape[0], *(1 for _ in self.shape[2:]))

    def own_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """A half's shape where the layer is linear and the LoRA's a convolution of one pixel, or the other way round: the same numbers.

        kohya's scripts have such convolutions for SD 2, whose projections are linear in diffusers.
        """
        if len(self.shape) == 2 and len(shape) == 4 and shape[2:] == (1, 1):
            return shape[:2]
        return (*shape, 1, 1) if self.shape[2:] == (1, 1) and len(shape) == 2 else shape


def layers_of(part: str, headers: Iterable[FileHeader]) -> list[Layer]:
    """A part's layers, from the headers of its files.

    A text encoder's paths begin as in published files, whether its own file says ``text_model`` or the loaded module has it: both
    depend on the version of transformers.
    """
    layers = []
    for header in headers:
        for name, tensor in header.tensors.items():
            path, _, last = name.rpartition(".")
            if last == "weight" and len(tensor.shape) in (2, 4) and path.rpartition(".")[2] not in _LOOKUPS:
                layers.append(Layer(part=part, path=_published(part, path), shape=tensor.shape))
    return layers


def foreign_names(layers: Sequence[Layer]) -> Mapping[str, list[tuple[Layer, NameStyle]]]:
    """Every name that a file may have for a layer. What several layers are called has each of them."""
    names: dict[str, list[tuple[Layer, NameStyle]]] = {}
    originals = _original_paths([layer.path for layer in layers if layer.part == "unet"])
    for layer in layers:
        for name, style in dict(_names(layer, originals)).items():
            names.setdefault(name, []).append((layer, style))
    return names


def _published(part: str, path: str) -> str:
    is_flat = part != "unet" and not path.startswith((_TEXT_MODEL, "text_projection"))
    return _TEXT_MODEL + path if is_flat else path


def _names(layer: Layer, originals: Mapping[str, str]) -> Iterator[tuple[str, NameStyle]]:
    for path in {layer.path, layer.path.removeprefix(_TEXT_MODEL)}:
        yield f"{layer.part}.{path}", "diffusers"
        yield path, "bare"
        yield f"base_model.model.{path}", "bare"
        if old := _old_attention(path):
            yield f"{layer.part}.{old}", "diffusers"
            yield old, "bare"
    for prefix in _KOHYA[layer.part]:
        # diffusers' own scripts write kohya's names of the loaded module, which may lack text_model.
        for path in {layer.path, layer.path.removeprefix(_TEXT_MODEL)}:
            yield prefix + path.replace(".", "_"), "kohya"
        if layer.part == "unet" and layer.path in originals:
            yield prefix + originals[layer.path].replace(".", "_"), "kohya"


def _old_attention(path: str) -> str:
    """``….attn1.to_q_lora``: the name in a file of attention processors, without ``processor``. Empty where it was none."""
    ending = re.search(r"(?<=\.)(?:to_out\.0|to_[qkv]|[qkv]_proj|out_proj)$", path)
    return f"{path[: ending.start()]}{_OLD_ATTENTION.get(ending[0], ending[0])}_lora" if ending else ""


_ORIGINAL_WORDS = {
    "conv1": "in_layers.2",
    "conv2": "out_layers.3",
    "time_emb_proj": "emb_layers.1",
    "conv_shortcut": "skip_connection",
}
_ORIGINAL_TOPS = {
    "conv_in": "input_blocks.0.0",
    "conv_out": "out.2",
    "time_embedding.linear_1": "time_embed.0",
    "time_embedding.linear_2": "time_embed.2",
    "add_embedding.linear_1": "label_emb.0.0",
    "add_embedding.linear_2": "label_emb.0.2",
}
_BLOCK = re.compile(r"(?:(down|up)_blocks\.(\d+)|mid_block)\.(resnets|attentions|downsamplers|upsamplers)\.(\d+)\.(.+)")


def _original_paths(paths: Sequence[str]) -> dict[str, str]:
    """The UNet's paths in Stability's own code, which numbers all blocks on; kohya's LoRAs of SDXL are named after it."""
    resnets = {int(match[1]) for path in paths if (match := re.match(r"down_blocks\.0\.resnets\.(\d+)\.", path))}
    attended = {match[1] for path in paths if (match := re.match(r"up_blocks\.(\d+)\.attentions\.", path))}
    each = len(resnets)
    originals = {}
    for path in paths:
        if match := _BLOCK.fullmatch(path):
            direction, block, kind, number, rest = match.groups()
            place = _original_block(direction, int(block or 0), kind, int(number), each, block in attended)
            originals[path] = f"{place}.{_original_words(kind, rest)}"
        elif path in _ORIGINAL_TOPS:
            originals[path] = _ORIGINAL_TOPS[path]
    return originals


def _original_block(direction: str | None, block: int, kind: str, number: int, each: int, attends: bool) -> str:
    """``each`` is the number of ResNets in a block on the way down; on the way up there is one more."""
    inner = int(kind == "attentions")
    if direction is None:
        return f"middle_block.{1 if inner else 2 * number}"
    if direction == "down":
        return (
            f"input_blocks.{(each + 1) * (block + 1)}.0"
            if kind == "downsamplers"
            else (f"input_blocks.{(each + 1) * block + number + 1}.{inner}")
        )
    if kind == "upsamplers":
        return f"output_blocks.{(each + 1) * block + each}.{2 if attends else 1}"
    return f"output_blocks.{(each + 1) * block + number}.{inner}"


def _original_words(kind: str, rest: str) -> str:
    if kind == "downsamplers":
        return rest.replace("conv", "op", 1)
    return _ORIGINAL_WORDS.get(rest, rest) if kind == "resnets" else rest
