"""One execution of the pretraining state machine: what to train from which pictures, on how many hosts, and how to judge it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal, get_args

from pydantic import Field

from contracts.declarations import about, bounds, text
from contracts.errors import InvalidInputError, Problem
from contracts.execution import Approval, MachineInput
from contracts.inner_paths import leaving
from contracts.layout import STYLE_PATTERN
from contracts.model import Contract, rule
from contracts.pretrain_hyperparameters import PretrainHyperparameters
from contracts.pretraining_metrics import read_gate

InputMode = Literal["File", "FastFile", "FSx", "stream"]
INPUT_MODES: tuple[InputMode, ...] = get_args(InputMode)
MOST_INSTANCES = 64
MEASURED = "artifact.json"
"""Beside an evaluation's ``metrics.json``."""

HELD_OUT = bounds(0.001, 0.5, "share of the samples set aside for the evaluation")


class Instances(Contract):
    """How many machines make the shards and how many train."""

    document: ClassVar[str] = "instances"

    shard: Annotated[int, bounds(1, MOST_INSTANCES, "hosts that make shards")] = 1
    train: Annotated[int, bounds(1, MOST_INSTANCES, "hosts that train")] = 1


@dataclass(frozen=True, kw_only=True)
class StageDefaults:
    """What an execution gets where its input says nothing."""

    instances: Instances
    input_mode: str

    def fill(self, data: object) -> object:
        """The input with the stage's defaults; what is no input is left for its reader to refuse."""
        if not isinstance(data, Mapping):
            return data
        instances = data.get("instances")
        if instances is None or isinstance(instances, Mapping):
            overrides = {name: value for name, value in (instances or {}).items() if value is not None}
            instances = {**self.instances.to_json(), **overrides}
        mode = data.get("input_mode")
        return {**data, "instances": instances, "input_mode": self.input_mode if mode is None else mode}


class PretrainingInput(MachineInput):
    """The input of one pretraining execution. What it leaves out of ``instances`` and ``input_mode`` is the stage's."""

    name: Annotated[
        str, text("a base model's name", longest=40, pattern=STYLE_PATTERN), about("what the new base model is called")
    ]
    dataset: Annotated[
        str,
        text("a name below datasets/, or an S3 prefix", longest=1_024, pattern=rf"{STYLE_PATTERN}|s3://[^/]+/.+"),
        about("the captioned pictures"),
    ]
    base_model: Annotated[
        str,
        text("a base model's name or name@revision", longest=127),
        about(
            "gives the architecture, what is not trained (a UNet's VAE, tokenizer and text encoder) and, unless "
            "hyperparameters.from_nothing, the weights to start from; left out: the stage's default for the model"
        ),
    ] = ""
    instances: Annotated[Instances, about("hosts; left out: the stage's")] = Field(default_factory=Instances)
    input_mode: Annotated[InputMode, about("how training reads the shards; left out: the stage's")] = "File"
    hyperparameters: Annotated[PretrainHyperparameters, about("training settings")] = Field(
        default_factory=PretrainHyperparameters
    )
    held_out: Annotated[float, HELD_OUT] = 0.02
    approval: Annotated[Approval, about("who approves the result: nobody, or a person; a stage may want a person")] = (
        "auto"
    )
    gate: Annotated[Mapping[str, Any], about("thresholds that the result must meet, by the model's metrics")] = {}

    @property
    def thresholds(self) -> dict[str, float]:
        """The gate, read."""
        return read_gate("gate", self.gate, self.hyperparameters.model)

    @rule
    def _gate_is_of_the_models_metrics(self) -> Iterator[Problem]:
        try:
            read_gate("gate", self.gate, self.hyperparameters.model)
        except InvalidInputError as error:
            yield from error.problems

    @rule
    def _streams_its_own_shards(self) -> Iterator[Problem]:
        if self.hyperparameters.shards_uri:
            allowed = 'input_mode "stream": the run streams the shards that it makes itself'
            yield Problem("hyperparameters.shards_uri", self.hyperparameters.shards_uri, allowed)

    @rule
    def _hosts_share_a_batch(self) -> Iterator[Problem]:
        batch, hosts = self.hyperparameters.batch, self.instances.train
        if batch % hosts:
            allowed = f"a multiple of input.instances.train ({hosts}): every host takes an equal share"
            yield Problem("hyperparameters.batch", batch, allowed)


class MeasuredArtifact(Contract):
    """``artifact.json`` of an evaluation: the files it measured, and the code that did."""

    document: ClassVar[str] = MEASURED

    files: Annotated[Mapping[str, str], about("sha256 by relative path")]
    task: Annotated[str, about("what the files can be used for: a base model's task, or vae, to train a UNet from")]
    family: Annotated[str, about("the base model's family")]
    code_version: Annotated[str, about("hash of the code that measured")]
    created_at: Annotated[str, about("when", unit="ISO 8601, UTC")]

    @rule
    def _files_stay_inside(self) -> Iterator[Problem]:
        yield from leaving("files", self.files)
