"""A LoRA that other tools wrote acts, once imported, as PEFT's own does: in plain diffusers and in the server's loader."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers.utils.state_dict_utils import convert_state_dict_to_kohya
from peft import LoraConfig
from peft.utils import get_peft_model_state_dict
from safetensors.torch import load_file, save
from torch import Tensor, nn

from atelier_ops.logic.lora.layers import PARTS, Layer, layers_of
from atelier_ops.logic.lora.safetensors import read_header
from atelier_ops.logic.lora.weights import read_adapter
from contracts.artifact import ADAPTER_WEIGHTS
from contracts.errors import InvalidInputError
from contracts.sampling import Sampling
from diffusion.family import find_family
from diffusion.lora_file import load_lora
from diffusion.painter import Painter
from tests.unit.miniatures import save_miniature

torch.set_num_threads(1)
RANK, ALPHA = 4, 6
PAINTED: dict[str, Any] = {
    "prompts": ["a b"],
    "seeds": [1],
    "size": (32, 32),
    "sampling": Sampling(steps=2, guidance=2.0),
}
Weights = dict[str, Tensor]


@dataclass(frozen=True, kw_only=True)
class Original:
    """A base model's miniature, once more for PEFT to change, and a strong random LoRA on every layer of it as PEFT wrote it: by part,
    then by PEFT's keys."""

    painter: Painter
    changed: Painter
    layers: list[Layer]
    parts: dict[str, Weights]
    folder: Path

    def painted(self, load: Callable[[], Any] | None = None) -> np.ndarray:
        """A picture as PEFT makes it, with an adapter named ``x`` or with none."""
        pipeline: Any = self.changed.pipeline
        try:
            if load:
                load()
            (image,) = self.changed.paint(**PAINTED)
        finally:
            pipeline.delete_adapters("x") if load else None
        return np.asarray(image).astype(int)

    def served(self, folder: Path) -> np.ndarray:
        """A picture as the server makes it, with the adapter in a folder."""
        (image,) = self.painter.paint(**PAINTED, adapters=[((load_lora(self.painter.pipeline, folder, "x"), 1.0),)])
        return np.asarray(image).astype(int)

    def imported(self, tensors: Weights, metadata: dict[str, str] | None, folder: Path, alpha: float | None) -> Path:
        """The folder of what the API would store of such a file."""
        folder.mkdir(parents=True)
        adapter = read_adapter(save(tensors, metadata), self.layers, "tiny", alpha)
        (folder / ADAPTER_WEIGHTS).write_bytes(b"".join(adapter.pieces))
        return folder


