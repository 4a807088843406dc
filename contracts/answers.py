"""What the HTTP API answers. Unlike in a body, what is not known (yet) is spelt out as ``null``."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict

from contracts.advice import Advice
from contracts.appearance import PaintingMetrics
from contracts.declarations import about
from contracts.search_answers import Trial
from contracts.training_time import RunEstimate

Status = Literal["starting", "processing", "succeeded", "failed", "canceled"]
Disclosure = Annotated[
    str,
    about(
        "to be told to whoever is shown the pictures: that artificial intelligence made them. In the language that Accept-Language "
        "prefers, or the stage's own"
    ),
]
Time = Annotated[str, about("RFC 3339, in UTC", examples=["2026-11-22T13:38:39.120Z"])]


class Answer(BaseModel):
    """An answer."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid", defer_build=True)


class ItemUrls(Answer):
    """Absolute addresses of a prediction or a training."""

    get: str
    cancel: str


class TrainingUrls(ItemUrls):
    """Absolute addresses of a training."""

    approve: Annotated[
        str | None, about("takes a POST; there only while a person is asked whether the version may be published")
    ] = None
    reject: Annotated[str | None, about("as approve, for no")] = None


class FileUrls(Answer):
    """Presigned addresses of a file."""

    upload: Annotated[str, about("takes a PUT of exactly `size` bytes with exactly the `headers`, within an hour")]
    get: Annotated[str, about("reads the file, within the same hour")]


class HowFar(Answer):
    """How far something is. Replicate's client, which reads it out of ``logs``, has the same three."""

    percentage: Annotated[float, about("0 to 1, whatever its name: what is done of the whole")]
    current: Annotated[
        int | None,
        about("steps that are done, of a search trainings that have ended; null where none has been heard of"),
    ]
    total: Annotated[int | None, about("steps, or trainings, in all")]


class _Item(Answer):
    id: str
    version: str
    status: Status
    input: Annotated[Mapping[str, Any], about("what was posted; inline pictures are left out")]
    error: Annotated[str | None, about("why it failed")]
    logs: str
    created_at: Time
    started_at: Annotated[
        Time | None,
        about("null until it is known: the model server tells it of work that takes more than some seconds"),
    ]
    completed_at: Time | None
    urls: ItemUrls
    stage: Annotated[
        str | None,
        about(
            "of a prediction: waking, queued, running, storing, done; in lists, queued or running. Of a training: its state, done "
            "once it has succeeded"
        ),
    ]
    progress: HowFar | None
    eta_seconds: Annotated[
        float | None,
        about(
            "until it may be ready, by what was measured here before: null where nothing was, or where it is late already; of a "
            "training, until the job under way is done, by its own log"
        ),
    ]
    queue_position: Annotated[
        int | None,
        about(
            "open predictions of the stage that were asked for before this one, up to 500; null of what has ended, and in lists"
        ),
    ]
    webhook: Annotated[str | None, about("the address that is told")]
    webhook_note: Annotated[str | None, about("why the webhook could not be told, and when it is tried again")]


class PredictionMetrics(PaintingMetrics):
    """What was measured of a prediction: how long it took, its mask, and how each picture looks where it was repainted."""

    total_time: Annotated[float | None, about("from asking to its end", unit="seconds")] = None
    predict_time: Annotated[float | None, about("of the model server's work", unit="seconds")] = None


class Prediction(_Item):
    """A prediction, kept as long as its pictures."""

    model: Annotated[str, about("the style, or base")]
    output: Annotated[
        list[str] | None,
        about(
            "presigned addresses of the pictures, and of the mask last where it was asked for; they work for an hour"
        ),
    ]
    metrics: Annotated[PredictionMetrics, about("what was measured; what was not is left out")]
    disclosure: Annotated[Disclosure | None, about("the same; null where only a mask is looked for")]


class Published(Answer):
    """What a training published. Where its weights lie, and its model package, are in the execution's output: clients may read neither."""

    version: Annotated[
        str | None,
        about(
            "owner/style:style@version, for a prediction's version; null where it was told to deploy nothing, or ended at its pictures"
        ),
    ]


class LossPoint(Answer):
    """A point of a training's curve."""

    step: int
    loss: Annotated[float, about("mean since the point before it")]


class LookPoint(Answer):
    """What a training saw when it looked at itself."""

    step: int
    loss: Annotated[float | None, about("of the pictures set aside, always with the same noise; null where none were")]
    garment_share: Annotated[
        float | None, about("of what was painted then, as the evaluation measures it; null where nothing was")
    ]
    best: Annotated[bool, about("whether the style is what this look saw, as of now")]


