"""One item of a batch: a prediction that is made for it, and the state of the state machine that waits for its end.

The state's task token lies in a record before the prediction is asked for. Whoever ends the prediction answers it; where that got lost,
the sweep finds the record. Several tokens may lie there: a state was retried, or the batch was stopped and gone on with, and who asks for
the stopped round may come after who asks for the next. All are answered; the one of a state that waits no longer is nobody's.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from atelier_ops.errors import ApiUnavailableError
from atelier_ops.gateways.functions import Function
from atelier_ops.gateways.records import Record, Records
from atelier_ops.gateways.workflow import Tokens
from atelier_ops.logic.batches.records import ENDED, batch_record_key
from atelier_ops.logic.http import repeatable_id
from atelier_ops.logic.people.batch_people import with_reference
from atelier_ops.logic.submission import OPEN, Ending
from atelier_ops.observability import logger
from contracts.batches import BatchItem
from contracts.errors import InvalidInputError

PAINTING, REFUSED = "painting for a batch", "refused for a batch"
"""Statuses of an item's record: a state waits for its prediction, or the API did not take it."""

LONGEST_ITEM = 8 * 3_600
"""Seconds for which a state waits for its prediction: longer than the longest that one may wait in the queue and be painted."""

FAILED = "PredictionFailed"
"""The error of a state whose prediction did not succeed."""

GRACE = 900
"""Seconds for which an item's record waits for its prediction: longer than a function may run that makes it."""

_TOO_MANY, _SERVERS = 429, 500
"""Statuses after which the same request may be taken: this one, and every one from the other on."""


@dataclass(frozen=True, kw_only=True)
class Asking:
    """What asking for an item's prediction needs: the ``api``'s function takes it on as a client's request."""

    records: Records
    tokens: Tokens
    api: Function
    now: float


def idempotency_key(item: BatchItem) -> str:
    """One key an attempt: however often it is asked for, there is one prediction."""
    return f"batch-{item.batch}-{item.line}-{item.attempt}"


def prediction_of(item: BatchItem, client: str) -> str:
    """The id of the prediction that an attempt makes."""
    return repeatable_id("prediction", client, idempotency_key(item))


def item_key(prediction: str) -> str:
    """Where the token of the state that waits for a prediction lies."""
    return f"item#{prediction}"


def paint(item: BatchItem, token: str, dependencies: Asking) -> str:
    """Ask for the item's prediction, whose end answers the token; says what it did. Raises ApiUnavailableError."""
    batch = dependencies.records.get(batch_record_key(item.batch))
    if batch is None or batch.status == ENDED:
        dependencies.tokens.fail(token, "BatchEnded", f"batch {item.batch} has ended")
        return f"{item.batch}, line {item.line}: the batch has ended"
    client = str(batch.data["client"])
    prediction = prediction_of(item, client)
    first = Record(
        key=item_key(prediction),
        status=PAINTING,
        expires_at=int(dependencies.now) + LONGEST_ITEM,
        data={"tokens": [token], "batch": item.batch, "line": item.line},
    )
    waiting = _with_those_that_wait(first, dependencies.records)
    try:
        inputs = with_reference(item.input, item.batch, client, dependencies.records)
    except InvalidInputError:
        return _leave_out(waiting, dependencies)
    answer = dependencies.api.ask(_request(item, client, inputs))
    status = int(answer["statusCode"])
    if status == _TOO_MANY or status >= _SERVERS:
        raise ApiUnavailableError(f"batch {item.batch}, line {item.line}: the API answers {status}")
    if status != 201:
        return _refuse(waiting, json.loads(answer["body"]).get("detail", ""), batch.expires_at, dependencies)
    if _has_ended(
        item, dependencies
    ):  # whoever canceled it may have looked for its predictions before this one was there
        dependencies.api.ask(_event(client, f"/v1/predictions/{prediction}/cancel"))
    return settle_item(prediction, dependencies.records, dependencies.tokens)


