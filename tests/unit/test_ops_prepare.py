"""Preparing a run: what a good input becomes, and how each kind of bad one is refused."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atelier_ops.logic.plan import Dependencies
from atelier_training.arguments import parser, safety_rules
from contracts.artifact import to_json
from contracts.errors import InvalidInputError
from contracts.families import FAMILIES, FamilyFacts
from contracts.hyperparameters import Hyperparameters
from contracts.layout import MANIFEST
from contracts.safety.rules import SafetyRules
from tests.unit.ops_fakes import PNG, MemoryBuckets
from tests.unit.ops_stage import DATASET, ONE_TRAINING, base_manifest, make_stage, plan_of, refused

Stage = tuple[MemoryBuckets, Dependencies]


@pytest.fixture
def stage() -> Stage:
    return make_stage()


def test_a_plan_names_everything_later_states_need(stage: Stage) -> None:
    plan = plan_of(stage[1], execution="run-1", gate={"garment_share": 0.5})
    assert plan["dataset"] | {"sha256": ""} == {"uri": DATASET, "pictures": 4, "sha256": ""}
    terms = "Apache-2.0: not commercial"
    assert plan["base"] == {"reference": "tiny@v1", "uri": "s3://model/base/tiny@v1/", "licence": terms}
    assert plan["segmenter"] == {"uri": "s3://model/base/clipseg@v1/"}
    assert plan["jobs"] == {
        key: {**facts, "name": f"atelier-test-run-1-{key}", "instances": 1} for key, facts in ONE_TRAINING.items()
    }
    assert set(plan["runs"]) == {*ONE_TRAINING, "checkpoints"}
    assert plan["runs"]["checkpoints"] == "s3://data/checkpoints/run-1/"
    assert plan["model_package_group"] == "atelier-test-skirt"
    assert plan["published"] == "styles/skirt/"
    assert plan["gate"] == {"garment_share": 0.5, "pixels_changed_outside": 0}
    assert json.loads(json.dumps(plan)) == plan


def test_a_style_may_be_learnt_on_narrower_terms_and_on_no_wider_ones(stage: Stage) -> None:
    buckets, own = stage[0], replace(stage[1], commercial=False)
    plan = plan_of(own, licence="CC BY-NC 4.0", commercial="no")
    assert (plan["licence"], plan["commercial"]) == ("CC BY-NC 4.0", "no")
    assert "commercial" not in plan_of(own)
    with pytest.raises(InvalidInputError, match=r"input.commercial: got 'no'; allowed: yes: pictures of this stage"):
        plan_of(stage[1], commercial="no")
    with pytest.raises(
        InvalidInputError, match=r"input.commercial: got 'yes'; allowed: no, or left out: tiny@v1 may not"
    ):
        plan_of(own, commercial="yes")
    allowing = to_json(base_manifest("tiny", "inpaint", commercial="yes"))
    buckets.put("model", f"base/tiny@v1/{MANIFEST}", allowing.encode())
    assert plan_of(stage[1], commercial="yes")["commercial"] == "yes"


def test_prompts_come_from_the_input_or_else_from_the_dataset(stage: Stage) -> None:
    assert plan_of(stage[1])["instance_prompt"] == "a photo of sks skirt"
    assert plan_of(stage[1], instance_prompt="mine")["instance_prompt"] == "mine"
    assert plan_of(stage[1], instance_prompt="mine")["class_prompt"] == "a skirt"


def test_the_job_reads_every_hyperparameter_and_what_it_is_about(stage: Stage) -> None:
    strings = plan_of(stage[1], hyperparameters={"max_steps": 7})["hyperparameters"]
    about = {"style", "execution", "task", "method", "target", "instance_prompt", "class_prompt", "dataset_sha256"}
    assert all(isinstance(value, str) for value in strings.values())
    settings = Hyperparameters.from_strings({key: value for key, value in strings.items() if key not in about})
    assert settings.max_steps == 7
    assert settings.learning_rate == 3e-3, "the base model's own default for this method"
    assert about <= set(strings)


def test_quotes_around_words_are_theirs_not_jumpstarts(stage: Stage) -> None:
    words = {"instance_prompt": '"sks"', "class_prompt": '"a" or "b"', "target": '"skirt"'}
    plan = plan_of(stage[1], **words)
    assert {name: plan[name] for name in words} == words
    assert plan["arguments"]["segment"] == ["--task", "inpaint", '--target="\\"skirt\\""', "--resolution=64"]
    assert {name: json.loads(plan["hyperparameters"][name]) for name in words} == words, "as JumpStart quotes them"


def test_method_full_takes_no_lora_defaults(stage: Stage) -> None:
    strings = plan_of(stage[1], method="full")["hyperparameters"]
    assert strings["learning_rate"] == str(Hyperparameters().learning_rate)


def test_captions_are_made_by_the_prompt_and_only_where_asked_for(stage: Stage) -> None:
    assert plan_of(stage[1])["captions"] == "own"
    plan = plan_of(stage[1], captions="automatic")
    assert plan["captions"] == "automatic"
    assert plan["arguments"]["segment"][-1] == "--caption-prompt=a photo of sks skirt"
    assert parser().parse_args(["segment", *plan["arguments"]["segment"]]).caption_prompt == "a photo of sks skirt"


def test_a_run_may_end_once_its_pictures_were_read(stage: Stage) -> None:
    assert plan_of(stage[1])["preflight"] is False
    assert plan_of(stage[1], preflight=True)["preflight"] is True


def test_arguments_are_what_the_containers_take(stage: Stage) -> None:
    assert plan_of(stage[1])["arguments"] == {
        "segment": ["--task", "inpaint", "--target=a skirt", "--resolution=64"],
        "evaluate": [
            *("--task", "inpaint", "--target=a skirt", "--instance-prompt=a photo of sks skirt"),
            *("--gate", '{"garment_share": 0.5, "pixels_changed_outside": 0}'),
            "--comparison=not compared: no version of skirt is in service",
        ],
    }


def test_the_report_is_told_the_gate_it_will_be_held_against(stage: Stage) -> None:
    arguments = plan_of(stage[1], gate={"garment_share": 0.5})["arguments"]["evaluate"]
    gate = arguments[arguments.index("--gate") + 1]
    assert gate == '{"garment_share": 0.5, "pixels_changed_outside": 0}'


def test_text_to_image_needs_no_target(stage: Stage) -> None:
    plan = plan_of(stage[1], task="text-to-image", base_model="words", target="anything", deploy="none")
    assert plan["task"] == "text-to-image"


def test_an_unknown_key_is_refused_with_the_allowed_ones(stage: Stage) -> None:
    message = refused(stage, traget="a skirt")
    assert "'traget'" in message
    assert "target" in message.split("allowed: ")[1]


def test_without_any_instance_prompt_the_input_is_refused(stage: Stage) -> None:
    del stage[0].objects["data", "datasets/skirt/dataset_info.json"]
    assert "dataset_info.json" in refused(stage)


def test_prior_preservation_needs_a_class_prompt(stage: Stage) -> None:
    stage[0].put("data", "datasets/skirt/dataset_info.json", b'{"instance_prompt": "x"}')
    assert "class_prompt" in refused(stage, hyperparameters={"with_prior_preservation": True})


def test_an_unknown_base_model_lists_the_offered_ones(stage: Stage) -> None:
    message = refused(stage, base_model="sd9")
    assert "'sd9'" in message
    assert "tiny@v1 | words@v1" in message


def test_a_base_model_that_is_not_mirrored_is_refused(stage: Stage) -> None:
    assert "base/gone@v1/manifest.json" in refused(stage, base_model="gone@v1")


def test_a_base_model_for_another_task_is_refused(stage: Stage) -> None:
    message = refused(stage, base_model="words")
    assert "text-to-image" in message
    assert "inpaint" in message


def test_an_inpainting_base_learns_text_to_image_too(stage: Stage) -> None:
    assert plan_of(stage[1], task="text-to-image")["base"]["reference"] == "tiny@v1"


def test_an_adapter_must_fit_the_model_that_the_shared_endpoint_serves(stage: Stage) -> None:
    message = refused(stage, task="text-to-image", base_model="words", deploy="adapter")
    assert "words@v1" in message
    assert "tiny@v1" in message
    assert plan_of(stage[1], task="text-to-image", base_model="words", deploy="none")


def test_a_missing_segmenter_is_refused_before_a_job_starts(stage: Stage) -> None:
    del stage[0].objects["model", "base/clipseg@v1/manifest.json"]
    assert "clipseg@v1" in refused(stage)
    assert plan_of(stage[1], task="text-to-image")


def test_a_gate_that_no_evaluation_could_meet_is_refused_before_a_job_starts(stage: Stage) -> None:
    message = refused(stage, gate={"likeness": 0.7, "garment_share": 0.5})
    assert "input.gate.likeness" in message
    assert "contrastive" in message
    assert "garment_share" not in message
    assert "input.gate.leak" in refused(stage, task="text-to-image", gate={"leak": 0.2})
    sees = base_manifest("clipseg", "segment", family="clipseg", contrastive=True)
    stage[0].put("model", "base/clipseg@v1/manifest.json", to_json(sees).encode())
    assert plan_of(stage[1], gate={"likeness": 0.7, "leak": 0.2})["gate"]["likeness"] == 0.7
    assert "input.gate.likeness" in refused(stage, task="text-to-image", gate={"likeness": 0.7})


@pytest.mark.parametrize(("key", "longest"), [("target", 247), ("instance_prompt", 238)])
def test_a_job_argument_has_at_most_256_characters_with_its_option(stage: Stage, key: str, longest: int) -> None:
    arguments = plan_of(stage[1], **{key: "x" * longest})["arguments"]["evaluate"]
    assert max(map(len, arguments)) == 256
    message = refused(stage, **{key: "x" * (longest + 1)})
    assert f"got '{longest + 1} characters'; allowed: at most {longest}: a job takes it as an argument" in message


def test_words_that_no_hyperparameter_can_carry_are_refused_before_a_job_is_made(stage: Stage) -> None:
    assert "2500: a job takes it as a hyperparameter" in refused(stage, class_prompt="\x01" * 500)


def test_words_may_start_with_a_hyphen(stage: Stage) -> None:
    words = {"target": "-skirt", "instance_prompt": "--gate"}
    arguments = plan_of(stage[1], **words)["arguments"]
    assert vars(parser().parse_args(["segment", *arguments["segment"]]))["target"] == "-skirt"
    read = vars(parser().parse_args(["evaluate", *arguments["evaluate"]]))
    assert {name: read[name] for name in words} == words


@pytest.mark.parametrize("key", ["target", "instance_prompt", "class_prompt"])
def test_prompts_are_one_line(stage: Stage, key: str) -> None:
    assert "one line" in refused(stage, **{key: "a\nb"})


@pytest.mark.parametrize("name", ["two(again)", "it's", "run!"])
def test_an_execution_whose_package_could_not_say_its_name_is_refused_before_it_costs(stage: Stage, name: str) -> None:
    """Step Functions takes these names; the metadata of a model package, after the training, does not."""
    with pytest.raises(InvalidInputError, match=r"the execution's name: got .*; allowed: letters, digits and"):
        plan_of(stage[1], execution=name)


@given(execution=st.text(st.sampled_from("abcXYZ019-_.@+é"), min_size=1, max_size=80))
def test_job_names_are_what_sagemaker_takes(execution: str) -> None:
    for job in plan_of(make_stage()[1], execution=execution)["jobs"].values():
        name = job["name"]
        assert len(name) <= 63
        assert name.replace("-", "").isalnum()
        assert name.isascii()
        assert name[0] != "-"
        assert name[-1] != "-"


@pytest.mark.parametrize(
    ("family", "facts", "changes", "message"),
    [
        (
            "upscaler",
            None,
            {},
            "input.task: got 'inpaint'; allowed: upscale: tiny@v1's family, upscaler",
        ),
        ("flux", None, {}, "a base model of family sd1 | sd2 | sdxl | upscaler: flux is not fine-tuned"),
        (
            "sdxl",
            {"tasks": ("text-to-image",)},
            {},
            "input.task: got 'inpaint'; allowed: text-to-image: tiny@v1's family",
        ),
        (
            "sdxl",
            {"methods": ("lora",)},
            {"method": "full"},
            "input.method: got 'full'; allowed: lora: tiny@v1's family",
        ),
        (
            "sdxl",
            {"trains_text_encoder": False},
            {"hyperparameters": {"train_text_encoder": True}},
            "input.hyperparameters.train_text_encoder: got true; allowed: false: tiny@v1's family, sdxl",
        ),
    ],
)
def test_what_no_code_can_train_is_refused_before_anything_is_paid(
    stage: Stage,
    monkeypatch: pytest.MonkeyPatch,
    family: str,
    facts: dict[str, Any] | None,
    changes: dict[str, Any],
    message: str,
) -> None:
    manifest = base_manifest("tiny", "inpaint", family=family)
    stage[0].put("model", f"base/{manifest.reference}/{MANIFEST}", to_json(manifest).encode())
    if facts is not None:
        values = {**FAMILIES[family].__dict__, **facts}
        monkeypatch.setattr("atelier_ops.logic.plan.FAMILIES", {**FAMILIES, family: FamilyFacts(**values)})
    assert message in refused(stage, **changes)


def test_an_sdxl_base_is_planned_for_every_task_and_method_that_its_family_trains(stage: Stage) -> None:
    manifest = base_manifest("tiny", "inpaint", family="sdxl")
    stage[0].put("model", f"base/{manifest.reference}/{MANIFEST}", to_json(manifest).encode())
    for task in FAMILIES["sdxl"].tasks:
        for method in FAMILIES["sdxl"].methods:
            plan = plan_of(stage[1], task=task, method=method, hyperparameters={"train_text_encoder": True})
            assert plan["hyperparameters"]["train_text_encoder"] == "True"


def test_the_stages_upscaler_is_planned_as_an_adapter_of_its_own_or_for_its_own_endpoint(stage: Stage) -> None:
    for name in ("larger", "other"):
        manifest = base_manifest(name, "upscale", family="upscaler", training={"lora": {"max_steps": 7}})
        stage[0].put("model", f"base/{manifest.reference}/{MANIFEST}", to_json(manifest).encode())
    asked: dict[str, Any] = {"task": "upscale", "target": ""}
    assert "input.task: got 'upscale'; allowed: inpaint | text-to-image: this stage has no upscaler" in refused(
        stage, **asked
    )
    has = (stage[0], replace(stage[1], upscaler="larger@v1"))
    for method, deploy in (("lora", "adapter"), ("full", "endpoint")):
        plan = plan_of(has[1], method=method, **asked)
        assert (plan["deploy"], plan["base"]["reference"]) == (deploy, "larger@v1")
        assert plan["gate"] == {"psnr_gain": -0.5}
        assert plan["arguments"]["segment"][:2] == ["--task", "upscale"]
    assert plan_of(has[1], **asked)["hyperparameters"]["max_steps"] == "7"
    for name, value in (("with_prior_preservation", True), ("validation_steps", 5)):
        assert f"hyperparameters.{name}" in refused(has, **asked, hyperparameters={name: value})
    assert "allowed: larger@v1, which the shared endpoint serves" in refused(has, **asked, base_model="other@v1")
    assert plan_of(has[1], **asked, base_model="other@v1", deploy="none")["deploy"] == "none"
    assert "allowed: inpaint | text-to-image: tiny@v1's family" in refused(
        has, **asked, base_model="tiny@v1", deploy="none"
    )


def test_a_plan_says_where_the_learning_rate_never_reaches_its_peak(stage: Stage) -> None:
    long = {"lr_scheduler": "cosine", "lr_warmup_steps": 5, "max_steps": 5}
    (note,) = plan_of(stage[1], hyperparameters=long)["notes"]
    assert note == "lr_warmup_steps: 5 of 5 steps: the learning rate does not reach its peak"
    for other in ({"max_steps": 6}, {"lr_scheduler": "constant"}, {"max_steps": None}):
        assert plan_of(stage[1], hyperparameters=long | other)["notes"] == []


def test_class_pictures_of_ones_own_are_announced_to_segment_and_want_one_reading(stage: Stage) -> None:
    prior: dict[str, Any] = {"hyperparameters": {"with_prior_preservation": True}}
    assert "--prior" not in plan_of(stage[1])["arguments"]["segment"]
    assert plan_of(stage[1], **prior)["arguments"]["segment"][-1] == "--prior"
    stage[0].put("data", "datasets/skirt/class_data_dir/1.png", PNG)
    assert plan_of(stage[1])["notes"] == ["class_data_dir/ is not used, because with_prior_preservation is false"]
    assert plan_of(stage[1], **prior)["notes"] == []
    assert "one reading, without braces" in refused(stage, class_prompt="a {red|blue} skirt", **prior)
    assert plan_of(stage[1], class_prompt="a {red|blue} skirt")["class_prompt"] == "a {red|blue} skirt"


def test_where_the_stage_has_a_captioner_it_writes_automatic_captions_by_the_stages_rules(stage: Stage) -> None:
    has = replace(stage[1], captioner="blip@v1", safety=SafetyRules(also_refused=("red dog",)))
    plan = plan_of(has, captions="automatic")
    assert plan["captioner"] == {"uri": "s3://model/base/blip@v1/"}
    arguments = parser().parse_args(["segment", *plan["arguments"]["segment"]])
    assert safety_rules(arguments) == has.safety
    assert "captioner" not in plan_of(has)
    seen = plan_of(stage[1], captions="automatic")
    assert "captioner" not in seen
    assert not parser().parse_args(["segment", *seen["arguments"]["segment"]]).safety
