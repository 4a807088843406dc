"""The bodies that clients post to the HTTP API. Errors name their parts without a word in front: ``input.width``, ``version``."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal, get_args

from pydantic import Field

from contracts.declarations import about, bounds, text
from contracts.errors import Problem
from contracts.execution import ExecutionInput, StyleName
from contracts.layout import STYLE_PATTERN
from contracts.metrics import FineTuningMetrics
from contracts.model import Contract, rule
from contracts.model_names import plain
from contracts.people import Consent
from contracts.prediction import PredictionInput
from contracts.prompts import Prompt
from contracts.schema import Schema, demand
from contracts.terms import Licence, YesOrNo
from contracts.webhooks import DEFAULT_EVENTS, WebhookAddress, WebhookEvents

ContentType = Literal[
    "image/png",
    "image/jpeg",
    "image/webp",
    "image/heic",
    "image/heif",
    "application/json",
    "application/jsonl",
    "text/csv",
    "text/plain",
    "application/octet-stream",
]


LARGEST_UPLOAD = 400 * 2**20
"""Bytes of the largest file that anything of ours reads from where ``POST /v1/files`` lets it be put: an adapter's weights."""


_EVENTS = "webhook_events_filter"


class RequestBody(Contract):
    """A body."""

    document: ClassVar[str] = ""


class Form(Contract):
    """The fields of a ``multipart/form-data`` body. Files are bytes; numbers and truth values are written as in JSON."""

    document: ClassVar[str] = ""

    @classmethod
    def prepare(cls, data: Mapping[str, Any]) -> Mapping[str, Any]:
        """Read numbers and truth values, where the field is one."""
        kinds = {name: get_args(field.annotation) or (field.annotation,) for name, field in cls.model_fields.items()}
        return {name: _written(value, kinds.get(name, ())) for name, value in data.items()}


def _written(value: Any, kinds: tuple[Any, ...]) -> Any:
    """What a text says where it may be of one of these types or values; else the text."""
    if not isinstance(value, str):
        return value
    if int in kinds and re.fullmatch(r"-?[0-9]{1,18}", value):
        return int(value)
    if float in kinds and re.fullmatch(r"-?[0-9]{1,18}(?:\.[0-9]{1,18})?", value):
        return float(value)
    is_truth = value in ("true", "false") and (bool in kinds or any(isinstance(kind, bool) for kind in kinds))
    return value == "true" if is_truth else value


class TellingRequest(RequestBody):
    """A body that asks for something of which its client may want to be told."""

    conditions: ClassVar[Sequence[Schema]] = [
        demand(where={_EVENTS: {"not": {"type": "null"}}}, given=(_EVENTS,), needs=("webhook",))
    ]

    webhook: WebhookAddress = ""
    webhook_events_filter: WebhookEvents = DEFAULT_EVENTS

    @rule
    def _somebody_is_told(self) -> Iterator[Problem]:
        if _EVENTS in self.model_fields_set and not self.webhook:
            yield Problem("webhook", None, "an address, where webhook_events_filter is given")


class ModelPredictionRequest(TellingRequest):
    """``POST /v1/models/{owner}/{name}/predictions``."""

    input: Annotated[PredictionInput, about("what to paint")]
    stream: Annotated[bool, about("taken, as Replicate's clients send it; pictures come whole, so nothing streams")] = (
        False
    )


class PredictionRequest(ModelPredictionRequest):
    """``POST /v1/predictions``."""

    version: Annotated[
        str,
        text("style, style@version, or either as Replicate's owner/name:version", longest=150),
        about("what to paint with; left out, or base: the base model"),
    ] = ""

    @classmethod
    def prepare(cls, data: Mapping[str, Any]) -> Mapping[str, Any]:
        """A version may be named as Replicate's clients do."""
        version = data.get("version")
        return {**data, "version": plain(version)} if isinstance(version, str) else data


class TrainingInput(ExecutionInput):
    """An execution's input. A client names its dataset as ``POST /v1/files`` does, without the bucket."""

    dataset: Annotated[
        str,
        text(
            "datasets/STYLE/, where POST /v1/files put the pictures", longest=60, pattern=rf"datasets/{STYLE_PATTERN}/?"
        ),
        about("the garment's pictures"),
    ]
    style: Annotated[StyleName, about("the destination's, which need not be repeated")] = ""
    consent: Annotated[
        Consent, about("of the person in the dataset's pictures; it is not part of the execution's input")
    ] = ""


