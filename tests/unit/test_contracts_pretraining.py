"""The input of a pretraining execution, and what people upload for one."""

from typing import Any

import pytest

from contracts.corpus import Caption, Vocabulary, is_held_out
from contracts.errors import InvalidInputError
from contracts.pretrain_hyperparameters import PretrainHyperparameters
from contracts.pretraining import Instances, PretrainingInput, StageDefaults

STAGE = StageDefaults(instances=Instances(shard=2, train=4), input_mode="FastFile")


def asked(**changes: Any) -> dict[str, Any]:
    return {"name": "figures", "dataset": "drawn", **changes}


def test_the_stage_and_the_model_fill_in_what_the_input_leaves_out() -> None:
    read = PretrainingInput.from_json(STAGE.fill(asked(hyperparameters={"model": "vae"}, instances={"train": 2})))
    assert (read.instances, read.input_mode) == (Instances(shard=2, train=2), "FastFile")
    assert (read.hyperparameters.steps, read.hyperparameters.batch) == (3_000, 16)
    assert read.held_out == 0.02


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"colour": "red"}, "unknown key: got 'colour'; allowed: approval, base_model"),
        ({"instances": {"test": 1}}, "input.instances: unknown key: got 'test'; allowed: shard, train"),
        ({"instances": {"train": 0}}, "input.instances.train: got 0; allowed: an integer from 1 to 64"),
        ({"name": "Figures"}, "input.name: got 'Figures'"),
        ({"input_mode": "Pipe"}, "allowed: File | FastFile | FSx | stream"),
        ({"hyperparameters": {"batch": 30}}, "a multiple of input.instances.train (4)"),
        ({"hyperparameters": {"rate": 1}}, "input.hyperparameters: unknown key: got 'rate'"),
        ({"hyperparameters": {"shards_uri": "s3://b/k/"}}, 'allowed: input_mode "stream"'),
        (
            {"hyperparameters": {"vision_steps": 5}},
            "input.hyperparameters.vision_steps: got 5; allowed: 0: only a segmenter",
        ),
        (
            {"hyperparameters": {"model": "segmenter", "vision_learning_rate": 1e-3, "batch": 4}},
            "input.hyperparameters.vision_learning_rate: got 0.001; allowed: left out: there are no vision_steps",
        ),
        (
            {"hyperparameters": {"model": "vae", "text_share": 0.5, "batch": 4}},
            "input.hyperparameters.text_share: got 0.5; allowed: 0: only a unet",
        ),
        (
            {"hyperparameters": {"optimizer": "muon", "sharding": "fsdp"}},
            "input.hyperparameters.sharding: got 'fsdp'; allowed: ddp: muon",
        ),
        ({"gate": {"psnr": 20}}, "input.gate: unknown key: got 'psnr'; allowed: denoising_loss, held_out"),
        ({"held_out": 0}, "input.held_out: got 0; allowed: a number from 0.001 to 0.5"),
    ],
)
def test_a_wrong_input_says_what_was_got_and_what_is_allowed(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        PretrainingInput.from_json(STAGE.fill(asked(**changes)))
    assert says in str(caught.value)


def test_hyperparameters_survive_sagemakers_strings() -> None:
    tuned = PretrainHyperparameters.from_json({"model": "segmenter", "sharding": "fsdp", "from_nothing": True})
    assert PretrainHyperparameters.from_strings(tuned.to_strings()) == tuned
    streamed = PretrainHyperparameters.from_json({"shards_uri": "s3://bucket/shards/"})
    assert PretrainHyperparameters.from_strings(streamed.to_strings()) == streamed


def test_a_prompt_must_name_labels_that_there_are() -> None:
    with pytest.raises(InvalidInputError, match=r"prompts\.a skirt: got \[3\]; allowed: labels from 0 to 1"):
        Vocabulary.from_json({"labels": ["background", "skirt"], "prompts": {"a skirt": [3]}})


@pytest.mark.parametrize(
    ("prompt", "allowed"), [("юбка", "words in English"), ("not a skirt", "without not"), ("치마", "'a skirt'")]
)
def test_a_prompt_that_a_trained_segmenter_could_not_be_asked_is_refused_before_it_is_trained(
    prompt: str, allowed: str
) -> None:
    with pytest.raises(InvalidInputError, match=rf"prompts\.{prompt}: got .*allowed: .*{allowed}"):
        Vocabulary.from_json({"labels": ["background", "skirt"], "prompts": {prompt: [1]}})


def test_a_captions_line_becomes_the_samples_json() -> None:
    line = {"key": "a1", "captions": ["a woman"], "regions": [{"label": 1, "captions": ["a red skirt"]}]}
    sample = Caption.from_json(line, where="captions.jsonl:1").sample()
    assert sample == {"captions": ["a woman"], "regions": [{"label": 1, "captions": ["a red skirt"]}]}
    with pytest.raises(InvalidInputError, match=r"captions\.jsonl:2\.key: got 'a\.b'"):
        Caption.from_json({"key": "a.b", "captions": ["a woman"]}, where="captions.jsonl:2")


def test_about_the_asked_share_is_held_out_and_always_the_same_keys() -> None:
    keys = [f"{number:05}" for number in range(5_000)]
    kept = {key for key in keys if is_held_out(key, 0.02)}
    assert 60 <= len(kept) <= 140
    assert kept <= {key for key in keys if is_held_out(key, 0.1)}
