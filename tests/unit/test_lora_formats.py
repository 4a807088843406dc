"""An adapter from elsewhere: every key format ends as the same file, and every layer keeps its own strength."""

import json
import math
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from atelier_ops.logic.lora.layers import Layer, layers_of
from atelier_ops.logic.lora.safetensors import read_header
from atelier_ops.logic.lora.weights import Adapter, read_adapter
from tests.unit import lora_files
from tests.unit.lora_files import (
    SD1,
    SDXL,
    base_file,
    diffusers,
    kohya,
    numbers,
    older_diffusers,
    peft,
    problems,
    random_lora,
    read,
    stored,
)


def of_part(part: str, layers: list[Layer] = SD1) -> list[Layer]:
    return [layer for layer in layers if layer.part == part]


def scales(adapter: Adapter, layers: list[Layer] = SD1) -> dict[str, float]:
    """alpha / rank of every layer of the base, as PEFT reads the stored settings; layers that are not meant are left out."""
    header = read_header(stored(adapter), "stored")
    said = json.loads(header.metadata["lora_adapter_metadata"])
    found = {}
    for layer in layers:
        own = {name.removeprefix(f"{layer.part}."): value for name, value in said.items()}
        if f"{layer.part}.r" in said and re.fullmatch(own["target_modules"], layer.path):
            rank, alpha = (
                next((v for key, v in own[pattern].items() if re.match(rf"(.*\.)?({key})$", layer.path)), own[default])
                for pattern, default in (("rank_pattern", "r"), ("alpha_pattern", "lora_alpha"))
            )
            assert header.tensors[f"{layer.name}.lora_A.weight"].shape[0] == rank
            found[layer.name] = alpha / rank
    return found


# What each format says of one LoRA.


@pytest.mark.parametrize("layers", [SD1, SDXL], ids=["sd1", "sdxl"])
@pytest.mark.parametrize("dtype", ["F32", "F16", "BF16"])
def test_one_lora_in_every_format_becomes_the_same_bytes(layers: list[Layer], dtype: str) -> None:
    lora = random_lora(layers, 4, dtype)
    parts = {layer.part for layer in layers}
    said = {
        name: value
        for part in parts
        for name, value in json.loads(lora_files.settings(part, r=4, lora_alpha=6)["lora_adapter_metadata"]).items()
    }
    read_as = {
        "diffusers": read(diffusers(lora), {"lora_adapter_metadata": json.dumps(said)}, layers=layers),
        "kohya": read(kohya(lora, 6.0, dtype), layers=layers),
        "kohya, te1": read(kohya(lora, 6.0, text_encoder="lora_te1"), layers=layers),
        "older": read(older_diffusers(lora), layers=layers, alpha=6),
    }
    assert {name: adapter.format for name, adapter in read_as.items()} == {
        "diffusers": "diffusers",
        "kohya": "kohya",
        "kohya, te1": "kohya",
        "older": "diffusers",
    }
    assert len({stored(adapter) for adapter in read_as.values()}) == 1
    adapter = read_as["kohya"]
    assert (adapter.ranks, adapter.layers) == ((4,), len(layers))
    assert scales(adapter, layers) == {layer.name: 1.5 for layer in layers}
    header = read_header(stored(adapter), "stored")
    for layer, halves in lora.items():
        for half, (kind, shape, data) in zip("AB", halves, strict=True):
            entry = header.tensors[f"{layer.name}.lora_{half}.weight"]
            assert (entry.dtype, entry.shape, stored(adapter)[entry.start : entry.end]) == (kind, shape, data)


@pytest.mark.parametrize("part", ["unet", "text_encoder"])
@pytest.mark.parametrize(
    ("prefix", "adapter"), [("base_model.model.", ""), ("base_model.model.", ".default"), ("", ""), ("", ".my-style")]
)
def test_pefts_file_of_one_part_is_the_same_too(part: str, prefix: str, adapter: str) -> None:
    lora = random_lora(of_part(part), 2)
    read_as = read(peft(lora, prefix, adapter), alpha=5)
    assert read_as.format == "peft"
    assert stored(read_as) == stored(read(diffusers(lora), alpha=5))


def test_a_module_saved_by_diffusers_itself_says_its_own_alpha() -> None:
    lora = random_lora(of_part("unet"), 2)
    assert scales(read(peft(lora, ""), lora_files.settings(r=2, lora_alpha=5))) == {layer.name: 2.5 for layer in lora}


