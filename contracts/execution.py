"""The input of one state-machine execution: what to learn, from which pictures, how, and what to do with the result."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal, get_args

from pydantic import Field

from contracts.declarations import about, bounds, text
from contracts.errors import Problem
from contracts.garments import unusable_words
from contracts.hyperparameters import Hyperparameters
from contracts.layout import STYLE_PATTERN
from contracts.metrics import DEFAULT_GATES, FineTuningMetrics
from contracts.model import Contract, rule
from contracts.people import Consent
from contracts.prompts import ClassPrompt, Prompt
from contracts.schema import Schema, demand
from contracts.search import Search
from contracts.terms import Licence, YesOrNo

Task = Literal["inpaint", "text-to-image", "upscale"]
Method = Literal["lora", "full"]
Deploy = Literal["adapter", "endpoint", "none"]
Approval = Literal["auto", "manual"]
Promote = Literal["auto", "manual"]
CaptionSource = Literal["own", "automatic"]
Baseline = Literal["promoted", "none"]
TASKS: tuple[Task, ...] = get_args(Task)
METHODS: tuple[Method, ...] = get_args(Method)

UPSCALE: Task = "upscale"
"""The task of upscalers, and the mode of predictions that their styles are for."""

NOT_OF_UPSCALERS = ("with_prior_preservation", "train_text_encoder", "validation_steps")
"""Hyperparameters that an upscaler's training refuses: it has no class, learns no words, and is not looked at while it learns."""

BASE = "base"
"""What a prediction calls the base model where it would name a style; no style is called so."""

ENVELOPE = ("AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID", "Comment")
"""What Step Functions, its console and its samples put beside the input of an execution; it means nothing to a run."""

StyleName = Annotated[str, text("a style name", longest=40, pattern=STYLE_PATTERN)]


class MachineInput(Contract):
    """The input of one execution of a state machine, without what Step Functions puts beside it."""

    @classmethod
    def prepare(cls, data: Mapping[str, Any]) -> Mapping[str, Any]:
        """Leave out the envelope."""
        return {name: value for name, value in data.items() if name not in ENVELOPE}


class ResumptionInput(MachineInput):
    """The input of an execution that takes up a run that did not succeed, in either machine."""

    resume: Annotated[
        str,
        text("an execution's name", longest=80, pattern=r"[A-Za-z0-9_-]+"),
        about(
            "the execution that failed, timed out or was stopped: this one starts with the step that was not finished, "
            "and keeps what came before"
        ),
    ]
    gate: Annotated[
        Mapping[str, float], about("thresholds in place of the run's own, where the gate was not passed")
    ] = Field(default_factory=dict)


class EvaluationInput(MachineInput):
    """The input of an execution that measures a published version again, on other pictures, without training."""

    evaluate: Annotated[int, bounds(1, 999_999, "the version of the style")]
    style: Annotated[StyleName, about("whose version it is")]
    dataset: Annotated[
        str,
        text("an S3 prefix", longest=1_024, pattern=r"s3://[^/]+/.*"),
        about("the garment's pictures, with the photos to repaint in evaluation/"),
    ]
    target: Annotated[Prompt, about("what to mask; left out: the version's own")] = ""
    instance_prompt: Annotated[Prompt, about("words for the garment; left out: the version's own")] = ""
    consent: Annotated[Consent, about("of the person in the pictures, as of a training's")] = ""
    gate: Annotated[
        FineTuningMetrics,
        about(
            "thresholds to compare with; left out: the stage's, and the task's own. Missing them changes nothing about the version"
        ),
    ] = Field(default_factory=FineTuningMetrics)


