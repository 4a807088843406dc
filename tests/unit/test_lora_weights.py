"""An adapter from elsewhere: every key format ends as the same file, and whatever does not fit is named, all of it at once."""

import json
import math
import re
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from atelier_ops.logic.lora.keys import MOST_LISTED
from atelier_ops.logic.lora.layers import Layer, layers_of
from atelier_ops.logic.lora.safetensors import read_header
from atelier_ops.logic.lora.weights import Adapter, read_adapter
from contracts.errors import InvalidInputError
from tests.unit import lora_files
from tests.unit.lora_files import (
    Numbers,
    Tensors,
    base_file,
    diffusers,
    file_of,
    kohya,
    numbers,
    older_diffusers,
    peft,
    random_lora,
    sd1_layers,
    sdxl_layers,
    tensor,
)

SD1, SDXL = sd1_layers(), sdxl_layers()


def of_part(part: str, layers: list[Layer] = SD1) -> list[Layer]:
    return [layer for layer in layers if layer.part == part]


def read(
    tensors: Tensors,
    metadata: Mapping[str, str] | None = None,
    *,
    layers: list[Layer] = SD1,
    alpha: float | None = None,
) -> Adapter:
    return read_adapter(file_of(tensors, metadata), layers, "tiny@v1", alpha)


def stored(adapter: Adapter) -> bytes:
    return b"".join(adapter.pieces)


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


def problems(tensors: Tensors, metadata: Mapping[str, str] | None = None, **more: Any) -> list[dict[str, str]]:
    with pytest.raises(InvalidInputError) as caught:
        read(tensors, metadata, **more)
    return caught.value.to_json()


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


def test_without_a_word_of_alpha_diffusers_and_kohyas_is_the_rank() -> None:
    lora = random_lora(SD1, lambda layer: 3 if "attn" in layer.path else 2)
    for tensors in (diffusers(lora), older_diffusers(lora), kohya(lora)):
        adapter = read(tensors)
        assert set(scales(adapter).values()) == {1.0}
        assert adapter.ranks == (2, 3)


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


# What is refused.


def one(part: str = "unet", ending: str = "attn1.to_q", rank: int = 2) -> tuple[Layer, Numbers]:
    layer = next(each for each in SD1 if each.part == part and each.path.endswith(ending))
    return layer, random_lora([layer], rank)


def test_half_of_the_keys_unknown_is_refused_and_the_first_are_named() -> None:
    tensors = diffusers(random_lora(SD1))
    renamed = {key.replace("attn", "attx").replace("resnets", "nets"): value for key, value in tensors.items()}
    unknown = [key for key in renamed if key not in tensors]
    listed = problems(renamed)
    assert len(unknown) > MOST_LISTED
    assert [problem["what"] for problem in listed[:MOST_LISTED]] == [f"weights: {key}" for key in unknown[:MOST_LISTED]]
    assert listed[MOST_LISTED]["got"] == f"'{len(unknown) - MOST_LISTED} more like these'"
    assert listed[0]["allowed"] == "a layer of tiny@v1 in the keys of diffusers, PEFT or kohya"
    assert len(listed) == MOST_LISTED + 1


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("lora_unet_conv_in.hada_w1_a", "LoHa"),
        ("lora_unet_conv_in.lokr_w2", "LoKr"),
        ("lora_unet_conv_in.dora_scale", "DoRA"),
        ("unet.conv_in.lora_magnitude_vector", "DoRA"),
        ("lora_unet_conv_in.lora_mid.weight", "LoCon with a Tucker core"),
        ("lora_unet_conv_in.diff", "a changed weight itself"),
        ("unet.conv_in.lora_B.bias", "the bias of a layer"),
        ("bundle_emb.x.string_to_param.*", "an embedding"),
        ("base_model.model.text_model.embeddings.token_embedding.lora_embedding_A", "an embedding"),
        ("transformer.single_transformer_blocks.0.attn.to_q.lora_A.weight", "another kind of model"),
    ],
)
def test_what_is_no_lora_of_a_layer_has_a_sentence_of_its_own(key: str, words: str) -> None:
    (problem,) = problems({**diffusers(random_lora(SD1)), key: tensor((2, 2))})
    assert problem["what"] == f"weights: {key}"
    assert words in problem["allowed"]


@pytest.mark.parametrize(
    "key",
    [
        "nothing",
        "unet.conv_in",
        "unet.conv_in.weight",
        "unet.conv_in.alpha",
        "lora_unet_conv_in.lora.down.weight",
        "unet.conv_in.lora_down.weight",
        "lora_te2_text_projection.lora_down.weight",
        "vae.decoder.conv_in.lora_A.weight",
        "text_encoder.text_model.embeddings.token_embedding.lora_A.weight",
        "unet.conv_norm_out.lora_A.weight",
    ],
)
def test_a_key_of_nothing_is_unknown(key: str) -> None:
    (problem,) = problems({**diffusers(random_lora(SD1)), key: tensor((2, 2))})
    assert (problem["what"], problem["got"]) == (f"weights: {key}", "'an unknown key'")