class EvaluationReport(Answer):
    """Presigned addresses of what a training's evaluation wrote; they work for an hour."""

    page: Annotated[str, about("report.html: pictures, metrics and settings in one file")]
    sheet: Annotated[str | None, about("before and after, all in one picture")]
    loss: Annotated[str | None, about("the curve, as a picture")]
    pictures: Annotated[Mapping[str, str], about("the single pictures by name, such as street-01_after")]


class Training(_Item):
    """A training: an execution of the state machine."""

    version: Annotated[
        str, about("the base model that it learns from; default, the stage's own, where none was asked for")
    ]
    model: Annotated[str | None, about("the style")]
    output: Published | None
    urls: TrainingUrls
    metrics: Annotated[
        Mapping[str, float],
        about(
            "what the evaluation measured, as soon as its gate has read it; total_time in seconds, once it has ended"
        ),
    ]
    losses: Annotated[
        list[LossPoint] | None, about("the curve so far, at most 500 points; null before the first step, and in lists")
    ]
    looks: Annotated[
        list[LookPoint] | None,
        about("at what is learnt, where validation_steps asks for some; null before the first, and in lists"),
    ]
    strip: Annotated[
        str | None,
        about(
            "presigned address of a PNG of what was painted at each look so far; it works for an hour; null as looks"
        ),
    ]
    report: Annotated[EvaluationReport | None, about("null until the evaluation has ended, and in lists")]
    trials: Annotated[
        list[Trial] | None, about("the trainings of a search so far; null before it, without one, and in lists")
    ]
    estimate: Annotated[
        RunEstimate | None,
        about("what it is expected to take; null until Prepare has ended, in lists, and where that is not known"),
    ]
    advice: Annotated[
        list[Advice] | None, about("what to know of its pictures; null until Segment has read them, and in lists")
    ]


class WebhookSecret(Answer):
    """What signs webhooks."""

    key: Annotated[
        str, about("whsec_ and 32 bytes in base64", examples=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo="])
    ]


class File(Answer):
    """An address to put one file at."""

    id: str
    name: Annotated[str, about("as it is stored: without folders, NFC-normalised")]
    content_type: str
    size: int
    headers: Annotated[
        Mapping[str, str],
        about("of the PUT; with If-None-Match a second one is refused (412), so that what was checked is what is read"),
    ]
    uri: Annotated[
        str,
        about(
            "uploads/…, for image, mask or weights; or datasets/STYLE/…, whose datasets/STYLE/ is a training's dataset"
        ),
    ]
    created_at: Time
    expires_at: Time
    urls: FileUrls


class PromotedVersion(Answer):
    """What a style's bare name means."""

    style: str
    version: Annotated[str, about("style@version, what the bare name means now")]
    previous: Annotated[str | None, about("what it meant before; null where nothing was promoted yet")]


class ImportedVersion(Answer):
    """A version made of an adapter that was trained elsewhere. It is not promoted, and nothing has evaluated it."""

    style: str
    version: Annotated[str, about("style@version, for a prediction's version")]
    base_model: Annotated[str, about("name@revision of the base model that it was checked against")]
    format: Annotated[Literal["diffusers", "peft", "kohya"], about("whose keys the file had")]
    ranks: Annotated[list[int], about("every rank that a layer has")]
    layers: Annotated[int, about("layers that it changes")]


class ProblemLine(Answer):
    """One thing that is wrong with a body."""

    what: str
    got: Annotated[str, about("shortened")]
    allowed: str
    reason: Annotated[str | None, about("the rule by which it is refused: words-nudity, …")] = None


class ErrorObject(Answer):
    """What went wrong, in OpenAI's words."""

    message: str
    type: Annotated[str, about("invalid_request_error, or server_error")]
    param: Annotated[str | None, about("what of the request is wrong")]
    code: str | None


class ProblemDetails(Answer):
    """An error, as RFC 9457 describes it."""

    type: str
    title: str
    status: int
    detail: str
    instance: Annotated[str | None, about("the path and the request's id, which is also in the log")] = None
    what: Annotated[str | None, about("422: the first thing that is wrong with the body")] = None
    allowed: Annotated[str | None, about("422: what is allowed there")] = None
    errors: Annotated[list[ProblemLine] | None, about("422: everything that is wrong with the body")] = None
    reason: Annotated[str | None, about("the first rule by which it is refused, which type ends in, too")] = None
    error: Annotated[
        ErrorObject | None,
        about(
            "the same for OpenAI's clients, which read nothing else: where one asks, and where the gateway answers by itself"
        ),
    ] = None
