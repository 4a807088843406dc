"""GET /v1/marks/{mark}: which prediction's pictures hold a mark.

The mark is noted in the same transaction as the prediction's record, and goes with it (``BESIDE``): by that of a deleted prediction
nothing is found.
"""

from aws_lambda_powertools.event_handler import Response

from atelier_ops.gateways.records import Record
from atelier_ops.logic.deletion import DELETING
from atelier_ops.logic.http import Dependencies, ProblemError, Request, respond
from atelier_ops.logic.ownership import owns
from atelier_ops.logic.results import prediction_key
from contracts.mark import mark_of

_STATUS = "mark"


def note_of(prediction: Record) -> Record:
    """The note by which a prediction's record is found by its mark; it expires with the record."""
    name = str(prediction.data["id"])
    return Record(key=_key(mark_of(name)), status=_STATUS, expires_at=prediction.expires_at, data={"prediction": name})


def get(request: Request, dependencies: Dependencies, mark: str) -> Response[str]:
    """200 with the client's own prediction of a mark. Raises ProblemError 404."""
    note = dependencies.records.get(_key(mark))
    record = dependencies.records.get(prediction_key(note.data["prediction"])) if note else None
    if record is None or record.status == DELETING or not owns(record.data, request):
        allowed = f"that of a prediction of the last {dependencies.keep_seconds // 86_400} days with the same API key"
        raise ProblemError(404, f"mark: got {mark}; allowed: {allowed}")
    name = record.data["id"]
    return respond(200, {"mark": mark, "prediction": name, "url": request.urls(f"/v1/predictions/{name}")["get"]})


def _key(mark: str) -> str:
    return f"mark#{mark}"
