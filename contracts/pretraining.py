"""One execution of the pretraining state machine: what to train from which pictures, on how many hosts, and how to judge it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, get_args

from contracts.errors import InvalidInputError
from contracts.execution import Approval
from contracts.fields import Check, boolean, integer, number, one_of, only_keys, read, text
from contracts.layout import STYLE_PATTERN
from contracts.metrics import Metric
from contracts.strings import typed

MODELS = ("unet", "vae", "segmenter", "upscaler")
PRECISIONS = ("auto", "fp32", "bf16")
SHARDINGS = ("ddp", "fsdp")
OPTIMIZERS = ("adamw", "muon")
INPUT_MODES = ("File", "FastFile", "FSx", "stream")
MOST_INSTANCES = 64
MEASURED = "artifact.json"
"""Beside an evaluation's ``metrics.json``."""

DEFAULTS: Mapping[str, Mapping[str, Any]] = {
    "unet": {"steps": 6_000, "batch": 32, "learning_rate": 2e-3},
    "vae": {"steps": 3_000, "batch": 16, "learning_rate": 2e-3},
    "segmenter": {"steps": 3_000, "batch": 16, "learning_rate": 1.5e-3},
    "upscaler": {"steps": 3_000, "batch": 16, "learning_rate": 1e-3},
}
"""What each model's run is like where the input says nothing; right for the tiny family, a start for others."""


@dataclass(frozen=True, kw_only=True)
class PretrainHyperparameters:
    """What a person may tune of a pretraining run.

    ``batch`` is the number of samples in one optimizer step over all hosts. The learning rate warms up for ``warmup`` steps, stays for
    the share ``hold`` of them and decays linearly. ``min_snr_gamma`` 0 weighs all timesteps alike. ``precision`` auto is bf16 where
    the hardware has it. ``sharding`` fsdp splits weights and optimizer over the processes. ``optimizer`` muon suits transformers and needs
    whole matrices, so no fsdp. ``streams`` is how many shards the run reads side by side. ``from_nothing`` takes only the architecture,
    not the weights, of the base model. ``shards_uri`` (``s3://…/``) streams the shards from S3 instead of reading the channel ``shards``.

    A UNet's alone: ``text_share`` of the pictures are painted whole from their words, besides those that are anyway. A segmenter's alone:
    before it answers questions, its vision learns the class of every pixel for ``vision_steps`` at ``vision_learning_rate``.
    """

    model: str = "unet"
    steps: int = 6_000
    batch: int = 32
    learning_rate: float = 2e-3
    seed: int = 0
    warmup: int = 100
    hold: float = 0.5
    ema: float = 0.995
    clip: float = 1.0
    min_snr_gamma: float = 0.0
    precision: str = "auto"
    checkpoint_every: int = 500
    sharding: str = "ddp"
    optimizer: str = "adamw"
    streams: int = 8
    from_nothing: bool = False
    text_share: float = 0.0
    vision_steps: int = 0
    vision_learning_rate: float = 2e-3
    shards_uri: str = ""

    @classmethod
    def from_json(cls, data: object, *, where: str = "hyperparameters") -> "PretrainHyperparameters":
        """Read typed JSON values; what is left out is the model's own default. Raises InvalidInputError naming what is wrong."""
        values = read(where, data, CHECKS)
        tuned = cls(**{**DEFAULTS[values.get("model", "unet")], **values})
        tuned._cross_check(where)
        return tuned

    def _cross_check(self, where: str) -> None:
        for name, model in (("text_share", "unet"), ("vision_steps", "segmenter")):
            if getattr(self, name) and self.model != model:
                raise InvalidInputError(f"{where}.{name}", got=getattr(self, name), allowed=f"0: only a {model} has it")
        if self.vision_learning_rate != PretrainHyperparameters.vision_learning_rate and not self.vision_steps:
            name, got = f"{where}.vision_learning_rate", self.vision_learning_rate
            raise InvalidInputError(name, got=got, allowed="left out: there are no vision_steps")
        if self.optimizer == "muon" and self.sharding == "fsdp":
            raise InvalidInputError(f"{where}.sharding", got="fsdp", allowed="ddp: muon needs whole matrices")

    @classmethod
    def from_strings(cls, data: Mapping[str, str], *, where: str = "hyperparameters") -> "PretrainHyperparameters":
        """Read SageMaker's string values: ``"2e-03"``, ``"True"``."""
        texts = {field.name for field in fields(cls) if field.type in (str, "str")}
        mapping = only_keys(where, data, CHECKS)
        values = {key: value if key in texts else typed(value) for key, value in mapping.items()}
        return cls.from_json(values, where=where)

    def to_strings(self) -> dict[str, str]:
        """The same settings as SageMaker wants them: every value a string; no address of shards where there is a channel."""
        return {key: str(value) for key, value in asdict(self).items() if value != ""}


