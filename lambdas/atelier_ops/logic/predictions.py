"""/v1/predictions: a record, a request body in S3, and a place in the endpoint's queue."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from aws_lambda_powertools.event_handler import Response

from atelier_ops.errors import EndpointDeniedError, EndpointUnavailableError
from atelier_ops.gateways.records import BESIDE, Record, Transaction
from atelier_ops.logic import deletion, marks, webhooks
from atelier_ops.logic.http import Dependencies, ProblemError, Request, nothing, respond
from atelier_ops.logic.late_answers import look_again
from atelier_ops.logic.ownership import owns
from atelier_ops.logic.patience import await_end
from atelier_ops.logic.people.depicted import Depicted, depicted_in
from atelier_ops.logic.people.persons import check_given
from atelier_ops.logic.picture_places import addressed, check_places, echo, with_keys
from atelier_ops.logic.prediction_shown import show
from atelier_ops.logic.prediction_watch import wakes_its_endpoint, watched
from atelier_ops.logic.preferences import applied, wait_seconds
from atelier_ops.logic.repeats import digest_of, other_body
from atelier_ops.logic.request_pictures import check_pictures
from atelier_ops.logic.results import canceled, end, prediction_key
from atelier_ops.logic.submission import OPEN, claimed, drop_request, is_claimed, is_submitted, submit, withdraw
from atelier_ops.logic.targets import ServingTarget, resolve, resolve_adapter
from atelier_ops.logic.timestamps import rfc3339
from atelier_ops.logic.webhook_news import announce
from atelier_ops.observability import logger
from contracts.answer_size import check_answer
from contracts.errors import InvalidInputError
from contracts.execution import BASE
from contracts.layout import request_key
from contracts.people import consent_of_picture
from contracts.prediction import PredictionInput
from contracts.requests import PredictionRequest
from contracts.safety.words import check_prediction
from contracts.work import check_work

Further = Callable[[PredictionInput, tuple[int, int] | None], None]
"""What somebody checks besides before anything is painted, who is given the width and height of the picture where they are known."""


def create(request: Request, dependencies: Dependencies) -> Response[str]:
    """201 with a prediction that is starting, or, for a client that prefers to wait, with it as it is when that is over.

    The same Idempotency-Key and body give the same prediction. Raises ProblemError, InvalidInputError.
    """
    return create_of(request.read_json(), request, dependencies)


def create_of(
    body: Any, request: Request, dependencies: Dependencies, further: Further = lambda inputs, picture: None
) -> Response[str]:
    """The same for a body of another API that was translated. Raises ProblemError, InvalidInputError, and what ``further`` raises."""
    prediction = PredictionRequest.from_json(body)
    record = _finished_before(request, body, dependencies) or _begin(prediction, body, request, dependencies, further)
    wait = wait_seconds(request)
    prediction_object = _watched(await_end(record, wait, dependencies), request, dependencies)
    return respond(201, prediction_object, {"Location": prediction_object["urls"]["get"], **applied(wait)})


def _finished_before(request: Request, body: Any, dependencies: Dependencies) -> Record | None:
    """What the same request has made, where nothing of it is left to do: its uploads and its version may be gone by now."""
    if not request.idempotency_key():
        return None
    record = dependencies.records.get(prediction_key(request.new_id("prediction")))
    if record is None or record.status == deletion.DELETING or record.data["body_sha256"] != digest_of(body):
        return None
    return record if is_submitted(record) or record.status not in OPEN else None


def _begin(
    prediction: PredictionRequest, body: Any, request: Request, dependencies: Dependencies, further: Further
) -> Record:
    """The record of a prediction whose request is queued, or is another's to queue. Raises ProblemError, InvalidInputError."""
    check_prediction(prediction.input, dependencies.safety)
    inputs = with_keys(prediction.input, dependencies.media)
    webhooks.check_address(prediction, dependencies)
    check_given(consent_of_picture(dependencies.consent, inputs, "input.consent"))
    check_places(inputs, request)
    picture = check_pictures(inputs, dependencies.media)
    further(inputs, picture)
    check_answer(inputs, dependencies.pace.resolution, picture, most=dependencies.pace.most_answer_pixels)
    check_work(inputs, dependencies.pace, picture)
    target = resolve(prediction.version, request, dependencies)
    inputs = _with_adapter(inputs, target, request, dependencies)
    new = _new_record(request, body, inputs, target, dependencies)
    if wakes_its_endpoint(new, dependencies):
        new = replace(new, data={**new.data, "woke": True})
    of = (webhooks.PREDICTION, new.data["id"])
    new.data["webhook"] = webhooks.of_record(prediction, of, request, dependencies)
    depicted = depicted_in(new, inputs, dependencies.records)
    new.data[BESIDE] = [note.key for note in (marks.note_of(new), *depicted.notes)]
    record, own = _admit(new, depicted, dependencies)
    if not own:
        return record
    queued = _queue(record, inputs, dependencies)
    if "start" in prediction.webhook_events_filter:
        announce(queued.data["webhook"], dependencies.due)
    return queued