def _with_those_that_wait(waiting: Record, records: Records) -> Record:
    """The record as it is stored: with its token, and with those that lay there before."""

    def joined(newest: Record) -> Record:
        before = _tokens_of(newest) if newest.status == PAINTING else []
        return replace(waiting, data={**waiting.data, "tokens": list(dict.fromkeys([*before, *_tokens_of(waiting)]))})

    while not records.add(waiting):
        newest = records.get(waiting.key)
        if newest is not None and (kept := records.change(newest, joined)) is not None:
            return kept
    return waiting


def _tokens_of(waiting: Record) -> list[str]:
    """Of the states that wait. A record that was written before the stage was updated has one ``token``, and may wait for hours."""
    return [*waiting.data["tokens"]] if "tokens" in waiting.data else [waiting.data["token"]]


def _has_ended(item: BatchItem, dependencies: Asking) -> bool:
    batch = dependencies.records.get(batch_record_key(item.batch))
    return batch is None or batch.status == ENDED


def _request(item: BatchItem, client: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
    body = {"input": inputs, **({"version": item.version} if item.version else {})}
    headers = {"Content-Type": "application/json", "Idempotency-Key": idempotency_key(item)}
    key = item_key(prediction_of(item, client))
    return _event(client, "/v1/predictions", headers=headers, body=json.dumps(body), key=key)


def _event(
    client: str, path: str, *, headers: Mapping[str, str] | None = None, body: str | None = None, key: str = ""
) -> dict[str, Any]:
    return {
        "httpMethod": "POST",
        "path": path,
        "headers": dict(headers or {}),
        "body": body,
        "isBase64Encoded": False,
        # The API calls a key that it does not know by its id: so this is the client, whatever key it has by now.
        "requestContext": {"identity": {"apiKeyId": client}, "batchItem": key},
    }


def _refuse(waiting: Record, detail: str, expires_at: int, dependencies: Asking) -> str:
    """The reason stays for the report: there is no prediction that says it."""
    data = {"batch": waiting.data["batch"], "line": waiting.data["line"], "error": detail}
    dependencies.records.put(replace(waiting, status=REFUSED, expires_at=expires_at, data=data))
    for token in _tokens_of(waiting):
        dependencies.tokens.fail(token, FAILED, detail)
    return f"{waiting.key}: refused"


def _leave_out(waiting: Record, dependencies: Asking) -> str:
    """Whom it shows agrees no more, so its row is being removed: nothing is painted, and no row of others fails for it."""
    dependencies.records.remove(waiting)
    for token in _tokens_of(waiting):
        dependencies.tokens.succeed(token, {"prediction": ""})
    return f"{waiting.key}: left out, since the person's data are deleted"


def tell_item(prediction: Record, dependencies: Ending) -> None:
    """Let the state go on that waits for a prediction which has ended, if one does. Where this fails, the sweep does it."""
    key = prediction.data.get("item", "")
    if not key:
        return
    try:
        settle_item(str(prediction.data["id"]), dependencies.records, dependencies.tokens)
    except (ClientError, BotoCoreError):
        logger.exception("the state of a batch is told by the sweep only", key=key)


def settle_item(prediction: str, records: Records, tokens: Tokens) -> str:
    """Answer the state that waits for the prediction, where that has ended; says what it did. Harmless when repeated."""
    waiting, found = records.get(item_key(prediction)), records.get(f"prediction#{prediction}")
    if waiting is None or waiting.status != PAINTING:
        return f"{prediction}: no batch waits for it"
    if found is not None and found.status in OPEN:
        return f"{prediction}: under way"
    return _answer(waiting, found, records, tokens)


def _answer(waiting: Record, found: Record | None, records: Records, tokens: Tokens) -> str:
    status = found.status if found else "deleted"
    reason = str((found.data.get("error") if found else None) or status)

    def tell(token: str) -> bool:
        if status == "succeeded":
            return tokens.succeed(token, {"prediction": waiting.key.partition("#")[2]})
        return tokens.fail(token, FAILED, reason)

    reached = [tell(token) for token in _tokens_of(waiting)]
    # Only where no other token has come to these meanwhile: who put that looks for the end, too.
    records.remove(waiting)
    return f"{waiting.key}: {status}, the batch {'goes on' if any(reached) else 'no longer waits'}"