CHECKS: dict[str, Check] = {
    "model": one_of(*MODELS),
    "steps": integer(1, 10_000_000),
    "batch": integer(1, 65_536),
    "learning_rate": number(1e-9, 1.0),
    "seed": integer(0, 2**32 - 1),
    "warmup": integer(1, 1_000_000),
    "hold": number(0.0, 0.999),
    "ema": number(0.0, 0.999999),
    "clip": number(1e-6, 1e6),
    "min_snr_gamma": number(0.0, 100.0),
    "precision": one_of(*PRECISIONS),
    "checkpoint_every": integer(1, 1_000_000),
    "sharding": one_of(*SHARDINGS),
    "optimizer": one_of(*OPTIMIZERS),
    "streams": integer(1, 64),
    "from_nothing": boolean(),
    "text_share": number(0.0, 1.0),
    "vision_steps": integer(0, 10_000_000),
    "vision_learning_rate": number(1e-9, 1.0),
    "shards_uri": text(longest=1_024, pattern=r"s3://[^/]+/(.+/)?", meaning="an S3 prefix that ends in a slash"),
}


@dataclass(frozen=True, kw_only=True)
class Instances:
    """How many machines make the shards and how many train."""

    shard: int
    train: int

    @classmethod
    def from_json(cls, data: object, *, default: "Instances", where: str = "input.instances") -> "Instances":
        """Raises InvalidInputError for an unknown key or a number out of range; what is left out is the stage's default."""
        checks = {field.name: integer(1, MOST_INSTANCES) for field in fields(cls)}
        return cls(**{**asdict(default), **read(where, data, checks)})


@dataclass(frozen=True, kw_only=True)
class StageDefaults:
    """What an execution gets where its input says nothing."""

    instances: Instances
    input_mode: str


@dataclass(frozen=True, kw_only=True)
class PretrainingInput:
    """A validated execution input.

    ``name`` is the new base model's. ``dataset`` is an S3 prefix, or a name below ``datasets/``. ``base_model`` (``name`` or
    ``name@revision``) gives the architecture, what is not trained (a UNet's VAE, tokenizer and text encoder) and, unless
    ``hyperparameters.from_nothing``, the weights to start from; empty is the stage's default for that kind of model.
    ``held_out`` is the share of the samples set aside for the evaluation.
    """

    name: str
    dataset: str
    instances: Instances
    input_mode: str
    base_model: str = ""
    hyperparameters: PretrainHyperparameters = field(default_factory=PretrainHyperparameters)
    held_out: float = 0.02
    approval: str = "auto"
    gate: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def from_json(cls, data: object, defaults: StageDefaults) -> "PretrainingInput":
        """Read and cross-check. Raises InvalidInputError naming the first thing that is wrong."""
        values = read("input", data, _CHECKS, required=["name", "dataset"])
        tuned = PretrainHyperparameters.from_json(values.get("hyperparameters", {}), where="input.hyperparameters")
        asked = cls(
            **{
                **values,
                "instances": Instances.from_json(values.get("instances", {}), default=defaults.instances),
                "input_mode": values.get("input_mode", defaults.input_mode),
                "hyperparameters": tuned,
                "gate": read_gate("input.gate", values.get("gate", {}), tuned.model),
            }
        )
        asked._cross_check()
        return asked

    def _cross_check(self) -> None:
        tuned, hosts = self.hyperparameters, self.instances.train
        if tuned.shards_uri:
            allowed = 'input_mode "stream": the run streams the shards that it makes itself'
            raise InvalidInputError("input.hyperparameters.shards_uri", got=tuned.shards_uri, allowed=allowed)
        if tuned.batch % hosts:
            allowed = f"a multiple of input.instances.train ({hosts}): every host takes an equal share"
            raise InvalidInputError("input.hyperparameters.batch", got=tuned.batch, allowed=allowed)


