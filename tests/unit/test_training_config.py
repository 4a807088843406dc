"""hyperparameters.json: SageMaker's strings, JumpStart's quoting, and what is refused."""

import pytest

from atelier_training.fine_tune_job import FineTuneJob
from contracts.errors import InvalidInputError
from contracts.strings import as_string
from tests.unit.training_root import JOB


def test_strings_become_typed_settings() -> None:
    job = FineTuneJob.from_strings(JOB | {"learning_rate": "2e-06", "max_steps": "None", "center_crop": "False"})
    assert job.tuning.learning_rate == 2e-6
    assert job.tuning.max_steps is None
    assert job.tuning.batch_size == 2


def test_jumpstarts_quoting_is_undone() -> None:
    job = FineTuneJob.from_strings(JOB | {"learning_rate": '"1e-04"', "instance_prompt": '"a photo of \\"sks\\""'})
    assert job.tuning.learning_rate == 1e-4
    assert job.instance_prompt == 'a photo of "sks"'


@pytest.mark.parametrize("words", ['"sks"', '"red" or "blue"', '"', '""', "None", "True", "7", " sks ", '"sks', "é\\n"])
def test_a_plans_words_arrive_as_they_were_given(words: str) -> None:
    assert FineTuneJob.from_strings(JOB | {"instance_prompt": as_string(words)}).instance_prompt == words


def test_quotes_that_are_not_jumpstarts_stay() -> None:
    assert FineTuneJob.from_strings(JOB | {"instance_prompt": '"a" or "b"'}).instance_prompt == '"a" or "b"'


def test_an_unknown_name_is_refused_with_the_known_ones() -> None:
    with pytest.raises(InvalidInputError, match=r"'lerning_rate'.*learning_rate"):
        FineTuneJob.from_strings(JOB | {"lerning_rate": "1"})


@pytest.mark.parametrize("name", ["style", "task", "method", "instance_prompt", "dataset_sha256", "execution"])
def test_what_every_job_needs_may_be_neither_missing_nor_empty(name: str) -> None:
    with pytest.raises(InvalidInputError, match=name):
        FineTuneJob.from_strings({key: value for key, value in JOB.items() if key != name})
    with pytest.raises(InvalidInputError, match=name):
        FineTuneJob.from_strings(JOB | {name: ""})


def test_the_class_prompt_may_be_empty_unless_the_prior_is_preserved() -> None:
    assert FineTuneJob.from_strings(JOB | {"class_prompt": ""}).class_prompt == ""
    with pytest.raises(InvalidInputError, match="class_prompt"):
        FineTuneJob.from_strings(JOB | {"class_prompt": "", "with_prior_preservation": "True"})


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"lr_warmup_steps": "10"}, "lr_warmup_steps"),
        ({"center_crop": "True"}, "center_crop"),
        ({"aspect_ratio_buckets": "True"}, "aspect_ratio_buckets"),
        ({"method": "full", "lora_rank": "4"}, "lora_rank"),
        ({"method": "full", "lora_alpha": "4"}, "lora_alpha"),
        ({"method": "full", "lora_targets": "attention"}, "lora_targets"),
        ({"method": "full", "lora_dropout": "0.1"}, "lora_dropout"),
    ],
)
def test_a_setting_without_effect_is_said(given: dict[str, str], named: str) -> None:
    (warning,) = FineTuneJob.from_strings(JOB | {"lora_rank": "8"} | given).ignored()
    assert named in warning
