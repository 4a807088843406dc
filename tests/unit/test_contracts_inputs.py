"""What people hand in: an execution's input, hyperparameters in two spellings, a prediction, a gate, a dataset's note."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.dataset import DatasetInfo, is_picture
from contracts.errors import InvalidInputError
from contracts.execution import TASKS, ExecutionInput
from contracts.hyperparameters import Hyperparameters
from contracts.metrics import DEFAULT_GATES, METRICS, read_gate
from contracts.prediction import PredictionInput, PredictionOutput
from contracts.pretraining import Instances, PretrainingInput, StageDefaults

INPUT = {"style": "skirt", "dataset": "s3://data/datasets/skirt/", "target": "a skirt"}


@pytest.mark.parametrize("words", [{}, {"mask_prompt": ""}, {"mask_prompt": None}])
def test_words_for_a_mask_that_are_missing_are_one_problem(words: dict[str, Any]) -> None:
    with pytest.raises(InvalidInputError) as caught:
        PredictionInput.from_json({"mode": "segment", "image": "aGk=", **words})
    assert [(each.what, each.allowed) for each in caught.value.problems] == [
        ("input.mask_prompt", "required when mode is segment")
    ]


def test_defaults_follow_the_method() -> None:
    assert ExecutionInput.from_json(INPUT).deploy == "adapter"
    assert ExecutionInput.from_json({**INPUT, "method": "full"}).deploy == "endpoint"


def test_an_execution_input_survives_the_trip() -> None:
    read = ExecutionInput.from_json({**INPUT, "hyperparameters": {"max_steps": 5}, "gate": {"mask_score": 0.5}})
    assert ExecutionInput.from_json(read.to_json()) == read
    assert read.hyperparameters.explicit_values() == {"max_steps": 5}


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"style": "Skirt"}, "input.style"),
        ({"style": "-skirt"}, "input.style"),
        ({"style": "a" * 41}, "input.style"),
        ({"dataset": "/tmp/skirt"}, "input.dataset"),
        ({"task": "sharpen"}, "input.task"),
        ({"target": ""}, "input.target"),
        ({"method": "lora", "deploy": "endpoint"}, "input.deploy"),
        ({"method": "full", "deploy": "adapter"}, "input.deploy"),
        ({"promote": "always"}, "input.promote"),
        ({"baseline": "best"}, "input.baseline"),
        ({"style": "base"}, "input.style"),
        ({"comment": "x"}, "input: unknown key"),
        ({"AWS_STEP_FUNCTIONS_STARTED_BY": "x"}, "input: unknown key"),
        ({"approval": True}, "input.approval"),
        ({"gate": {"beauty": 1}}, "input.gate: unknown key"),
        ({"gate": {"mask_score": 2}}, "input.gate.mask_score"),
        ({"hyperparameters": {"lr": 1}}, "input.hyperparameters: unknown key"),
        ({"hyperparameters": {"learning_rate": 0}}, "input.hyperparameters.learning_rate"),
        ({"traget": "x"}, "input: unknown key"),
    ],
)
def test_a_wrong_execution_input_names_what(changes: dict[str, Any], what: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        ExecutionInput.from_json({**INPUT, **changes})
    assert caught.value.what == what


ENVELOPES: list[dict[str, Any]] = [
    {"AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID": "arn:aws:states:us-east-1:123456789012:execution:parent:1"},
    {"Comment": "Insert your JSON here"},
    {"Comment": None, "AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID": {"Id": 1}},
]


@pytest.mark.parametrize("envelope", ENVELOPES, ids=str)
def test_what_step_functions_puts_beside_an_input_means_nothing(envelope: dict[str, Any]) -> None:
    assert ExecutionInput.from_json({**envelope, **INPUT}) == ExecutionInput.from_json(INPUT)
    assert ExecutionInput.from_json({**envelope, **INPUT, "method": "full"}).deploy == "endpoint"
    defaults = StageDefaults(instances=Instances(shard=2, train=2), input_mode="File")
    request = {"name": "drawn", "dataset": "figures"}
    read = PretrainingInput.from_json(defaults.fill({**envelope, **request}))
    assert read == PretrainingInput.from_json(defaults.fill(request))


@pytest.mark.parametrize("task", TASKS)
def test_a_gate_of_ones_own_takes_the_place_of_the_tasks_metric_by_metric(task: str) -> None:
    request = {**INPUT, "task": task}
    assert ExecutionInput.from_json(request).thresholds == DEFAULT_GATES[task]
    read_gate("default", DEFAULT_GATES[task])
    own = ExecutionInput.from_json({**request, "gate": {"garment_share": 0, "train_avg_loss": 1}})
    assert own.thresholds == {**DEFAULT_GATES[task], "garment_share": 0, "train_avg_loss": 1}


def test_inpainting_needs_a_target_and_text_to_image_does_not() -> None:
    without = {key: value for key, value in INPUT.items() if key != "target"}
    with pytest.raises(InvalidInputError, match=r"input\.target"):
        ExecutionInput.from_json(without)
    assert ExecutionInput.from_json({**without, "task": "text-to-image"}).target == ""


JUMPSTART = {
    "epochs": "20",
    "max_steps": "None",
    "batch_size": "1",
    "learning_rate": '"2e-06"',
    "lr_scheduler": '"constant"',
    "with_prior_preservation": "False",
    "num_class_images": "100",
    "prior_loss_weight": "1.0",
    "center_crop": "False",
    "adam_weight_decay": "0.01",
    "adam_beta1": "0.9",
    "adam_beta2": "0.999",
    "adam_epsilon": "1e-08",
    "gradient_accumulation_steps": "1",
    "max_grad_norm": "1.0",
    "seed": "0",
}


def test_jumpstarts_strings_are_jumpstarts_defaults() -> None:
    assert Hyperparameters.from_strings(JUMPSTART) == Hyperparameters()


@given(
    max_steps=st.none() | st.integers(1, 100_000),
    learning_rate=st.floats(1e-9, 1.0),
    center_crop=st.booleans(),
    seed=st.integers(0, 2**32 - 1),
    scheduler=st.sampled_from(["constant", "linear", "cosine"]),
)
def test_hyperparameters_survive_sagemakers_strings(
    max_steps: int | None, learning_rate: float, center_crop: bool, seed: int, scheduler: str
) -> None:
    chosen = {"max_steps": max_steps, "learning_rate": learning_rate, "center_crop": center_crop}
    one = Hyperparameters.from_json({**chosen, "seed": seed, "lr_scheduler": scheduler})
    assert Hyperparameters.from_strings(one.to_strings()) == one


@pytest.mark.parametrize("value", ["five", "[1]", "5.5", "True", "9" * 5_000, "[" * 2_000])
def test_a_string_of_the_wrong_type_is_refused(value: str) -> None:
    with pytest.raises(InvalidInputError, match=r"hyperparameters\.max_steps"):
        Hyperparameters.from_strings({"max_steps": value})


def test_a_size_that_is_too_large_to_upscale_is_refused_before_it_is_painted() -> None:
    words = {"mode": "text_to_image", "prompt": "p", "width": 2048}
    assert PredictionInput.from_json({**words, "height": 1024, "upscale": True}).upscale
    assert PredictionInput.from_json({**words, "height": 1032}).height == 1032
    with pytest.raises(InvalidInputError, match=r"input.width: got '2048x1032 pixels'; .* at most 2097152 pixels"):
        PredictionInput.from_json({**words, "height": 1032, "upscale": True})


@pytest.mark.parametrize("steps", [{}, {"num_inference_steps": 20}])
def test_a_strength_that_can_leave_no_step_is_refused_before_it_reaches_a_server(steps: dict[str, int]) -> None:
    fields = {"mode": "image_to_image", "prompt": "p", "image": "AAAA", **steps}
    least = 1 / (steps.get("num_inference_steps") or 500)
    assert PredictionInput.from_json({**fields, "strength": least}).strength == least
    assert PredictionInput.from_json({**fields, "mode": "upscale", "strength": 0}).strength == 0, (
        "it means nothing there"
    )
    with pytest.raises(InvalidInputError, match=r"input\.strength: got 0.0; allowed: at least 1/"):
        PredictionInput.from_json({**fields, "strength": 0})


def test_search_prompt_is_an_alias_that_may_not_contradict() -> None:
    given = {"prompt": "p", "image": "i", "search_prompt": "a skirt"}
    assert PredictionInput.from_json(given).mask_prompt == "a skirt"
    with pytest.raises(InvalidInputError, match="search_prompt"):
        PredictionInput.from_json({**given, "mask_prompt": "a skirt"})


def test_a_prediction_input_survives_the_trip() -> None:
    asked = PredictionInput.from_json({"prompt": "p", "image": "i", "mask_prompt": "s", "seed": 0, "mask_grow": 0})
    assert PredictionInput.from_json(asked.to_json()) == asked
    assert asked.to_json()["seed"] == 0


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("width", 500),
        ("width", 2_056),
        ("num_outputs", 0),
        ("seed", -1),
        ("adapter", "skirt@0"),
        ("adapter", "skirt@1@2"),
        ("colour", "red"),
        ("colour", "#2850b"),
        ("colour", "2850be"),
        ("output_format", "gif"),
        ("guidance_scale", "7"),
        ("return_mask", "yes"),
        ("strength", 1.01),
        ("noise_level", 351),
        ("upscale", 1),
        ("strenght", 0.5),
    ],
)
def test_a_prediction_input_out_of_range_is_refused(key: str, value: Any) -> None:
    with pytest.raises(InvalidInputError, match=key):
        PredictionInput.from_json({"mode": "text_to_image", "prompt": "p", key: value})


@pytest.mark.parametrize("answer", [None, [], {}, {"images": []}, {"images": "x"}])
def test_an_answer_without_pictures_is_none(answer: Any) -> None:
    with pytest.raises(InvalidInputError, match=r"images|a JSON object"):
        PredictionOutput.from_json(answer)


def test_an_answer_survives_the_trip() -> None:
    answer = PredictionOutput(images=["x"], output_format="png", seed=1, model="m", seconds={"paint": 0.5})
    assert PredictionOutput.from_json(answer.to_json()) == answer


def test_a_gate_is_met_in_its_metrics_direction() -> None:
    assert METRICS["palette_after"].meets(0.5, 0.5)
    assert not METRICS["palette_after"].meets(0.4, 0.5)
    assert METRICS["pixels_changed_outside"].meets(0, 0)
    assert not METRICS["pixels_changed_outside"].meets(1, 0)
    assert read_gate("gate", {"palette_after": 0.5}) == {"palette_after": 0.5}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.png", True),
        ("A.JPEG", True),
        ("masks/a.png", False),
        ("a.webp", True),
        ("a.HEIC", True),
        ("a.jfif", True),
        ("a.bmp", False),
        ("png", False),
        ("a.png/", False),
    ],
)
def test_pictures_lie_at_the_root_and_end_like_one(name: str, expected: bool) -> None:
    assert is_picture(name) is expected


def test_a_datasets_note_says_what_it_wants_and_nothing_unknown() -> None:
    assert DatasetInfo.from_json({"instance_prompt": "x"}) == DatasetInfo(instance_prompt="x")
    assert DatasetInfo.from_json({"instance_prompt": "", "class_prompt": None}) == DatasetInfo()
    refused: list[object] = [[], {"instance_prompt": " "}, {"instance_prompt": "x", "classprompt": "y"}]
    for wrong in refused:
        with pytest.raises(InvalidInputError, match="dataset_info"):
            DatasetInfo.from_json(wrong)
