"""What the model server answered to a request, out of the files that SageMaker made of it."""

from atelier_ops.errors import MissingObjectError
from atelier_ops.gateways.storage import ObjectStore
from atelier_ops.logic.notification import Outcome, is_of_server, model_message
from atelier_ops.observability import logger
from contracts.errors import InvalidInputError
from contracts.layout import S3Uri

LARGEST_ANSWER = 560 * 2**20
"""Bytes of an answer that are read: as many as pictures of noise take, of all the pixels that an answer may have (MOST_ANSWER_PIXELS). With
one of them decoded they leave enough of the 1,024 MiB that a handler has."""


class ModelError(RuntimeError):
    """The model server refused a request or broke on it; the text is its own. ``of_server``: the request is not at fault."""

    def __init__(self, text: str, *, of_server: bool) -> None:
        super().__init__(text)
        self.of_server = of_server


def read_answer(outcome: Outcome, media: ObjectStore) -> tuple[bytes, str]:
    """The response body, and where it lies.

    Raises ModelError where the request failed, MissingObjectError, and InvalidInputError where it cannot be read.
    """
    if not outcome.succeeded or outcome.output is None:
        raise _failure(outcome, media)
    return _read(outcome.output, media), str(outcome.output)


def _failure(outcome: Outcome, media: ObjectStore) -> ModelError:
    text = ""
    if outcome.failure is not None:
        try:
            text = _read(outcome.failure, media).decode("utf-8", "replace")
        except MissingObjectError:
            logger.warning("failure file is gone, using the notification's own reason", key=outcome.failure.key)
    words = model_message(text or outcome.reason) or "the model server gave no reason"
    return ModelError(words, of_server=is_of_server(outcome.reason, text))


def _read(address: S3Uri, media: ObjectStore) -> bytes:
    """An object of ours. Raises MissingObjectError, and InvalidInputError for one of another bucket or too large to be read."""
    if address.bucket != media.bucket:
        raise InvalidInputError("response location", got=str(address), allowed=f"s3://{media.bucket}/…")
    there = media.uploaded(address.key)
    if there is not None and there.size > LARGEST_ANSWER:
        allowed = f"at most {LARGEST_ANSWER:,} bytes: fewer or smaller pictures, or output_format jpeg"
        raise InvalidInputError("answer", got=f"{there.size:,} bytes", allowed=allowed)
    return media.read(address.key)