def test_attention_processors_are_read_with_and_without_their_part() -> None:
    lora = random_lora([layer for layer in of_part("unet") if ".attn" in layer.path])
    bare = {key.removeprefix("unet."): value for key, value in older_diffusers(lora).items()}
    assert all(".processor.to_" in key for key in bare)
    assert stored(read(bare)) == stored(read(older_diffusers(lora))) == stored(read(diffusers(lora)))
    assert read(bare).format == "diffusers"


def test_a_text_encoder_is_found_by_every_name_it_has_had() -> None:
    lora = random_lora(of_part("text_encoder"))
    attention = {layer: halves for layer, halves in lora.items() if "self_attn" in layer.path}
    old = {"q_proj": "to_q", "k_proj": "to_k", "v_proj": "to_v", "out_proj": "to_out"}
    processors = {
        f"{layer.name.rpartition('.')[0]}.{old[layer.path.rpartition('.')[2]]}_lora.{half}.weight": value
        for layer, halves in attention.items()
        for half, value in zip(("down", "up"), halves, strict=True)
    }
    flat = {key.replace("text_model.", ""): value for key, value in diffusers(attention).items()}
    assert stored(read(processors)) == stored(read(flat)) == stored(read(diffusers(attention)))


def test_a_bases_file_is_read_with_and_without_text_model() -> None:
    encoder = of_part("text_encoder_2", SDXL)
    for flat in (False, True):
        header = read_header(base_file(encoder, flat=flat), "base")
        assert set(layers_of("text_encoder_2", [header])) == set(encoder)


@pytest.mark.parametrize(
    ("key", "path"),
    [
        ("lora_unet_input_blocks_0_0", "unet.conv_in"),
        ("lora_unet_out_2", "unet.conv_out"),
        ("lora_unet_time_embed_0", "unet.time_embedding.linear_1"),
        ("lora_unet_time_embed_2", "unet.time_embedding.linear_2"),
        ("lora_unet_label_emb_0_0", "unet.add_embedding.linear_1"),
        ("lora_unet_label_emb_0_2", "unet.add_embedding.linear_2"),
        ("lora_unet_input_blocks_1_0_in_layers_2", "unet.down_blocks.0.resnets.0.conv1"),
        ("lora_unet_input_blocks_2_0_emb_layers_1", "unet.down_blocks.0.resnets.1.time_emb_proj"),
        ("lora_unet_input_blocks_3_0_op", "unet.down_blocks.0.downsamplers.0.conv"),
        ("lora_unet_input_blocks_4_0_skip_connection", "unet.down_blocks.1.resnets.0.conv_shortcut"),
        (
            "lora_unet_input_blocks_4_1_transformer_blocks_0_attn1_to_q",
            "unet.down_blocks.1.attentions.0.transformer_blocks.0.attn1.to_q",
        ),
        ("lora_unet_input_blocks_6_0_op", "unet.down_blocks.1.downsamplers.0.conv"),
        ("lora_unet_input_blocks_8_1_proj_in", "unet.down_blocks.2.attentions.1.proj_in"),
        ("lora_unet_middle_block_0_in_layers_2", "unet.mid_block.resnets.0.conv1"),
        (
            "lora_unet_middle_block_1_transformer_blocks_0_attn2_to_out_0",
            "unet.mid_block.attentions.0.transformer_blocks.0.attn2.to_out.0",
        ),
        ("lora_unet_middle_block_2_out_layers_3", "unet.mid_block.resnets.1.conv2"),
        (
            "lora_unet_output_blocks_0_1_transformer_blocks_0_ff_net_0_proj",
            "unet.up_blocks.0.attentions.0.transformer_blocks.0.ff.net.0.proj",
        ),
        ("lora_unet_output_blocks_2_2_conv", "unet.up_blocks.0.upsamplers.0.conv"),
        ("lora_unet_output_blocks_5_1_proj_out", "unet.up_blocks.1.attentions.2.proj_out"),
        ("lora_unet_output_blocks_5_2_conv", "unet.up_blocks.1.upsamplers.0.conv"),
        ("lora_unet_output_blocks_8_0_skip_connection", "unet.up_blocks.2.resnets.2.conv_shortcut"),
        (
            "lora_te1_text_model_encoder_layers_1_self_attn_q_proj",
            "text_encoder.text_model.encoder.layers.1.self_attn.q_proj",
        ),
        ("lora_te2_text_model_encoder_layers_2_mlp_fc1", "text_encoder_2.text_model.encoder.layers.2.mlp.fc1"),
        ("lora_te2_text_projection", "text_encoder_2.text_projection"),
    ],
)
def test_kohyas_names_of_sdxl_after_stabilitys_own_code_are_known(key: str, path: str) -> None:
    (layer,) = [layer for layer in SDXL if layer.name == path]
    lora = random_lora([layer, *(each for each in SDXL if each.path.endswith("layers.0.self_attn.v_proj"))], 3)
    tensors = kohya({each: halves for each, halves in lora.items() if each is not layer}, 6.0, text_encoder="lora_te1")
    down, up = lora[layer]
    tensors |= {f"{key}.lora_down.weight": down, f"{key}.lora_up.weight": up}
    tensors[f"{key}.alpha"] = ("F32", (), numbers([6.0], "F32"))
    assert stored(read(tensors, layers=SDXL)) == stored(read(diffusers(lora), layers=SDXL, alpha=6))