def test_an_empty_file_is_refused() -> None:
    (problem,) = problems({})
    assert problem["got"] == "'no tensors'"


@pytest.mark.parametrize("name", [diffusers, older_diffusers, peft, kohya])
def test_a_missing_half_is_named(name: Any) -> None:
    layer, lora = one()
    key, value = next(iter(name(lora).items()))
    (problem,) = problems({key: value}, alpha=1.0)
    assert problem == {
        "what": f"weights: {key}",
        "got": "'no up half beside it'",
        "allowed": f"both halves of {layer.name}",
    }


def test_another_width_is_refused_with_the_shape_that_fits() -> None:
    layer, lora = one(rank=3)
    key = f"{layer.name}.lora_A.weight"
    (problem,) = problems({**diffusers(lora), key: tensor((3, 7))})
    assert problem == {
        "what": f"weights: {key}",
        "got": "[3, 7]",
        "allowed": f"[3, 2], for {layer.name} with weights [2, 2]",
    }


@pytest.mark.parametrize(
    ("ending", "down", "up"),
    [
        ("attn1.to_q", (3, 2), (2, 4)),  # two ranks
        ("attn1.to_q", (3, 2, 1, 1), (2, 3, 1, 1)),  # a convolution's, for a linear layer
        ("conv1", (3, 18), (2, 3)),  # the other way round
        ("conv1", (3, 2, 1, 1), (2, 3, 1, 1)),  # another kernel
        ("conv1", (3, 2, 3, 3), (2, 3, 3, 3)),
        ("attn1.to_q", (), ()),
        ("attn1.to_q", (0, 2), (2, 0)),
    ],
)
def test_halves_that_do_not_fit_the_layer_are_refused(ending: str, down: tuple[int, ...], up: tuple[int, ...]) -> None:
    layer, _ = one(ending=ending)
    listed = problems({f"{layer.name}.lora_A.weight": tensor(down), f"{layer.name}.lora_B.weight": tensor(up)})
    assert all(problem["what"].startswith(f"weights: {layer.name}.lora_") for problem in listed)


def test_a_layer_named_twice_is_refused() -> None:
    layer, lora = one()
    (first, second) = problems({**diffusers(lora), **older_diffusers(lora)})
    assert first["got"] == second["got"] == "'a second name of one layer'"
    assert f"{layer.name}.lora_A.weight names {layer.name} too" in first["allowed"]


def test_two_formats_in_one_file_are_refused() -> None:
    lora = random_lora(SD1)
    mixed = diffusers({k: v for k, v in lora.items() if k.part == "unet"})
    mixed |= kohya({k: v for k, v in lora.items() if k.part != "unet"})
    (problem,) = problems(mixed)
    assert problem["got"].startswith("'diffusers (unet.")
    assert "kohya (lora_te_" in problem["got"]


def test_a_bare_name_that_both_encoders_have_is_refused_naming_both() -> None:
    layer = next(each for each in SDXL if each.name.startswith("text_encoder.") and each.path.endswith("q_proj"))
    listed = problems(peft(random_lora([layer])), layers=SDXL, alpha=1.0)
    assert f"{layer.name} and text_encoder_2.{layer.path}" in listed[0]["allowed"]


@pytest.mark.parametrize("dtype", ["F64", "I8", "F8_E4M3"])
def test_other_kinds_of_numbers_are_refused(dtype: str) -> None:
    layer, lora = one()
    size = {"F64": 8, "I8": 1, "F8_E4M3": 1}[dtype]
    tensors = {**diffusers(lora), f"{layer.name}.lora_A.weight": (dtype, (2, 2), bytes(4 * size))}
    (problem,) = problems(tensors)
    assert (problem["got"], problem["allowed"]) == (repr(dtype), "F16 | BF16 | F32")


@pytest.mark.parametrize("dtype", ["F32", "F16", "BF16"])
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_numbers_that_are_none_are_refused_by_the_tensors_name(dtype: str, value: float) -> None:
    layer, lora = one()
    tensors = {**diffusers(lora), f"{layer.name}.lora_B.weight": (dtype, (2, 2), numbers([1, 2, value, 4], dtype))}
    (problem,) = problems(tensors)
    assert (problem["what"], problem["got"]) == (f"weights: {layer.name}.lora_B.weight", "'NaN or infinity'")


@pytest.mark.parametrize("value", [0.0, -1.0, math.nan, math.inf])
def test_an_alpha_that_is_no_strength_is_refused(value: float) -> None:
    _, lora = one()
    (problem,) = problems(kohya(lora, value))
    assert problem["allowed"] == "one number above 0"
    assert problem["got"] == repr(value)


