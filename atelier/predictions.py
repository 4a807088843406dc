"""Asking for pictures, and waiting for them."""

from collections.abc import Callable, Mapping
from typing import Any

from atelier.errors import PredictionFailedError, StillRunningError
from atelier.pages import Listing, page
from atelier.sending import ask, call, send
from atelier.steps import HttpCall, Steps, clock, pause, together
from contracts.answers import Prediction

ENDED = ("succeeded", "failed", "canceled")
FIRST_LOOK_SECONDS, LONGEST_LOOK_SECONDS, GROWTH = 0.2, 5.0, 1.15
"""Looks come at growing distances: an answer is noticed within a seventh of the time that it took."""
WAIT_SECONDS = 30 * 60.0
"""How long a prediction is waited for: an endpoint at zero instances wakes in 5 to 10 minutes, and others may be before it."""

Heard = Callable[[Prediction], None]


def create(
    input: Mapping[str, Any],  # noqa: A002 the API's own name
    *,
    version: str = "",
    wait: int = 0,
    webhook: str = "",
    webhook_events_filter: tuple[str, ...] = (),
    idempotency_key: str = "",
) -> Steps[Prediction]:
    """Ask for pictures by the API's own words. ``version`` is a style or ``style@version``; none means the base model.

    The answer may wait up to ``wait`` seconds for the pictures, where the API does. ``webhook`` is told of the
    events of the filter. Raises ApiError.
    """
    hook = {"webhook": webhook, "webhook_events_filter": list(webhook_events_filter)}
    body = {"version": version, "input": dict(input), **{name: each for name, each in hook.items() if each}}
    headers = {"prefer": f"wait={wait}" if wait else "", "idempotency_key": idempotency_key}
    return ask(Prediction, "POST", "/v1/predictions", body, **headers)


def get(prediction: str) -> Steps[Prediction]:
    """A prediction as it is now."""
    return ask(Prediction, "GET", f"/v1/predictions/{prediction}")


def listing(*, limit: int = 20, cursor: str = "") -> Steps[Listing[Prediction]]:
    """The client's own predictions, newest first, a page."""
    return page(Prediction, "/v1/predictions", limit=limit, cursor=cursor)


def cancel(prediction: str) -> Steps[Prediction]:
    """Cancel a prediction unless it has ended; the answer says how it is."""
    return ask(Prediction, "POST", f"/v1/predictions/{prediction}/cancel")


def delete(prediction: str) -> Steps[None]:
    """Delete a prediction that has ended, with its pictures, for good."""
    yield from send(call("DELETE", f"/v1/predictions/{prediction}"), done=404)


def wait(
    prediction: Prediction | str,
    *,
    seconds: float = WAIT_SECONDS,
    heard: Heard | None = None,
    cancel_when_interrupted: bool = False,
    every: float = LONGEST_LOOK_SECONDS,
) -> Steps[Prediction]:
    """The prediction once it has ended, however it did. ``heard`` is told of each look, which come no further apart than ``every`` seconds.

    Interrupted (Ctrl-C, or a task that is canceled), it cancels the prediction where told to. Raises StillRunningError, ApiError.
    """
    name = prediction if isinstance(prediction, str) else prediction.id
    with_cancel = cancel(name) if cancel_when_interrupted else None
    now = prediction if isinstance(prediction, Prediction) else None
    return (yield from _until_ended(name, now, seconds, heard, with_cancel, every))


def _until_ended(
    name: str, now: Prediction | None, seconds: float, heard: Heard | None, giving_up: Steps[Any] | None, every: float
) -> Steps[Prediction]:
    deadline, longest = (yield from clock()) + seconds, min(FIRST_LOOK_SECONDS, every)
    try:
        while True:
            now = now or (yield from get(name))
            if heard:
                heard(now)
            if now.status in ENDED:
                return now
            if (yield from clock()) + longest > deadline:
                raise StillRunningError("prediction", name, now.status, seconds)
            yield from pause(longest)
            now, longest = None, min(GROWTH * longest, every)
    except Exception:
        raise
    except BaseException:
        if giving_up:
            yield from giving_up
        raise


def pictures(prediction: Prediction) -> Steps[list[bytes]]:
    """The files of a prediction that succeeded, the mask last where it was asked for. Raises PredictionFailedError, ApiError."""
    if prediction.status != "succeeded":
        raise PredictionFailedError(prediction)
    return (yield from together([fetch(address) for address in prediction.output or []]))


def fetch(address: str) -> Steps[bytes]:
    """What lies at an address of an answer: a picture, a report. Raises ApiError."""
    reply = yield from send(HttpCall(method="GET", address=address))
    return reply.content


def predict(
    input: Mapping[str, Any],  # noqa: A002 the API's own name
    *,
    version: str = "",
    seconds: float = WAIT_SECONDS,
    heard: Heard | None = None,
    cancel_when_interrupted: bool = False,
    every: float = LONGEST_LOOK_SECONDS,
) -> Steps[list[bytes]]:
    """Ask by the API's own words, wait, and return the files. Raises PredictionFailedError, StillRunningError, ApiError."""
    begun = yield from create(input, version=version)
    ended = yield from wait(
        begun, seconds=seconds, heard=heard, cancel_when_interrupted=cancel_when_interrupted, every=every
    )
    return (yield from pictures(ended))
