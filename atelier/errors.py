"""What the client raises: each error is named for whoever catches it, and the text is the API's own."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from contracts.answers import Prediction, Training


class ApiError(RuntimeError):
    """Anything that came of asking the API."""


class UnreachableError(ApiError):
    """No answer came. Where ``sent`` is false, the request did not arrive either."""

    def __init__(self, text: str, *, sent: bool) -> None:
        super().__init__(text)
        self.sent = sent


class UnexpectedAnswerError(ApiError):
    """The answer is none of this API's: another address, or a release that this client does not know."""


class RefusedError(ApiError):
    """An answer of 400 and above. ``detail`` is the problem in words, ``errors`` everything that is wrong with the body.

    ``retry_after`` is how many seconds the API asks to wait, 0 where it does not say.
    """

    def __init__(self, asked: str, status: int, headers: Mapping[str, str], content: bytes) -> None:
        problem = _problem(content)
        text = content.decode(errors="replace").strip()
        self.status = status
        self.detail = str(problem.get("detail") or problem.get("message") or text or "no reason was given")
        self.errors: Sequence[Mapping[str, str]] = problem.get("errors") or []
        self.retry_after = _seconds(headers.get("retry-after", ""))
        super().__init__(f"{asked}: HTTP {status}: {self.detail}")


class InvalidRequestError(RefusedError):
    """The request can never succeed as it is: 400, 405, 413, 415, 422."""


class UnauthorizedError(RefusedError):
    """The key is missing, wrong, or may not do this: 401, 403."""


class NotFoundError(RefusedError):
    """There is no such thing, or it is another client's: 404."""


class ConflictError(RefusedError):
    """The thing is not in a state for it, or the name is taken: 409."""


class UnavailableError(RefusedError):
    """It may work later, and was tried again for as long as the client has patience: 429, 502, 503, 504."""


class PredictionFailedError(ApiError):
    """A prediction ended without pictures; ``prediction`` is how."""

    def __init__(self, prediction: Prediction) -> None:
        super().__init__(
            f"prediction {prediction.id} {prediction.status}: {prediction.error or prediction.logs.strip()}"
        )
        self.prediction = prediction


class TrainingFailedError(ApiError):
    """A training ended without a version; ``training`` is how."""

    def __init__(self, training: Training) -> None:
        super().__init__(f"training {training.id} {training.status}: {training.error or training.logs.strip()}")
        self.training = training


class StillRunningError(ApiError):
    """Something has not ended in the time that it was given, and goes on; ``id`` is for asking again."""

    def __init__(self, what: str, identifier: str, status: str, seconds: float) -> None:
        super().__init__(f"{what} {identifier} is still {status} after {seconds:.0f} s")
        self.id = identifier


class WebhookError(ApiError):
    """A webhook that is not the API's, or too old; nothing of it should be believed."""


_BY_STATUS: Mapping[int, type[RefusedError]] = {
    **dict.fromkeys((400, 405, 413, 415, 422), InvalidRequestError),
    **dict.fromkeys((401, 403), UnauthorizedError),
    404: NotFoundError,
    409: ConflictError,
    **dict.fromkeys((429, 502, 503, 504), UnavailableError),
}


def refusal(asked: str, status: int, headers: Mapping[str, str], content: bytes) -> RefusedError:
    """The error of an answer of 400 and above. ``asked`` names the request; header names are in small letters."""
    return _BY_STATUS.get(status, RefusedError)(asked, status, headers, content)


def _problem(content: bytes) -> Mapping[str, Any]:
    try:
        problem = json.loads(content)
    except ValueError:  # a gateway's page, or XML of S3
        return {}
    return problem if isinstance(problem, dict) else {}


def _seconds(text: str) -> float:
    return float(text) if text.isdecimal() else 0.0