@pytest.fixture(scope="module", params=["sd1", "sdxl"])
def original(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Original:
    base, folder = tmp_path_factory.mktemp("base"), tmp_path_factory.mktemp("lora")
    save_miniature(base, request.param)
    painter, changed = (
        find_family(request.param, Painter).load(base, device="cpu", dtype=torch.float32, checker=False)
        for _ in range(2)
    )
    modules = {part: module for part in PARTS if (module := getattr(changed.pipeline, part, None)) is not None}
    parts: dict[str, Weights] = {}
    saved: dict[str, Any] = {}
    for part, module in modules.items():
        parts[part], config = _random_lora(module)
        saved |= {f"{part}_lora_layers": parts[part], f"{part}_lora_adapter_metadata": config.to_dict()}
    changed.pipeline.save_lora_weights(folder, **saved)
    layers = [
        layer
        for part in modules
        for file in (base / part).glob("*.safetensors")
        for layer in layers_of(part, [read_header(file.read_bytes(), file.name)])
    ]
    return Original(painter=painter, changed=changed, layers=layers, parts=parts, folder=folder)


def _random_lora(module: Any) -> tuple[Weights, LoraConfig]:
    """On every linear layer and convolution, with an alpha that is not the rank."""
    names = [name for name, each in module.named_modules() if isinstance(each, nn.Linear | nn.Conv2d)]
    config = LoraConfig(r=RANK, lora_alpha=ALPHA, target_modules=names)
    module.add_adapter(config, adapter_name="made")
    generator = torch.Generator().manual_seed(len(names))
    shapes = {key: tensor.shape for key, tensor in get_peft_model_state_dict(module, adapter_name="made").items()}
    # A module that only ever held PEFT's own layers is left as it was.
    module.delete_adapters("made") if hasattr(module, "delete_adapters") else module.delete_adapter("made")
    return {key: torch.randn(shape, generator=generator) / 3 for key, shape in shapes.items()}, config


def with_parts(parts: dict[str, Weights]) -> Weights:
    return {f"{part}.{key}": tensor for part, tensors in parts.items() for key, tensor in tensors.items()}


def kohya(original: Original) -> Weights:
    """By diffusers' own converter, which writes the rank as alpha, in the names of kohya's own text encoders."""
    tensors = convert_state_dict_to_kohya(with_parts(original.parts))
    named = {key.replace("lora_te1_encoder", "lora_te1_text_model_encoder"): each for key, each in tensors.items()}
    return {key: torch.tensor(float(ALPHA)) if key.endswith(".alpha") else each for key, each in named.items()}


def stabilitys_names(original: Original) -> Weights:
    """kohya's, with the UNet's blocks numbered as in Stability's code: here two a side, of one ResNet (two on the way up)."""
    blocks = {
        "down_blocks_0_resnets_0": "input_blocks_1_0",
        "down_blocks_0_attentions_0": "input_blocks_1_1",
        "down_blocks_0_downsamplers_0_conv": "input_blocks_2_0_op",
        "down_blocks_1_resnets_0": "input_blocks_3_0",
        "mid_block_resnets_0": "middle_block_0",
        "mid_block_attentions_0": "middle_block_1",
        "mid_block_resnets_1": "middle_block_2",
        "up_blocks_0_resnets_0": "output_blocks_0_0",
        "up_blocks_0_resnets_1": "output_blocks_1_0",
        "up_blocks_0_upsamplers_0": "output_blocks_1_1",
        "up_blocks_1_resnets_0": "output_blocks_2_0",
        "up_blocks_1_attentions_0": "output_blocks_2_1",
        "up_blocks_1_resnets_1": "output_blocks_3_0",
        "up_blocks_1_attentions_1": "output_blocks_3_1",
        "conv_in.": "input_blocks_0_0.",
        "conv_out.": "out_2.",
        "time_embedding_linear_1": "time_embed_0",
        "time_embedding_linear_2": "time_embed_2",
        "add_embedding_linear_1": "label_emb_0_0",
        "add_embedding_linear_2": "label_emb_0_2",
    }
    inner = {"_conv1.": "_in_layers_2.", "_conv2.": "_out_layers_3.", "_time_emb_proj.": "_emb_layers_1."}
    inner["_conv_shortcut."] = "_skip_connection."

    def renamed(key: str) -> str:
        stem = next((name for name in blocks if key.startswith(f"lora_unet_{name}")), None)
        if stem is None:
            return key
        rest = key.removeprefix(f"lora_unet_{stem}")
        for ours, theirs in inner.items():
            rest = rest.replace(ours, theirs) if "resnets" in stem else rest
        return f"lora_unet_{blocks[stem]}{rest}"

    return {renamed(key): tensor for key, tensor in kohya(original).items()}


def older_diffusers(original: Original) -> Weights:
    """Attention processors and ``lora_linear_layer``; this format has no alpha, so it is in the numbers."""
    scale = math.sqrt(ALPHA / RANK)
    tensors = {}
    for key, tensor in with_parts(original.parts).items():
        half = "down" if ".lora_A." in key else "up"
        stem = key.partition(".lora_")[0]
        attention, _, name = stem.rpartition(".attn")
        if attention and "." in name:
            number, _, place = name.partition(".")
            stem = f"{attention}.attn{number}.processor.{place.removesuffix('.0')}_lora"
        else:
            stem += ".lora" if key.startswith("unet.") else ".lora_linear_layer"
        tensors[f"{stem}.{half}.weight"] = tensor * scale
    return tensors


def test_every_format_paints_as_the_original_does_in_diffusers_and_in_the_server(
    original: Original, tmp_path: Path
) -> None:
    pipeline: Any = original.changed.pipeline
    base = original.painted()
    expected = original.painted(lambda: pipeline.load_lora_weights(original.folder, adapter_name="x"))
    assert np.abs(expected - base).mean() > 5
    files: dict[str, tuple[Weights, dict[str, str] | None, float | None]] = {
        "diffusers": (with_parts(original.parts), {"lora_adapter_metadata": _metadata(original.folder)}, None),
        "diffusers, alpha in the request": (with_parts(original.parts), None, ALPHA),
        "kohya": (kohya(original), None, None),
        "stability": (stabilitys_names(original), None, None),
        "older": (older_diffusers(original), None, None),
    }
    assert len({frozenset(tensors) for tensors, _, _ in files.values()}) == 4
    folders = {name: original.imported(*file[:2], tmp_path / name, file[2]) for name, file in files.items()}
    older = folders.pop("older")
    (stored,) = {(folder / ADAPTER_WEIGHTS).read_bytes() for folder in folders.values()}
    assert len(load_file(folders["kohya"] / ADAPTER_WEIGHTS)) == 2 * len(original.layers)
    assert np.abs(original.served(folders["kohya"]) - expected).max() <= 1
    plain = original.painted(lambda: pipeline.load_lora_weights(folders["kohya"], adapter_name="x"))
    assert np.array_equal(plain, expected)
    assert (older / ADAPTER_WEIGHTS).read_bytes() != stored
    # Its numbers were multiplied before they were rounded.
    assert np.abs(original.served(older) - expected).max() <= 1
    assert np.array_equal(original.painted(), base)


def test_pefts_file_of_one_module_is_that_module_of_the_whole(original: Original, tmp_path: Path) -> None:
    pipeline: Any = original.changed.pipeline
    tensors = {f"base_model.model.{key}": tensor for key, tensor in original.parts["unet"].items()}
    folder = original.imported(tensors, None, tmp_path / "peft", ALPHA)
    whole = original.imported(with_parts({"unet": original.parts["unet"]}), None, tmp_path / "unet", ALPHA)
    assert (folder / ADAPTER_WEIGHTS).read_bytes() == (whole / ADAPTER_WEIGHTS).read_bytes()
    unet = {f"unet.{key}": tensor for key, tensor in original.parts["unet"].items()}
    settings = {"unet.r": RANK, "unet.lora_alpha": ALPHA, "unet.target_modules": _targets(original.parts["unet"])}
    expected = original.painted(
        lambda: pipeline.load_lora_into_unet(
            unet, network_alphas=None, unet=pipeline.unet, adapter_name="x", metadata=settings, _pipeline=pipeline
        )
    )
    assert np.abs(original.served(folder) - expected).max() <= 1


def test_ranks_and_alphas_of_their_own_are_every_layers_scale(original: Original, tmp_path: Path) -> None:
    tensors, expected = {}, {}
    for number, (key, tensor) in enumerate(kohya(original).items()):
        stem, _, ending = key.partition(".")
        rank = 1 + sum(map(ord, stem)) % RANK
        sliced = {"lora_down.weight": tensor[:rank], "lora_up.weight": tensor[:, :rank]} if tensor.ndim else {}
        tensors[key] = sliced.get(ending, torch.tensor(1.0 + number % 5)).contiguous()
        if ending == "alpha":
            expected[stem] = float(tensors[key]) / rank
    folder = original.imported(tensors, None, tmp_path / "mixed", None)
    lora = load_lora(original.painter.pipeline, folder, "x")
    prefixes = {"unet": "lora_unet", "text_encoder": "lora_te1_text_model", "text_encoder_2": "lora_te2"}
    scales = {}
    for (part, name), pair in lora.layers.items():
        stem = f"{prefixes[part]}_{name.replace('.', '_')}"
        # The numbers of B are as random as any: what they are multiplied by is what they became over what they were.
        scales[stem] = float(pair.up.flatten()[0] / tensors[f"{stem}.lora_up.weight"].flatten()[0])
    assert scales == pytest.approx(expected)


def test_what_is_refused_of_a_text_encoder_is_what_diffusers_cannot_load(original: Original, tmp_path: Path) -> None:
    pipeline: Any = original.changed.pipeline
    encoder = {key: each for key, each in original.parts["text_encoder"].items() if ".mlp." in key}
    with pytest.raises(InvalidInputError, match="at least one layer of its attention too"):
        original.imported(with_parts({"text_encoder": encoder}), None, tmp_path / "mlp", ALPHA)
    with pytest.raises(ValueError, match="Could not automatically infer state dict type"):
        pipeline.load_lora_weights(with_parts({"text_encoder": encoder}), adapter_name="x")


def _metadata(folder: Path) -> str:
    return read_header((folder / ADAPTER_WEIGHTS).read_bytes(), "original").metadata["lora_adapter_metadata"]


def _targets(tensors: Weights) -> list[str]:
    return sorted({key.partition(".lora_")[0] for key in tensors})
