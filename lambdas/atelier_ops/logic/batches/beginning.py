"""POST of /v1/batches: taking a batch on, going on with one that has ended, and stopping one."""

from contextlib import suppress
from typing import Any

from aws_lambda_powertools.event_handler import Response

from atelier_ops.errors import ExecutionNameTakenError
from atelier_ops.gateways.records import NEVER, Record
from atelier_ops.logic import webhooks
from atelier_ops.logic.batches.checking import fill_rows
from atelier_ops.logic.batches.items import PAINTING
from atelier_ops.logic.batches.preparing import write_rows
from atelier_ops.logic.batches.records import ENDED, again, batch_record_key, ended, execution_name, new_record
from atelier_ops.logic.batches.rows import read_rows
from atelier_ops.logic.batches.showing import existing, show
from atelier_ops.logic.http import Dependencies, ProblemError, Request, respond
from atelier_ops.logic.people.batch_people import note_batch
from atelier_ops.logic.predictions import stop
from atelier_ops.logic.repeats import digest_of, other_body
from atelier_ops.logic.results import prediction_key
from atelier_ops.logic.targets import resolve
from atelier_ops.logic.webhook_news import announce
from contracts.batches import BatchRequest, BatchResumptionRequest, BatchWish
from contracts.model_names import plain
from contracts.requests import TellingRequest

_RESUMED = "resumed"
"""Member of a batch's record: the requests that began rounds, as far as they came with an Idempotency-Key, with their bodies' digests."""


def create(request: Request, dependencies: Dependencies) -> Response[str]:
    """201 with a batch that is starting: what its rows say is checked by now, their pictures and styles are by its first state.

    The same Idempotency-Key and body give the same batch. Raises ProblemError, InvalidInputError.
    """
    body = request.read_json()
    asked, batch = BatchRequest.from_json(body), request.new_id("batch")
    record = dependencies.records.get(batch_record_key(batch))
    if record is None:
        webhooks.check_address(asked, dependencies)
        rows = fill_rows(
            asked, read_rows(asked, request, dependencies.media), dependencies.consent, dependencies.safety
        )
        if "{" not in asked.version:  # which rows name another is said by the first state, with their lines
            resolve(plain(asked.version), request, dependencies)
        expires = int(dependencies.now) + dependencies.keep_seconds
        # Before anything of them is kept, so that it is found.
        note_batch((row.inputs.consent for row in rows), batch, request.client, expires, dependencies.records)
        write_rows(batch, asked, dependencies.media)
        record = _admitted(batch, body, asked, request, dependencies)
    if record.data["body_sha256"] != digest_of(body):
        raise other_body()
    return _begun(record, request, dependencies)


def _admitted(batch: str, body: Any, asked: BatchRequest, request: Request, dependencies: Dependencies) -> Record:
    """The record that is stored: this one's, or that of the same request which came first."""
    kept = BatchWish.model_fields.keys() - {"items"}
    new = new_record(
        batch,
        request.client,
        {name: value for name, value in asked.to_json().items() if name in kept},
        digest_of(body),
        now=dependencies.now,
        keep_seconds=dependencies.keep_seconds,
        wish=_wish(asked),
        webhook=webhooks.of_record(asked, (webhooks.BATCH, batch), request, dependencies),
    )
    return new if dependencies.records.add(new) else dependencies.records.get(new.key) or new


def _wish(asked: TellingRequest) -> dict[str, Any]:
    """What the client wants to be told of; empty where nothing."""
    names = TellingRequest.model_fields.keys()
    return {name: value for name, value in asked.to_json().items() if name in names} if asked.webhook else {}