def test_every_layer_of_a_unet_has_a_name_of_its_own_in_every_format() -> None:
    for layers in (SD1, SDXL):
        lora = random_lora(of_part("unet", layers), 1)
        for tensors in (diffusers(lora), older_diffusers(lora), peft(lora), kohya(lora)):
            assert read(tensors, layers=layers, alpha=1).layers == len(lora)


# How strong it is.


def test_kohyas_names_without_text_model_which_diffusers_own_scripts_write_are_known() -> None:
    lora = random_lora(SDXL)
    tensors = kohya(lora, 6.0, text_encoder="lora_te1")
    flat = {key.replace("_text_model_", "_"): each for key, each in tensors.items()}
    assert flat.keys() != tensors.keys()
    assert stored(read(flat, layers=SDXL)) == stored(read(tensors, layers=SDXL))


@pytest.mark.parametrize(("own", "other"), [((4, 3), (4, 3, 1, 1)), ((4, 3, 1, 1), (4, 3))])
def test_a_linear_layer_and_a_convolution_of_one_pixel_are_one_thing(
    own: tuple[int, ...], other: tuple[int, ...]
) -> None:
    """kohya's scripts train SD 2's linear projections as such convolutions."""
    base, theirs = (Layer(part="unet", path="attentions.0.proj_in", shape=shape) for shape in (own, other))
    own_file, file = (kohya(random_lora([layer]), 1.0) for layer in (base, theirs))
    assert stored(read(file, layers=[base])) == stored(read(own_file, layers=[base]))
    wide = Layer(part="unet", path=base.path, shape=(4, 3, 3, 3))
    assert problems(kohya(random_lora([wide]), 1.0), layers=[base])[0]["got"] == "[2, 3, 3, 3]"


def test_without_a_word_of_alpha_diffusers_and_kohyas_is_the_rank() -> None:
    lora = random_lora(SD1, lambda layer: 3 if "attn" in layer.path else 2)
    for tensors in (diffusers(lora), older_diffusers(lora), kohya(lora)):
        adapter = read(tensors)
        assert set(scales(adapter).values()) == {1.0}
        assert adapter.ranks == (2, 3)


@pytest.mark.parametrize(("noted", "taken"), [("2", True), ("2.0", True), ("None", True), ("8", False), ("0.5", False)])
def test_an_alpha_that_kohyas_scripts_noted_is_not_passed_over(noted: str, taken: bool) -> None:
    tensors, metadata = kohya(random_lora(SD1)), {"ss_network_alpha": noted}
    assert set(scales(read(tensors, metadata, alpha=4)).values()) == {2.0}
    assert set(scales(read(kohya(random_lora(SD1), 6.0), metadata)).values()) == {3.0}
    if taken:
        assert set(scales(read(tensors, metadata)).values()) == {1.0}
    else:
        (problem,) = problems(tensors, metadata)
        assert problem["what"] == "alpha"
        assert f"ss_network_alpha {noted}" in problem["allowed"]


def test_ranks_and_alphas_of_each_layer_are_kept_exactly() -> None:
    lora = random_lora(SD1, lambda layer: 1 + len(layer.path) % 4)
    tensors = kohya(lora)
    expected = {}
    for number, layer in enumerate(lora):
        alpha = (0.5, 1, 3, 1 / 3)[number % 4]
        stem = kohya({layer: lora[layer]}).popitem()[0].partition(".")[0]
        tensors[f"{stem}.alpha"] = ("F32", (1,), numbers([alpha], "F32"))
        exact = 1 / 3 if number % 4 == 3 else alpha
        expected[layer.name] = exact / lora[layer][0][1][0]
    assert scales(read(tensors)) == pytest.approx(expected, rel=1e-7)


