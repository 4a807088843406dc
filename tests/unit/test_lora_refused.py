"""An adapter from elsewhere that does not fit: whatever is wrong is named, all of it at once."""

import json
import math
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from atelier_ops.logic.lora.keys import MOST_LISTED
from atelier_ops.logic.lora.layers import Layer
from atelier_ops.logic.lora.safetensors import ITEM_BYTES
from contracts.errors import InvalidInputError
from tests.unit import lora_files
from tests.unit.lora_files import (
    SD1,
    SDXL,
    Numbers,
    diffusers,
    kohya,
    numbers,
    older_diffusers,
    peft,
    problems,
    random_lora,
    read,
    tensor,
)


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
    assert problem["got"] == json.dumps(value)


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


def test_alphas_beside_settings_are_refused() -> None:
    _, lora = one()
    (problem,) = problems(kohya(lora, 1.0), lora_files.settings("unet", r=2, lora_alpha=2))
    assert problem["got"] == "'.alpha of layers and lora_adapter_metadata'"


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
        ({"alpha_pattern": {"(?i)to_q": 1}}, "unet.alpha_pattern", "a regular expression"),
        ({"alpha_pattern": {"a{99999999999999}": 1}}, "unet.alpha_pattern", "a regular expression"),
        ({"lora_alpha": 10**400}, "unet.lora_alpha", "above 0"),
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


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
_setting = st.sampled_from(
    ("r", "lora_alpha", "rank_pattern", "alpha_pattern", "use_rslora", "bias", "init_lora_weights")
)
_stem = st.sampled_from(("unet.conv_in", "lora_unet_conv_in", "conv_in", "lora_te1_text_projection", "x", ""))
_ending = st.sampled_from(
    (
        ".lora_A.weight",
        ".lora_B.a.weight",
        ".lora.up.weight",
        ".lora_down.weight",
        ".alpha",
        "_lora.up.weight",
        "",
        ".bias",
    )
)
_dtype = st.sampled_from(("F16", "BF16", "F32", "F64", "I64", "U8"))
_shape = st.lists(st.integers(0, 3), max_size=4).map(tuple)


@settings(max_examples=100)
@given(
    st.dictionaries(st.builds(str.__add__, _stem, _ending), st.tuples(_dtype, _shape), max_size=5),
    st.dictionaries(st.builds(str.__add__, st.sampled_from(("", "unet.")), _setting), _json, max_size=6),
    st.none() | st.floats(1e-3, 1e6),
)
def test_no_file_is_an_error_of_ours(
    lines: dict[str, tuple[str, tuple[int, ...]]], said: dict[str, Any], alpha: float | None
) -> None:
    tensors = {
        name: (dtype, shape, b"\x01" * (math.prod(shape) * ITEM_BYTES[dtype])) for name, (dtype, shape) in lines.items()
    }
    for metadata in (None, {"lora_adapter_metadata": json.dumps(said)}):
        with suppress(InvalidInputError):
            read(tensors, metadata, alpha=alpha)