def get(request: Request, dependencies: Dependencies, prediction: str) -> Response[str]:
    """200 with the prediction as it is now, or when a client has waited that prefers to; where the answer is late, after a look for it.

    Raises ProblemError 404.
    """
    wait, record = wait_seconds(request), _existing(prediction, request, dependencies)
    record = await_end(look_again(record, dependencies, dependencies.now), wait, dependencies)
    return respond(200, _watched(record, request, dependencies), applied(wait))


def _watched(record: Record, request: Request, dependencies: Dependencies) -> dict[str, Any]:
    return {**show(record, request, dependencies, alone=True), **watched(record, dependencies)}


def cancel(request: Request, dependencies: Dependencies, prediction: str) -> Response[str]:
    """200 with the prediction, canceled unless it had ended. Its request is dropped: queued work is not begun, work under way stops.

    Raises ProblemError 404.
    """
    stop(_existing(prediction, request, dependencies), dependencies)
    return get(request, dependencies, prediction)


def stop(record: Record, dependencies: Dependencies) -> None:
    """Cancel a prediction unless it has ended."""
    if end(record, lambda newest: canceled(newest, dependencies.now), dependencies) is None:
        # Whoever ended it may have been stopped before this.
        drop_request(record, dependencies)


def delete(request: Request, dependencies: Dependencies, prediction: str) -> Response[str]:
    """204 once everything of the prediction is gone. Where that broke off, a repetition goes on with it, or the sweep.

    Raises ProblemError 404, and 409 while it runs.
    """
    record = _own(prediction, request, dependencies)
    doomed = deletion.begin(record, dependencies)
    if doomed is not None:
        deletion.finish(doomed, dependencies)
    elif record.status in OPEN:
        allowed = f"one that has ended: cancel it with POST /v1/predictions/{prediction}/cancel"
        raise ProblemError(409, f"prediction: got one that is {record.status}; allowed: {allowed}")
    return nothing()


def _existing(prediction: str, request: Request, dependencies: Dependencies) -> Record:
    """The client's own record; one that is being deleted is gone. Raises ProblemError 404."""
    record = _own(prediction, request, dependencies)
    if record.status == deletion.DELETING:
        raise _unknown(prediction, dependencies)
    return record


def _own(prediction: str, request: Request, dependencies: Dependencies) -> Record:
    """The client's own record: another client's is as good as none. Raises ProblemError 404."""
    record = dependencies.records.get(prediction_key(prediction))
    if record is None or not owns(record.data, request):
        raise _unknown(prediction, dependencies)
    return record


def _unknown(prediction: str, dependencies: Dependencies) -> ProblemError:
    allowed = f"one made in the last {dependencies.keep_seconds // 86_400} days with the same API key"
    return ProblemError(404, f"prediction: got {prediction}; allowed: {allowed}")


def _with_adapter(
    inputs: PredictionInput, target: ServingTarget, request: Request, dependencies: Dependencies
) -> PredictionInput:
    """The input with the adapters that its version or its own adapters mean now, so that what waits in the queue keeps its meaning."""
    inputs = _with_second_adapter(inputs, target, request, dependencies)
    if target.version == BASE:
        adapter = resolve_adapter(inputs.adapter, request, dependencies, mode=inputs.mode) if inputs.adapter else ""
        return inputs.model_copy(update={"adapter": adapter})
    if inputs.adapter:
        raise InvalidInputError("input.adapter", got=inputs.adapter, allowed="version or input.adapter, not both")
    target.require_mode(inputs.mode)
    return inputs.model_copy(update={"adapter": target.adapter})