class ExecutionInput(MachineInput):
    """The input of one fine-tuning execution."""

    conditions: ClassVar[Sequence[Schema]] = [
        demand(where={"task": {"enum": ["inpaint", None]}}, given=(), needs=("target",)),
    ]

    style: Annotated[StyleName, about("what the learnt style is called")]
    dataset: Annotated[
        str, text("an S3 prefix", longest=1_024, pattern=r"s3://[^/]+/.*"), about("the garment's pictures")
    ]
    task: Annotated[
        Task,
        about(
            "what the base model does: repaint inside a mask, paint whole pictures, or make them 4 times as wide and high"
        ),
    ] = "inpaint"
    target: Annotated[
        Prompt,
        about(
            "what to mask, in English, or a garment in Korean; all of several things; needed when task is inpaint",
            examples=["a skirt"],
        ),
    ] = ""
    instance_prompt: Annotated[Prompt, about("words for the garment; left out: the dataset's own")] = ""
    class_prompt: Annotated[
        ClassPrompt, about("words for the garment's class, alternatives in braces; left out: the dataset's own")
    ] = ""
    consent: Annotated[
        Consent,
        about("of the person in the pictures; Step Functions keeps it, with the input, for 90 days after the run"),
    ] = ""
    base_model: Annotated[
        str,
        text("a base model's name", longest=63),
        about("the base model; left out: the stage's default, or its upscaler"),
    ] = ""
    method: Annotated[Method, about("train an adapter (lora), or all weights (full)")] = "lora"
    deploy: Annotated[
        Deploy,
        about("where the result is served; left out: adapter for method lora, endpoint for method full"),
    ] = "adapter"
    approval: Annotated[Approval, about("who approves the result: nobody, or a person; a stage may want a person")] = (
        "auto"
    )
    promote: Annotated[
        Promote,
        about(
            "whether the style's bare name means the result once it is deployed: auto, where it is newer than what the name means; "
            "manual, not before POST /v1/styles/{style}/versions/{version}/promote"
        ),
    ] = "auto"
    hyperparameters: Annotated[
        Hyperparameters, about("training settings; left out: the base model's own, then these defaults")
    ] = Field(default_factory=Hyperparameters)
    search: Annotated[
        Search | None,
        about(
            "tries settings in several trainings, of which the best by the gate's garment_share goes on; left out: one training"
        ),
    ] = None
    gate: Annotated[
        FineTuningMetrics,
        about(
            "thresholds that the result must meet, no less than the stage's; what it leaves out is the task's own, see the reference"
        ),
    ] = Field(default_factory=FineTuningMetrics)
    baseline: Annotated[
        Baseline,
        about(
            "what the result must not be worse than on the same photos: the version that the style's bare name means, or none"
        ),
    ] = "promoted"

    captions: Annotated[
        CaptionSource,
        about(
            "what a picture without a caption of its own is learnt by: the instance prompt (own), or that and what is worn with the "
            "garment, as the stage's segmenter sees it, or what is in the picture as its captioner says it (automatic)"
        ),
    ] = "own"
    preflight: Annotated[
        bool,
        about(
            "end once every picture has been read, with advice on them and what a training is expected to take; nothing is learnt or paid "
            "but that"
        ),
    ] = False

    licence: Annotated[
        Licence, about("under which the style is, if under another than its base model: that of its pictures, say")
    ] = ""
    commercial: Annotated[
        YesOrNo | None,
        about(
            "whether pictures in the style may be used commercially; left out: as its base model's, and never more. A commercial stage "
            "learns none that says no"
        ),
    ] = None

    @property
    def thresholds(self) -> dict[str, float]:
        """The gate: the task's own thresholds, and in their place those that the input gives."""
        return {**DEFAULT_GATES[self.task], **self.gate.to_json()}

    @classmethod
    def prepare(cls, data: Mapping[str, Any]) -> Mapping[str, Any]:
        """A full fine-tune makes no adapter, so it goes to an endpoint of its own."""
        data = super().prepare(data)
        return {"deploy": "endpoint", **data} if data.get("method") == "full" else data

    @rule
    def _no_style_is_called_as_the_base_model(self) -> Iterator[Problem]:
        if self.style == BASE:
            yield Problem("style", self.style, f"another name: predictions call the base model {BASE}")

    @rule
    def _inpainting_needs_a_target(self) -> Iterator[Problem]:
        if self.task == "inpaint" and not self.target:
            yield Problem("target", self.target, 'what to mask, e.g. "a skirt", when task is inpaint')

    @rule
    def _the_target_can_be_read(self) -> Iterator[Problem]:
        if self.task == "inpaint":
            yield from unusable_words("target", self.target)

    @rule
    def _deploy_fits_the_method(self) -> Iterator[Problem]:
        if self.method == "full" and self.deploy == "adapter":
            yield Problem("deploy", self.deploy, "endpoint | none, because method full makes no adapter")
        if self.method == "lora" and self.deploy == "endpoint":
            yield Problem("deploy", self.deploy, "adapter | none, because method lora needs no endpoint of its own")

    @rule
    def _what_is_searched_is_not_given(self) -> Iterator[Problem]:
        given, tried = self.hyperparameters.model_fields_set, self.search.ranges if self.search else {}
        for name in tried:
            if name in given:
                yield Problem(f"search.ranges.{name}", "a range", f"none, where hyperparameters.{name} is given")
            if name.startswith("lora_") and self.method == "full":
                yield Problem(f"search.ranges.{name}", "a range", "none, because method full trains no adapter")
            if name == "epochs" and "max_steps" in {*given, *tried}:
                yield Problem(
                    "search.ranges.epochs", "a range", "none beside max_steps, which counts instead of epochs"
                )