@pytest.mark.parametrize(
    ("dtype", "data", "value"),
    [
        ("F16", numbers([1.5], "F16"), 1.5),
        ("BF16", numbers([1.5], "BF16"), 1.5),
        ("I64", (4).to_bytes(8, "little"), 4),  # diffusers' own converter
        ("I32", (4).to_bytes(4, "little"), 4),
    ],
)
def test_alphas_may_be_any_kind_of_number(dtype: str, data: bytes, value: float) -> None:
    lora = random_lora(of_part("text_encoder"), 4)
    tensors = {**kohya(lora), **{key: (dtype, (), data) for key in kohya(lora, 1.0) if key.endswith(".alpha")}}
    assert set(scales(read(tensors)).values()) == {value / 4}


def test_pefts_patterns_and_rslora_are_its_own_rules() -> None:
    lora = random_lora(of_part("unet"), lambda layer: 4 if layer.path.endswith("to_q") else 2)
    said: dict[str, Any] = {
        "r": 2,
        "lora_alpha": 3,
        "rank_pattern": {"to_q": 4},
        "alpha_pattern": {"^conv_in": 7, r"down_blocks\.\d\.attentions.*proj_in": 9.5},
        "use_rslora": True,
        "use_dora": False,
        "bias": "none",
        "init_lora_weights": "gaussian",
        "peft_type": "LORA",
        "target_modules": ["to_q"],
    }
    found = scales(read(peft(lora, ""), lora_files.settings(**said)))
    for layer in lora:
        rank = 4 if layer.path.endswith("to_q") else 2
        alpha = 7 if layer.path == "conv_in" else 9.5 if layer.path.endswith("proj_in") else 3
        assert found[layer.name] == pytest.approx(alpha / math.sqrt(rank), rel=1e-12)


def test_what_we_store_can_be_brought_again() -> None:
    lora = random_lora(SD1, lambda layer: 1 + len(layer.path) % 4)
    first = stored(read(kohya(lora, 2.5)))
    assert stored(read_adapter(first, SD1, "tiny@v1", None)) == first


def test_tensors_are_laid_out_by_the_size_of_their_numbers() -> None:
    lora = random_lora(of_part("unet"), dtype="F16") | random_lora(of_part("text_encoder"), dtype="F32")
    header = read_header(stored(read(diffusers(lora))), "stored")
    ordered = sorted(header.tensors.values(), key=lambda each: each.start)
    assert [each.dtype for each in ordered] == sorted((each.dtype for each in ordered), reverse=True)
    assert ordered[0].start % 8 == 0


# Any base model, any ranks.

_names = st.lists(st.sampled_from(("a", "b", "a_b", "to_q", "0", "1", "conv")), min_size=1, max_size=3).map(".".join)


@settings(max_examples=60)
@given(st.sets(_names, min_size=1, max_size=8), st.data())
def test_any_layers_of_any_ranks_are_themselves_in_every_format(paths: set[str], data: st.DataObject) -> None:
    """Paths of which one ends another, or which kohya calls alike, included."""
    shapes = st.sampled_from([(2, 3), (3, 2, 1, 1), (2, 2, 3, 3)])
    layers = [Layer(part="unet", path=path, shape=data.draw(shapes)) for path in sorted(paths)]
    chosen = data.draw(st.lists(st.sampled_from(layers), unique=True, min_size=1))
    lora = random_lora(chosen, lambda _: data.draw(st.integers(1, 4)), "F16")
    alpha = data.draw(st.sampled_from([1, 0.1, 2.5, 16]))
    expected = {layer.name: alpha / lora[layer][0][1][0] for layer in chosen}
    for tensors in (diffusers(lora), peft(lora)):
        assert scales(read(tensors, layers=layers, alpha=alpha), layers) == expected
    alike = [layer.path.replace(".", "_") for layer in layers]
    if len(set(alike)) == len(alike):
        assert set(scales(read(kohya(lora, 3.0), layers=layers), layers)) == set(expected)
    elif any(alike.count(layer.path.replace(".", "_")) > 1 for layer in chosen):
        assert any(problem["got"] == "'an ambiguous key'" for problem in problems(kohya(lora, 3.0), layers=layers))