class TrainingRequest(TellingRequest):
    """``POST /v1/trainings``."""

    destination: Annotated[
        str,
        text("style or owner/style", longest=100, pattern=rf"(?:.*/)?{STYLE_PATTERN}"),
        about("the style that is learnt, which input need not repeat"),
    ]
    input: Annotated[TrainingInput, about("what to learn, and how")]

    @classmethod
    def prepare(cls, data: Mapping[str, Any]) -> Mapping[str, Any]:
        """The destination names the style."""
        destination, inputs = data.get("destination"), data.get("input")
        if not isinstance(destination, str) or not isinstance(inputs, Mapping) or inputs.get("style") is not None:
            return data
        return {**data, "input": {**inputs, "style": destination.rpartition("/")[2]}}

    @rule
    def _style_is_the_destinations(self) -> Iterator[Problem]:
        style = self.destination.rpartition("/")[2]
        if self.input.style != style:
            yield Problem("input.style", self.input.style, f"{style}, as in destination, or left out")


class EvaluationRequest(TellingRequest):
    """``POST /v1/styles/{style}/versions/{version}/evaluate``."""

    dataset: Annotated[
        str,
        text(
            "datasets/STYLE/, where POST /v1/files put the pictures", longest=60, pattern=rf"datasets/{STYLE_PATTERN}/?"
        ),
        about("pictures of the garment, to compare with, and in evaluation/ the photos to repaint"),
    ]
    target: Annotated[Prompt, about("what to mask; left out: what the version was learnt with")] = ""
    instance_prompt: Annotated[Prompt, about("words that call the style; left out: those it was learnt with")] = ""
    consent: Annotated[Consent, about("of the person in the pictures; it is not part of the execution's input")] = ""
    gate: Annotated[
        FineTuningMetrics,
        about("thresholds to compare with, beside the task's own; missing them changes nothing about the version"),
    ] = Field(default_factory=FineTuningMetrics)


class ResumptionRequest(TellingRequest):
    """``POST /v1/trainings/{id}/resume``."""

    gate: Annotated[
        FineTuningMetrics, about("thresholds in place of the training's own, where its gate was not passed")
    ] = Field(default_factory=FineTuningMetrics)


class FileRequest(RequestBody):
    """``POST /v1/files``."""

    conditions: ClassVar[Sequence[Schema]] = [
        demand(where={"purpose": {"const": "dataset"}}, given=("purpose",), needs=("style",))
    ]

    name: Annotated[
        str,
        text("a file name", longest=200),
        about(
            "of the file; masks/…, low_res/…, evaluation/…, evaluation/masks/… and evaluation/low_res/… in a dataset"
        ),
    ]
    content_type: Annotated[ContentType, about("of the file, and of the request that puts it")]
    size: Annotated[int, bounds(1, LARGEST_UPLOAD, "of the file: the address takes exactly as many", unit="bytes")]
    purpose: Annotated[
        Literal["upload", "dataset"],
        about("a prediction's picture, a batch's rows or an adapter's weights, or a file of a dataset"),
    ]
    style: Annotated[StyleName, about("whose dataset, needed when purpose is dataset")] = ""

    @rule
    def _a_dataset_is_of_a_style(self) -> Iterator[Problem]:
        if self.purpose == "dataset" and not self.style:
            yield Problem("style", None, "a style name, required when purpose is dataset")


class FileForm(Form):
    """``POST /v1/files`` with the file itself."""

    content: Annotated[bytes, about("a prediction's picture or an adapter's weights, with its name")]
    metadata: Annotated[str, about("a JSON object, which the answer repeats; it is not kept")] = ""


class VersionRequest(RequestBody):
    """``POST /v1/styles/{style}/versions``: an adapter that was trained elsewhere."""

    weights: Annotated[
        str,
        text("the uri that POST /v1/files gave, uploads/…", longest=1_024),
        about("a safetensors LoRA in the keys of diffusers, PEFT or kohya"),
    ]
    instance_prompt: Annotated[Prompt, about("words that call the style, by which it was trained")]
    base_model: Annotated[
        str,
        text("a base model's name", longest=63),
        about(
            "name or name@revision of the base model that it is for; left out: the one that the shared endpoint serves"
        ),
    ] = ""
    alpha: Annotated[
        float | None,
        bounds(
            1e-3, 1e6, "of every layer, where the file says none: needed for PEFT's, whose adapter_config.json has it"
        ),
    ] = None
    licence: Annotated[Licence, about("under which the file is, if under another than its base model")] = ""
    commercial: Annotated[
        YesOrNo | None,
        about(
            "whether its licence lets pictures be used commercially; left out: as its base model's, and never more. A commercial stage "
            "takes no file that says no"
        ),
    ] = None
