"""LoRAs as files, made without a numeric library: the same numbers under the names that each tool gives them."""

import json
import random
import struct
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import pytest

from atelier_ops.logic.lora.layers import Layer
from atelier_ops.logic.lora.weights import Adapter, read_adapter
from contracts.errors import InvalidInputError

Tensor = tuple[str, tuple[int, ...], bytes]
"""dtype, shape and bytes."""
Tensors = dict[str, Tensor]
Numbers = dict[Layer, tuple[Tensor, Tensor]]
"""A and B of each layer."""


def file_of(
    tensors: Mapping[str, Tensor], metadata: Mapping[str, str] | None = None, order: Iterable[str] = ()
) -> bytes:
    """A safetensors file; ``order`` is that of the tensors' bytes."""
    header: dict[str, Any] = {} if metadata is None else {"__metadata__": dict(metadata)}
    data = b""
    for name in list(order) or list(tensors):
        dtype, shape, body = tensors[name]
        header[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [len(data), len(data) + len(body)]}
        data += body
    return with_header(json.dumps(header).encode(), data)


def with_header(header: bytes, data: bytes = b"") -> bytes:
    """A file of any header."""
    return len(header).to_bytes(8, "little") + header + data


def numbers(values: Iterable[float], dtype: str) -> bytes:
    """Floats as the bytes of a dtype."""
    if dtype == "BF16":
        return b"".join(struct.pack("<f", value)[2:] for value in values)
    return b"".join(struct.pack({"F16": "<e", "F32": "<f"}[dtype], value) for value in values)


def tensor(shape: tuple[int, ...], dtype: str = "F32", seed: int = 0) -> Tensor:
    """Random numbers."""
    generator = random.Random(seed)
    count = 1
    for side in shape:
        count *= side
    return dtype, shape, numbers((generator.uniform(-1, 1) for _ in range(count)), dtype)


def random_lora(layers: Iterable[Layer], rank: int | Callable[[Layer], int] = 2, dtype: str = "F32") -> Numbers:
    """A and B of each layer."""
    made = {}
    for seed, layer in enumerate(layers):
        r = rank(layer) if callable(rank) else rank
        kernel = (1,) * len(layer.shape[2:])
        made[layer] = (
            tensor((r, *layer.shape[1:]), dtype, 2 * seed),
            tensor((layer.shape[0], r, *kernel), dtype, 2 * seed + 1),
        )
    return made


def diffusers(lora: Numbers) -> Tensors:
    """Today's keys."""
    return _named(lora, lambda layer: (f"{layer.name}.lora_A.weight", f"{layer.name}.lora_B.weight"))


def older_diffusers(lora: Numbers) -> Tensors:
    """Attention processors, ``.lora.down``, and ``lora_linear_layer`` in text encoders."""

    def keys(layer: Layer) -> tuple[str, str]:
        name = layer.name
        for attention in ("attn1", "attn2"):
            for place, old in (("to_q", "to_q"), ("to_k", "to_k"), ("to_v", "to_v"), ("to_out.0", "to_out")):
                if name.endswith(f".{attention}.{place}"):
                    stem = f"{name.removesuffix(place)}processor.{old}_lora"
                    return f"{stem}.down.weight", f"{stem}.up.weight"
        stem = f"{name}.lora" if layer.part == "unet" else f"{name}.lora_linear_layer"
        return f"{stem}.down.weight", f"{stem}.up.weight"

    return _named(lora, keys)


def peft(lora: Numbers, prefix: str = "base_model.model.", adapter: str = "") -> Tensors:
    """What PEFT saves of one module; ``adapter`` is its name in a raw state dict."""
    return _named(
        lora,
        lambda layer: (f"{prefix}{layer.path}.lora_A{adapter}.weight", f"{prefix}{layer.path}.lora_B{adapter}.weight"),
    )


def kohya(lora: Numbers, alpha: float | None = None, dtype: str = "F32", text_encoder: str = "lora_te") -> Tensors:
    """kohya's keys, and one alpha a layer."""
    prefixes = {"unet": "lora_unet", "text_encoder": text_encoder, "text_encoder_2": "lora_te2"}

    def stem(layer: Layer) -> str:
        return f"{prefixes[layer.part]}_{layer.path.replace('.', '_')}"

    tensors = _named(lora, lambda layer: (f"{stem(layer)}.lora_down.weight", f"{stem(layer)}.lora_up.weight"))
    if alpha is not None:
        tensors |= {f"{stem(layer)}.alpha": (dtype, (), numbers([alpha], dtype)) for layer in lora}
    return tensors


def settings(part: str = "", **values: Any) -> dict[str, str]:
    """A file's metadata with a LoRA's settings, of one part or of a file of one module."""
    prefix = f"{part}." if part else ""
    return {"lora_adapter_metadata": json.dumps({prefix + name: value for name, value in values.items()})}


def base_file(layers: Iterable[Layer], *, flat: bool = False) -> bytes:
    """A base model's file of one part: its layers, and what is no layer. ``flat``: without ``text_model``, as newer ones are."""
    tensors: Tensors = {
        "conv_norm_out.weight": ("F16", (4,), bytes(8)),
        "text_model.embeddings.token_embedding.weight": ("F16", (7, 2), bytes(28)),
    }
    for layer in layers:
        size = 2
        for side in layer.shape:
            size *= side
        path = layer.path.removeprefix("text_model.") if flat else layer.path
        tensors[f"{path}.weight"] = ("F16", layer.shape, bytes(size))
        tensors[f"{path}.bias"] = ("F16", layer.shape[:1], bytes(2 * layer.shape[0]))
    return file_of(tensors, {"format": "pt"})


