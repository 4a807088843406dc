"""What Prepare decides for one execution, and every later state reads: a type for each state machine, told apart by ``kind``."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from contracts.declarations import about, bounds
from contracts.errors import InvalidInputError
from contracts.execution import Approval, CaptionSource, Deploy, Method, Promote, StyleName, Task
from contracts.job_kinds import JobKind
from contracts.metrics import METRICS, Metric
from contracts.model import Contract
from contracts.pretrain_hyperparameters import Model
from contracts.pretraining_metrics import METRICS as PRETRAINING_METRICS
from contracts.terms import YesOrNo
from contracts.training_time import RunEstimate


class JobPlan(Contract):
    """A job of the run."""

    state: Annotated[str, about("the state that runs it")]
    at: Annotated[str | None, about("the state from which a later run takes it up; left out: its own")] = None
    kind: Annotated[JobKind, about("which of SageMaker's jobs it is")]
    instance: Annotated[str, about("type of its hosts")]
    name: Annotated[str, about("what it is called")]
    instances: Annotated[int, bounds(1, 1_000, "its hosts")]
    volume_gib: Annotated[int | None, about("disk of each, where it has no NVMe", unit="GiB")] = None
    seconds: Annotated[int | None, about("how long it may run", unit="s")] = None
    trials: Annotated[int | None, about("trainings that a search may have at the stage")] = None
    parallel: Annotated[int | None, about("of these at a time")] = None
    spot: Annotated[bool | None, about("whether it takes what is left over of such machines, at a lower price")] = None


class Base(Contract):
    """The base model that the run starts from."""

    reference: Annotated[str, about("name@revision")]
    uri: Annotated[str, about("its files")]
    licence: Annotated[str, about("of its weights, and what that lets people do, in words")] = ""


class SegmenterFiles(Contract):
    """The stage's segmenter."""

    uri: Annotated[str, about("its files")]


class StyleDataset(Contract):
    """The garment's pictures."""

    uri: Annotated[str, about("their prefix")]
    pictures: Annotated[int, about("how many are trained on")]
    sha256: Annotated[str, about("hash of the listing")]


class CorpusDataset(Contract):
    """The captioned pictures, and where each part of them lies."""

    uri: Annotated[str, about("their prefix")]
    samples: Annotated[int, about("how many there are")]
    sha256: Annotated[str, about("hash of the listing")]
    vocabulary: Annotated[str, about("address of dataset.json")]
    captions: Annotated[str, about("address of captions.jsonl")]
    pictures: Annotated[str, about("prefix of the pictures")]
    labels: Annotated[str | None, about("prefix of the label maps, where there are any")] = None


class CaptionerFiles(Contract):
    """The stage's captioner."""

    document: ClassVar[str] = "captioner"

    uri: Annotated[str, about("its prefix")]