@dataclass(frozen=True, kw_only=True)
class Measured:
    """``artifact.json`` of an evaluation: the files it measured, by sha256, and the code that did.

    ``task`` is what the files can be used for: a pipeline's or the base model's task, or ``vae``, to train a UNet from.
    """

    files: Mapping[str, str]
    task: str
    family: str
    code_version: str
    created_at: str

    @classmethod
    def from_json(cls, data: object) -> "Measured":
        """Raises InvalidInputError for an unknown or missing key."""
        names = [field.name for field in fields(cls)]
        return cls(**only_keys(MEASURED, data, names, names))


@dataclass(frozen=True, kw_only=True)
class Origin:
    """Where a pretrained base model came from: ``origin`` of its manifest."""

    execution: str
    model: str
    parents: tuple[str, ...]
    dataset: str
    dataset_sha256: str
    hyperparameters: Mapping[str, str]
    metrics: Mapping[str, float]
    model_package: str
    code_version: str
    created_at: str


def _object(where: str, value: Any) -> Any:
    """An object whose own reader checks it."""
    if not isinstance(value, dict):
        raise InvalidInputError(where, got=value, allowed="a JSON object")
    return value


_CHECKS: dict[str, Check] = {
    "name": text(longest=40, pattern=STYLE_PATTERN, meaning="a base model's name"),
    "dataset": text(
        longest=1_024, pattern=rf"{STYLE_PATTERN}|s3://[^/]+/.+", meaning="a name below datasets/, or an S3 prefix"
    ),
    "base_model": text(longest=127, meaning="a base model's name or name@revision"),
    "instances": _object,
    "input_mode": one_of(*INPUT_MODES),
    "hyperparameters": _object,
    "held_out": number(0.001, 0.5),
    "approval": one_of(*get_args(Approval)),
    "gate": _object,
}

_UNBOUNDED = {"low": -1e6, "high": 1e6}
_LOSS = Metric(meaning="mean loss of the last tenth of the steps", low=0, high=1e6, higher_is_better=False)
_SEEN = Metric(meaning="held-out samples measured", low=1, high=1e9, higher_is_better=True)

_OWN_METRICS: Mapping[str, Mapping[str, Metric]] = {
    "unet": {
        "denoising_loss": Metric(
            meaning="mean squared error at fixed timesteps and noise, held-out samples",
            low=0,
            high=1e6,
            higher_is_better=False,
        ),
    },
    "vae": {
        "psnr": Metric(
            meaning="dB between held-out pictures and their reconstruction", **_UNBOUNDED, higher_is_better=True
        )
    },
    "segmenter": {
        "mask_iou_mean": Metric(meaning="mean over prompts of the IoU", low=0, high=1, higher_is_better=True),
        "mask_iou_min": Metric(meaning="the worst prompt's IoU", low=0, high=1, higher_is_better=True),
        "false_positive": Metric(
            meaning="share of pixels marked for something that is not there", low=0, high=1, higher_is_better=False
        ),
        "not_found": Metric(
            meaning="share of prompts for something that is not there that are answered with nothing",
            low=0,
            high=1,
            higher_is_better=True,
        ),
    },
    "upscaler": {
        "gain_db": Metric(meaning="dB gained over bicubic, held-out pictures", **_UNBOUNDED, higher_is_better=True)
    },
}

METRICS: Mapping[str, Mapping[str, Metric]] = {
    model: {**own, "train_avg_loss": _LOSS, "held_out": _SEEN} for model, own in _OWN_METRICS.items()
}
"""What an evaluation writes to ``metrics.json``, a table a kind of model."""


def read_gate(where: str, data: object, model: str) -> dict[str, float]:
    """Read ``{metric: threshold}``. Raises InvalidInputError for a metric that this kind of model does not have."""
    return read(where, data, {name: number(m.low, m.high) for name, m in METRICS[model].items()})