def _named(lora: Numbers, keys: Callable[[Layer], tuple[str, str]]) -> Tensors:
    return {key: half for layer, halves in lora.items() for key, half in zip(keys(layer), halves, strict=True)}


ATTENTION = ("to_q", "to_k", "to_v", "to_out.0")


def _transformer(place: str, width: int, context: int) -> dict[str, tuple[int, ...]]:
    block = f"{place}.transformer_blocks.0"
    shapes: dict[str, tuple[int, ...]] = {f"{place}.{name}": (width, width) for name in ("proj_in", "proj_out")}
    for number, inner in ((1, width), (2, context)):
        for name in ATTENTION:
            side = inner if name in ("to_k", "to_v") else width
            shapes[f"{block}.attn{number}.{name}"] = (width, side)
    return {**shapes, f"{block}.ff.net.0.proj": (8 * width, width), f"{block}.ff.net.2": (width, 4 * width)}


def _resnet(place: str, width: int) -> dict[str, tuple[int, ...]]:
    return {
        f"{place}.conv1": (width, width, 3, 3),
        f"{place}.conv2": (width, width, 3, 3),
        f"{place}.time_emb_proj": (width, 6),
        f"{place}.conv_shortcut": (width, width, 1, 1),
    }


def sdxl_layers() -> list[Layer]:
    """Every layer of SDXL by its real path, a few numbers wide, one transformer block where SDXL has two or ten."""
    unet: dict[str, tuple[int, ...]] = {"conv_in": (2, 9, 3, 3), "conv_out": (4, 2, 3, 3)}
    for name in ("time_embedding", "add_embedding"):
        unet |= {f"{name}.linear_1": (6, 2), f"{name}.linear_2": (6, 6)}
    for block in range(3):
        width = 2 * (block + 1)
        for number in range(2):
            unet |= _resnet(f"down_blocks.{block}.resnets.{number}", width)
            unet |= _transformer(f"down_blocks.{block}.attentions.{number}", width, 5) if block else {}
        for number in range(3):
            unet |= _resnet(f"up_blocks.{block}.resnets.{number}", width)
            unet |= _transformer(f"up_blocks.{block}.attentions.{number}", width, 5) if block < 2 else {}
        if block < 2:
            unet[f"down_blocks.{block}.downsamplers.0.conv"] = (width, width, 3, 3)
            unet[f"up_blocks.{block}.upsamplers.0.conv"] = (width, width, 3, 3)
    unet |= _resnet("mid_block.resnets.0", 4) | _resnet("mid_block.resnets.1", 4)
    unet |= _transformer("mid_block.attentions.0", 4, 5)
    encoders = [
        *(Layer(part="text_encoder", path=path, shape=shape) for path, shape in _encoder(2, 3).items()),
        *(Layer(part="text_encoder_2", path=path, shape=shape) for path, shape in _encoder(3, 4).items()),
        Layer(part="text_encoder_2", path="text_projection", shape=(4, 4)),
    ]
    return [*(Layer(part="unet", path=path, shape=shape) for path, shape in unet.items()), *encoders]


def sd1_layers() -> list[Layer]:
    """A UNet of one block with attention, whose projections are convolutions, and one text encoder."""
    unet: dict[str, tuple[int, ...]] = {"conv_in": (2, 9, 3, 3), **_resnet("down_blocks.0.resnets.0", 2)}
    unet |= _transformer("down_blocks.0.attentions.0", 2, 3)
    unet |= {f"down_blocks.0.attentions.0.{name}": (2, 2, 1, 1) for name in ("proj_in", "proj_out")}
    encoder = [Layer(part="text_encoder", path=path, shape=shape) for path, shape in _encoder(1, 3).items()]
    return [*(Layer(part="unet", path=path, shape=shape) for path, shape in unet.items()), *encoder]


def _encoder(depth: int, width: int) -> dict[str, tuple[int, ...]]:
    shapes: dict[str, tuple[int, ...]] = {}
    for number in range(depth):
        place = f"text_model.encoder.layers.{number}"
        shapes |= {f"{place}.self_attn.{name}": (width, width) for name in ("q_proj", "k_proj", "v_proj", "out_proj")}
        shapes |= {f"{place}.mlp.fc1": (4 * width, width), f"{place}.mlp.fc2": (width, 4 * width)}
    return shapes


SD1, SDXL = sd1_layers(), sdxl_layers()


def read(
    tensors: Tensors,
    metadata: Mapping[str, str] | None = None,
    *,
    layers: list[Layer] = SD1,
    alpha: float | None = None,
) -> Adapter:
    """Such a file, read for a base model of these layers."""
    return read_adapter(file_of(tensors, metadata), layers, "tiny@v1", alpha)


def stored(adapter: Adapter) -> bytes:
    """The file that would be stored."""
    return b"".join(adapter.pieces)


def problems(tensors: Tensors, metadata: Mapping[str, str] | None = None, **more: Any) -> list[dict[str, str]]:
    """Everything that is wrong with such a file."""
    with pytest.raises(InvalidInputError) as caught:
        read(tensors, metadata, **more)
    return caught.value.to_json()
