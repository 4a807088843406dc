"""Learning a style: pictures go up, a training starts, and is followed to its end."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from atelier import files
from atelier.errors import StillRunningError, TrainingFailedError
from atelier.folder import PictureFolder, default_prompt, read_folder
from atelier.pages import Listing, page
from atelier.predictions import ENDED
from atelier.sending import ask
from atelier.steps import Steps, clock, pause, together
from contracts.answers import File, Training
from contracts.captions import TrainingCaptions
from contracts.execution import StyleName
from contracts.layout import dataset_prefix
from contracts.model import Check
from contracts.pages import ListedTraining

LOOK_SECONDS = 2.0
WAIT_SECONDS = 12 * 3_600.0
"""How long a training is waited for; approval by a person may take longer than any client waits."""

Heard = Callable[[Training], None]
Uploaded = Callable[[int], None]
"""Hears of bytes that have gone up."""

_check_style = Check(StyleName)


def create(
    style: str,
    input: Mapping[str, Any],  # noqa: A002 the API's own name
    *,
    webhook: str = "",
    webhook_events_filter: tuple[str, ...] = (),
    idempotency_key: str = "",
) -> Steps[Training]:
    """Start a training by the API's own words; its pictures are up already. Raises ApiError."""
    hook = {"webhook": webhook, "webhook_events_filter": list(webhook_events_filter)}
    body = {"destination": style, "input": dict(input), **{name: each for name, each in hook.items() if each}}
    return ask(Training, "POST", "/v1/trainings", body, idempotency_key=idempotency_key)


def upload(folder: PictureFolder | str | Path, style: str, *, sent: Uploaded | None = None) -> Steps[str]:
    """Put a folder's pictures and texts into the style's data set, each under its own name; returns what a training calls it.

    What is wrong with the folder shows before anything goes up. Files of an earlier upload stay unless they have the same name.
    Raises InvalidInputError, OSError, ApiError.
    """
    _check_style("style", style)
    ours = folder if isinstance(folder, PictureFolder) else read_folder(folder)
    yield from together([_put(path, name, style, sent) for name, path in ours.paths.items()])
    return dataset_prefix(style)


def _put(path: Path, name: str, style: str, sent: Uploaded | None) -> Steps[File]:
    return files.upload(path, name=name, style=style, sent=sent)


def train(
    folder: PictureFolder | str | Path,
    target: str,
    *,
    style: str,
    sent: Uploaded | None = None,
    idempotency_key: str = "",
    **options: Any,
) -> Steps[Training]:
    """Upload a folder and start a training on it: ``target`` says in words what to mask, ``options`` are those of an execution's input.

    Where neither folder nor options have an instance prompt, it is made of the target. Raises InvalidInputError, OSError, ApiError.
    """
    ours = (
        folder if isinstance(folder, PictureFolder) else read_folder(folder, task=str(options.get("task", "inpaint")))
    )
    dataset = yield from upload(ours, style, sent=sent)
    words = {} if ours.prompt else {"instance_prompt": default_prompt(target)}
    given = {"dataset": dataset, "target": target, **words, **options}
    return (yield from create(style, given, idempotency_key=idempotency_key))


def get(training: str) -> Steps[Training]:
    """A training as it is now."""
    return ask(Training, "GET", f"/v1/trainings/{training}")


def listing(*, limit: int = 20, cursor: str = "") -> Steps[Listing[ListedTraining]]:
    """The client's own trainings, newest first, a page."""
    return page(ListedTraining, "/v1/trainings", limit=limit, cursor=cursor)


def captions(training: str) -> Steps[TrainingCaptions]:
    """What each picture of a training is learnt by. Raises ApiError."""
    return ask(TrainingCaptions, "GET", f"/v1/trainings/{training}/captions")


def put_captions(training: str, words: Mapping[str, str]) -> Steps[TrainingCaptions]:
    """Give the training's data set these captions, by picture, in place of those of its captions.jsonl. Raises ApiError."""
    body = {"captions": [{"file_name": name, "text": text} for name, text in words.items()]}
    return ask(TrainingCaptions, "POST", f"/v1/trainings/{training}/captions", body)


def cancel(training: str) -> Steps[Training]:
    """Stop a training unless it has ended; the answer says how it is."""
    return ask(Training, "POST", f"/v1/trainings/{training}/cancel")


def resume(training: str, *, gate: Mapping[str, float] | None = None, idempotency_key: str = "") -> Steps[Training]:
    """A new training that takes up one that did not succeed. Raises ApiError."""
    body = {"gate": dict(gate)} if gate else {}
    return ask(Training, "POST", f"/v1/trainings/{training}/resume", body, idempotency_key=idempotency_key)


def wait(
    training: Training | str,
    *,
    seconds: float = WAIT_SECONDS,
    heard: Heard | None = None,
    cancel_when_interrupted: bool = False,
    every: float = LOOK_SECONDS,
) -> Steps[Training]:
    """The training once it has succeeded. ``heard`` is told of each look, one every ``every`` seconds.

    Interrupted, it stops the training where told to. Raises TrainingFailedError, StillRunningError, ApiError.
    """
    name = training if isinstance(training, str) else training.id
    deadline = (yield from clock()) + seconds
    try:
        while True:
            now = yield from get(name)
            if heard:
                heard(now)
            if now.status in ENDED:
                break
            if (yield from clock()) + every > deadline:
                raise StillRunningError("training", name, now.status, seconds)
            yield from pause(every)
    except Exception:
        raise
    except BaseException:
        if cancel_when_interrupted:
            yield from cancel(name)
        raise
    if now.status != "succeeded":
        raise TrainingFailedError(now)
    return now