def _with_second_adapter(
    inputs: PredictionInput, target: ServingTarget, request: Request, dependencies: Dependencies
) -> PredictionInput:
    """The input with the second adapter that its own means now. Raises InvalidInputError where there is no first one."""
    where, name = "input.second_adapter", inputs.second_adapter
    if not name:
        return inputs
    if not (inputs.adapter or target.adapter):
        raise InvalidInputError(where, got=name, allowed="one beside a first adapter")
    return inputs.model_copy(
        update={"second_adapter": resolve_adapter(name, request, dependencies, mode=inputs.mode, where=where)}
    )


def _new_record(
    request: Request,
    body: Mapping[str, Any],
    inputs: PredictionInput,
    target: ServingTarget,
    dependencies: Dependencies,
) -> Record:
    prediction, now = request.new_id("prediction"), dependencies.now
    data = {
        "id": prediction,
        "client": request.client,
        "version": target.version,
        "model": target.model,
        "endpoint": target.endpoint,
        "input": echo(inputs),
        "body_sha256": digest_of(body),
        "submitted": False,
        "created_at": rfc3339(now),
        **({"item": request.batch_item} if request.batch_item else {}),
    }
    return Record(
        key=prediction_key(prediction),
        status="starting",
        expires_at=int(now) + dependencies.keep_seconds,
        data=data,
        client=request.client,
        created=rfc3339(now),
    )


def _admit(record: Record, depicted: Depicted, dependencies: Dependencies) -> tuple[Record, bool]:
    """Store the record, or find the one that the same Idempotency-Key made; and whether its request is the caller's to hand over.

    Raises ProblemError 422 for another body, and InvalidInputError where the data of whom it shows are or were deleted.
    """
    records, now = dependencies.records, dependencies.now
    new = claimed(record, now)
    while not records.exchange(
        Transaction(added=(new,), written=(marks.note_of(new), *depicted.notes), absent=depicted.absent)
    ):
        depicted.check(records)
        earlier = records.get(record.key)
        if earlier is None:  # withdrawn this moment
            continue
        if earlier.status == deletion.DELETING:
            deletion.finish(earlier, dependencies)
            continue
        if earlier.data["body_sha256"] != record.data["body_sha256"]:
            raise other_body()
        if is_submitted(earlier) or earlier.status not in OPEN:
            return earlier, False
        held = is_claimed(earlier, now)
        # Whoever holds the claim must not take the record away of which this answer tells.
        mine = replace(earlier, data={**earlier.data, "told": True}) if held else claimed(earlier, now)
        if records.replace(earlier, mine):
            return mine, not held
    return new, True


def _queue(record: Record, inputs: PredictionInput, dependencies: Dependencies) -> Record:
    """Hand over the request of the record, which the caller has claimed. Raises ProblemError 503, EndpointDeniedError."""
    # Of a request that broke off, the record says what its adapters meant.
    said = record.data["input"]
    meant = inputs.model_copy(update={name: said.get(name, "") for name in ("adapter", "second_adapter")})
    try:
        body = json.dumps(addressed(meant, dependencies.media)).encode()
        dependencies.media.write(request_key(record.data["id"]), body, "application/json")
        return submit(record, dependencies, dependencies.now)
    except Exception as error:
        withdraw(record, dependencies)
        if isinstance(error, EndpointDeniedError) or not isinstance(error, EndpointUnavailableError):
            raise
        _require_endpoint(record, dependencies)
        logger.warning("a request was refused", exc_info=True)
        raise ProblemError(503, f"{error}; try again later", headers={"Retry-After": "60"}) from error


def _require_endpoint(record: Record, dependencies: Dependencies) -> None:
    """Raises InvalidInputError where the version is a full fine-tune whose own endpoint has been removed: waiting would not help."""
    version, endpoint = record.data["version"], record.data["endpoint"]
    if endpoint != dependencies.shared_endpoint and dependencies.endpoints.state(endpoint) is None:
        allowed = f"{record.data['model']}, or a version whose endpoint is there: {endpoint} has been removed"
        raise InvalidInputError("version", got=version, allowed=allowed)