def test_an_alpha_of_several_numbers_is_refused() -> None:
    _, lora = one()
    tensors = {**kohya(lora), next(k for k in kohya(lora, 1.0) if k.endswith("alpha")): tensor((2,))}
    (problem,) = problems(tensors)
    assert problem["got"] == "'F32 [2]'"


def test_alphas_of_some_layers_only_are_refused() -> None:
    lora = random_lora(SD1)
    some = dict(list(lora.items())[:3])
    (problem,) = problems({**kohya(lora), **kohya(some, 1.0)})
    assert problem["got"] == f"'3 layers with .alpha and {len(lora) - 3} without'"


def test_pefts_file_needs_an_alpha_beside_it_and_no_other_file_takes_two() -> None:
    _, lora = one()
    (problem,) = problems(peft(lora))
    assert problem["what"] == "alpha"
    assert "lora_alpha of adapter_config.json" in problem["allowed"]
    for tensors, metadata in (
        (kohya(lora, 1.0), None),
        (diffusers(lora), lora_files.settings("unet", r=2, lora_alpha=1)),
    ):
        (problem,) = problems(tensors, metadata, alpha=2.0)
        assert (problem["what"], problem["allowed"]) == ("alpha", "left out: the file says its own")


@pytest.mark.parametrize(
    ("changes", "what", "words"),
    [
        ({"use_dora": True}, "unet.use_dora", "A and B of whole layers"),
        ({"bias": "all"}, "unet.bias", "none"),
        ({"lora_bias": True}, "unet.lora_bias", "A and B of whole layers"),
        ({"modules_to_save": ["conv_in"]}, "unet.modules_to_save", "A and B of whole layers"),
        ({"peft_type": "LOHA"}, "unet.peft_type", "LORA"),
        ({"init_lora_weights": "pissa"}, "unet.init_lora_weights", "leaves the base model as it is"),
        ({"r": 0}, "unet.r", "1 or more"),
        ({"r": True}, "unet.r", "1 or more"),
        ({"lora_alpha": 0}, "unet.lora_alpha", "above 0"),
        ({"lora_alpha": "8"}, "unet.lora_alpha", "above 0"),
        ({"alpha_pattern": {"to_q": -1}}, "unet.alpha_pattern: to_q", "above 0"),
        ({"alpha_pattern": {"(": 1}}, "unet.alpha_pattern", "a regular expression"),
        ({"rank_pattern": []}, None, ""),
        ({"rank_pattern": [1]}, "unet.rank_pattern", "an object"),
        ({"r": 4}, None, ""),
    ],
)
def test_settings_that_are_more_than_a_lora_or_contradict_it_are_refused(
    changes: dict[str, Any], what: str | None, words: str
) -> None:
    layer, lora = one()
    metadata = lora_files.settings("unet", **{"r": 2, "lora_alpha": 2, **changes})
    if changes == {"rank_pattern": []}:
        assert read(diffusers(lora), metadata).layers == 1
        return
    (problem,) = problems(diffusers(lora), metadata)
    if what is None:
        assert problem["allowed"] == "rank 4, as lora_adapter_metadata says"
        assert problem["what"] == f"weights: {layer.name}"
    else:
        assert problem["what"] == f"weights: lora_adapter_metadata: {what}"
        assert words in problem["allowed"]


def test_settings_that_leave_out_a_part_or_are_no_json_are_refused() -> None:
    lora = random_lora(SD1)
    listed = problems(diffusers(lora), lora_files.settings("unet", r=2, lora_alpha=2))
    assert [problem["what"] for problem in listed] == [
        f"weights: lora_adapter_metadata: text_encoder.{name}" for name in ("r", "lora_alpha")
    ]
    for text in ("{", "[]", "[" * 100_000):
        (problem,) = problems(diffusers(lora), {"lora_adapter_metadata": text})
        assert problem["allowed"] == "a JSON object"


def test_a_text_encoder_without_its_attention_is_refused() -> None:
    _, lora = one("text_encoder", "mlp.fc1")
    (problem,) = problems(diffusers(lora))
    assert problem["what"] == "weights: text_encoder"
    assert "attention" in problem["allowed"]


def test_all_that_is_wrong_is_said_at_once() -> None:
    layer, lora = one()
    broken = (lora[layer][0][0], (2, 2), numbers([1, 2, 3, math.nan], "F32"))
    tensors = {**diffusers(random_lora(SD1)), f"{layer.name}.lora_A.weight": broken, "foreign": tensor((1,))}
    del tensors["unet.conv_in.lora_B.weight"]
    said = {f"{part}.{name}": 2 for part in ("unet", "text_encoder") for name in ("r", "lora_alpha")}
    listed = problems(tensors, {"lora_adapter_metadata": json.dumps(said)}, alpha=3.0)
    assert [problem["what"] for problem in listed] == [
        "weights: foreign",
        "weights: unet.conv_in.lora_A.weight",
        "alpha",
        f"weights: {layer.name}.lora_A.weight",
    ]


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