def resume(request: Request, dependencies: Dependencies, batch: str) -> Response[str]:
    """201 with the batch, whose next round is starting. The same Idempotency-Key and body begin one round.

    Raises ProblemError 400, 404, 409 and 422, InvalidInputError.
    """
    asked = BatchResumptionRequest.from_json(request.read_optional_json())
    record = existing(batch, request, dependencies)
    if not _began(record, asked, request):
        if record.status != ENDED and _is_there(record, dependencies):
            raise ProblemError(409, f"batch: got {batch}, which is under way; allowed: one that has ended")
        if record.status == ENDED:
            record = _another_round(asked, record, request, dependencies)
    return _begun(record, request, dependencies)


def _began(record: Record, asked: BatchResumptionRequest, request: Request) -> bool:
    """Whether the batch went on by this very request before. Raises ProblemError 422 where that had another body."""
    digest = record.data.get(_RESUMED, {}).get(request.new_id("resumption"))
    if digest not in (None, digest_of(asked.to_json())):
        raise other_body()
    return digest is not None


def _another_round(
    asked: BatchResumptionRequest, record: Record, request: Request, dependencies: Dependencies
) -> Record:
    """The record of a batch that goes on: this request's, or that of another which came first. Raises InvalidInputError."""
    batch, wish = record.data["id"], _wish(asked) or record.data.get("wish", {})
    told = TellingRequest.from_json(wish)
    webhooks.check_address(told, dependencies)
    changes = {name: value for name, value in asked.to_json().items() if name not in TellingRequest.model_fields}
    own = {"wish": wish, "webhook": webhooks.of_record(told, (webhooks.BATCH, batch), request, dependencies)}
    key = {request.new_id("resumption"): digest_of(asked.to_json())} if request.idempotency_key() else {}

    def next_round(newest: Record) -> Record | None:
        resumed = {**newest.data.get(_RESUMED, {}), **key}
        return again(newest, changes, **own, **{_RESUMED: resumed}) if newest.status == ENDED else None

    return dependencies.records.change(record, next_round) or existing(batch, request, dependencies)


def _is_there(record: Record, dependencies: Dependencies) -> bool:
    """Whether the round's execution was started: who was to do so may have died before."""
    return dependencies.batches.describe(execution_name(record)) is not None


def _begun(record: Record, request: Request, dependencies: Dependencies) -> Response[str]:
    """201 with the batch; its execution is started, unless that was done already."""
    if record.status != ENDED and not _is_there(record, dependencies):
        with suppress(ExecutionNameTakenError):  # by the same request, sent twice, and it has ended by now
            dependencies.batches.start(
                execution_name(record), {"batch": record.data["id"], "round": record.data["round"]}
            )
        if "start" in record.data.get("wish", {}).get("webhook_events_filter", ()):
            announce(record.data["webhook"], dependencies.due)
    shown = show(record, request, dependencies)
    return respond(201, shown, {"Location": shown["urls"]["get"]})


def cancel(request: Request, dependencies: Dependencies, batch: str) -> Response[str]:
    """200 with the batch, canceled unless it had ended. Repeating it finishes what broke off. Raises ProblemError 404.

    Whoever reports the execution that is stopped says that a webhook is due: then the message has the report.
    """
    record = existing(batch, request, dependencies)
    stored = dependencies.records.change(
        record, lambda newest: ended(newest, "canceled", dependencies.now) if newest.status != ENDED else None
    )
    record = stored or existing(batch, request, dependencies)
    if record.data["state"] == "canceled":
        _stop(record, dependencies)
    return respond(200, show(record, request, dependencies))


def _stop(record: Record, dependencies: Dependencies) -> None:
    """Begin nothing more, and cancel what is under way."""
    name = execution_name(record)
    execution = dependencies.batches.describe(name)
    if execution is not None and execution.status == "RUNNING":
        dependencies.batches.stop(name)
    for key in dependencies.records.expiring(PAINTING, NEVER):
        waiting = dependencies.records.get(key)
        if waiting is not None and waiting.data["batch"] == record.data["id"]:
            prediction = dependencies.records.get(prediction_key(key.partition("#")[2]))
            if prediction is not None:
                stop(prediction, dependencies)