class Plan(Contract):
    """What both machines' plans hold."""

    document: ClassVar[str] = "plan"

    execution: Annotated[str, about("the run, which names its folder and its jobs")]
    approval: Annotated[Approval, about("who approves the result")]
    gate: Annotated[Mapping[str, float], about("thresholds by metric")]
    comparison: Annotated[str, about("what the gate compares the result with, in words")] = ""
    base: Annotated[Base, about("the base model")]
    jobs: Annotated[Mapping[str, JobPlan], about("by the key of their step")]
    runs: Annotated[Mapping[str, str], about("where each step writes")]
    arguments: Annotated[Mapping[str, list[str]], about("of a processing job's container, after the subcommand")]
    hyperparameters: Annotated[Mapping[str, str], about("everything that the training job reads")]
    model_package_group: Annotated[str, about("where the result is registered")]
    notes: Annotated[list[str], about("what of the dataset is not used, in words")] = Field(default_factory=list)
    at: Annotated[str, about("the state that the run starts with; empty: the first")] = ""
    known: Annotated[
        Mapping[str, Any], about("variables of the run that it takes up, where it does not start with the first state")
    ] = Field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Every value, empty texts too, because state machines fail on a name that is missing."""
        return self.model_dump(mode="json", exclude_none=True)


class SearchPlan(Contract):
    """A search, as SageMaker takes it."""

    strategy: Annotated[Literal["Bayesian", "Random"], about("where the next values come from")]
    trials: Annotated[int, about("trainings")]
    parallel: Annotated[int, about("of these at a time")]
    ranges: Annotated[Mapping[str, Any], about("ParameterRanges")]
    seed: Annotated[int, about("of what chance decides")]


class FineTuningPlan(Plan):
    """The plan of a run that learns a style."""

    kind: Annotated[Literal["fine-tuning"], about("tells the two plans apart")] = "fine-tuning"
    style: Annotated[StyleName, about("what is learnt")]
    task: Annotated[Task, about("what the base model does")]
    target: Annotated[str, about("what is masked")] = ""
    instance_prompt: Annotated[str, about("words for the garment")]
    class_prompt: Annotated[str, about("words for the garment's class")] = ""
    method: Annotated[Method, about("adapter, or all weights")]
    deploy: Annotated[Deploy, about("where the result is served")]
    captions: Annotated[CaptionSource, about("by what pictures without a caption are learnt")] = "own"
    preflight: Annotated[bool, about("whether it ends once the pictures have been read")] = False
    licence: Annotated[str, about("of the style; empty: its base model's")] = ""
    commercial: Annotated[YesOrNo | None, about("as in the input; left out: as its base model's")] = None
    consented: Annotated[bool, about("whether a reference to somebody's consent was given with the run")] = False
    promote: Annotated[Promote, about("whether the style's bare name is to mean the result")] = "auto"
    dataset: Annotated[StyleDataset, about("the pictures")]
    segmenter: Annotated[SegmenterFiles, about("who masks them")]
    captioner: Annotated[
        CaptionerFiles | None, about("who says what they show, where captions are automatic and the stage has one")
    ] = None
    before: Annotated[
        str, about("prefix of what the base model painted in earlier evaluations of the style; empty: there is nothing")
    ] = ""
    search: Annotated[SearchPlan | None, about("what is tried, where several trainings are")] = None
    estimate: Annotated[RunEstimate | None, about("what the run is expected to take")] = None
    published: Annotated[str, about("prefix of the style's published versions")]
    evaluates: Annotated[
        str, about("the version that the run measures again, and nothing else; empty: it learns one")
    ] = ""

    @property
    def subject(self) -> str:
        """What the run makes, in words."""
        return f"style {self.style}"

    @property
    def metrics(self) -> Mapping[str, Metric]:
        """What its evaluation measures."""
        return METRICS


class PretrainingPlan(Plan):
    """The plan of a run that trains a base model."""

    kind: Annotated[Literal["pretraining"], about("tells the two plans apart")] = "pretraining"
    name: Annotated[str, about("the new base model")]
    model: Annotated[Model, about("what is trained")]
    isolated: Annotated[bool, about("whether the training job has no network")]
    dataset: Annotated[CorpusDataset, about("the pictures")]
    channels: Annotated[list[dict[str, Any]], about("the training job's InputDataConfig")]

    @property
    def subject(self) -> str:
        """What the run makes, in words."""
        return f"base model {self.name}"

    @property
    def metrics(self) -> Mapping[str, Metric]:
        """What its evaluation measures."""
        return PRETRAINING_METRICS[self.model]


class Resumption(Contract):
    """What a later execution needs to take up a run that did not succeed."""

    document: ClassVar[str] = "resumption"

    plan: Annotated[Mapping[str, Any], about("the run's plan")]
    at: Annotated[str, about("the state to start with")]
    known: Annotated[Mapping[str, Any], about("the variables that it needs")]


AnyPlan = FineTuningPlan | PretrainingPlan
_KINDS: Mapping[str, type[AnyPlan]] = {"fine-tuning": FineTuningPlan, "pretraining": PretrainingPlan}


def read_plan(data: Mapping[str, Any]) -> AnyPlan:
    """A plan of either machine. Raises InvalidInputError."""
    kind = str(data.get("kind"))
    if kind not in _KINDS:
        raise InvalidInputError("plan.kind", got=kind, allowed=" | ".join(_KINDS))
    return _KINDS[kind].from_json(data)
