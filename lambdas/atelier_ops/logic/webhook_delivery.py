"""Sending what clients want to be told: at least once, in the order in which it happened where nothing goes wrong, for a day where it does.

A message is what a GET of the same thing answers, asked of the API in the client's name when it is sent. Whoever sends one has claimed
its record before; a claim runs out, so that the messages of one who died are sent by the next.
"""

import json
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

from atelier_ops.errors import FunctionFailedError
from atelier_ops.gateways.functions import Function
from atelier_ops.gateways.receivers import AT_ONCE, Parcel, Receipt, Receivers
from atelier_ops.gateways.records import Record, Records
from atelier_ops.logic.batches.records import batch_record_key
from atelier_ops.logic.results import prediction_key
from atelier_ops.logic.stage_secrets import stage_secret
from atelier_ops.logic.submission import OPEN
from atelier_ops.logic.sweeping import sweep
from atelier_ops.logic.timestamps import rfc3339
from atelier_ops.logic.webhook_secret import KEY
from atelier_ops.logic.webhook_signature import client_secret, signed
from atelier_ops.logic.webhooks import BATCH, DELIVERED, FIRST_LOOK, GIVEN_UP, KEEP, PREDICTION, TRAINING, UNDELIVERED
from atelier_ops.observability import count

START, END = "start", "end"
"""The messages there may be of one thing."""

CLAIM_SECONDS = 120
"""How long a claim holds: longer than the function that sends may run."""

GRACE = 600
"""Seconds for which a record waits for what it belongs to: longer than a request takes that makes that."""

PAUSES = (60, 120, 300, 900, 1_800, 3_600, 7_200)
"""Seconds between two tries of one message, the last again and again."""

LONGEST_TRYING = 86_400
"""Seconds after the first failure of a message when it is given up."""

LONGEST_LOOK = 600
"""Seconds between two looks of the sweep at what goes on for long."""

_GONE = 410
"""The receiver wants no more."""

_PATHS = {PREDICTION: "/v1/predictions", TRAINING: "/v1/trainings", BATCH: "/v1/batches"}
"""Where the API shows what a record tells of."""


@dataclass(frozen=True, kw_only=True)
class Dependencies:
    """What sending needs: the ``api``'s function answers what messages say. ``slow`` are hosts that did not answer in time just now."""

    records: Records
    api: Function
    receivers: Receivers
    clock: Callable[[], float]
    slow: set[str] = field(default_factory=set)


@dataclass(frozen=True, kw_only=True)
class _Letter:
    """A message of a record that is claimed; without a parcel there is nothing to send."""

    record: Record
    message: str
    parcel: Parcel | None


def overdue(records: Records, now: float) -> list[str]:
    """The keys of records that are to be looked at by now."""
    return records.expiring(UNDELIVERED, int(now) + KEEP)


def deliver(keys: Iterable[str], dependencies: Dependencies, goes_on: Callable[[], bool]) -> int:
    """Send what is due of these records; says how many messages arrived. Ends early where ``goes_on`` says no.

    Raises an ExceptionGroup of what went wrong on our side, after it has looked at all.
    """
    arrived, waiting = 0, deque(keys)
    with sweep() as one:
        while waiting and goes_on():
            letters = []
            for key in [waiting.popleft() for _ in range(min(AT_ONCE, len(waiting)))]:
                with one(key):
                    letters += _take(key, dependencies)
            receipts = iter(dependencies.receivers.post([each.parcel for each in letters if each.parcel]))
            for letter in letters:
                receipt = next(receipts) if letter.parcel else None
                with one(letter.record.key):
                    arrived += receipt is not None and receipt.arrived
                    if _settle(letter, receipt, dependencies):
                        waiting.append(letter.record.key)
    return arrived


def _take(key: str, dependencies: Dependencies) -> list[_Letter]:
    """The message that is due of a record, claimed; none where it is another's, waits after a failure, or has nothing to tell."""
    records, now = dependencies.records, dependencies.clock()
    record = records.get(key)
    if record is None or record.status != UNDELIVERED or max(_until(record, "claimed"), _until(record, "paused")) > now:
        return []
    if urlsplit(record.data["url"]).netloc in dependencies.slow:
        return []
    status, body = _look(record, dependencies)
    if not status and now - record.data["made_at"] > GRACE:
        records.remove(record)
        return []
    message = _due(record, status)
    if not message:
        records.replace(record, _looked_at(record, now))
        return []
    mine = _changed(record, now + CLAIM_SECONDS, claimed_until=now + CLAIM_SECONDS)
    if not records.replace(record, mine):
        return []
    body = body or _ask(mine, dependencies)[1]
    wanted = bool(body) and (message == START or _is_wanted(mine, body)) and _is_still_of(mine, dependencies)
    return [
        _Letter(record=mine, message=message, parcel=_parcel(mine, message, body, dependencies) if wanted else None)
    ]


def _look(record: Record, dependencies: Dependencies) -> tuple[str, str]:
    """How what the record tells of is, empty where it is not there or another record's; and what a GET says, where that was asked."""
    kind, name = record.data["of"]
    if kind == TRAINING:
        return _ask(record, dependencies)
    found = dependencies.records.get(batch_record_key(name) if kind == BATCH else prediction_key(name))
    if found is None or found.data.get("webhook") != record.key:
        return "", ""
    return (str(found.data["state"]) if kind == BATCH else found.status), ""


def _is_still_of(record: Record, dependencies: Dependencies) -> bool:
    """Whether what the API has just answered is of the record: a batch may have been gone on with meanwhile: its next round has its own."""
    return record.data["of"][0] != BATCH or bool(_look(record, dependencies)[0])


def _ask(record: Record, dependencies: Dependencies) -> tuple[str, str]:
    """The status and the whole body that the API answers the client; both empty for 404. Raises FunctionFailedError."""
    kind, name = record.data["of"]
    origin = urlsplit(record.data["origin"])
    answer = dependencies.api.ask(
        {
            "httpMethod": "GET",
            "path": f"{_PATHS[kind]}/{name}",
            "headers": {"x-forwarded-proto": origin.scheme, "x-forwarded-prefix": origin.path},
            "body": None,
            "isBase64Encoded": False,
            # The API calls a key that it does not know by its id: so this is the client, whatever key it has by now.
            "requestContext": {"domainName": origin.netloc, "identity": {"apiKeyId": record.data["client"]}},
        }
    )
    if answer["statusCode"] == 404:
        return "", ""
    if answer["statusCode"] != 200:
        raise FunctionFailedError(f"{kind} {name}: the API answers {answer['statusCode']}")
    return str(json.loads(answer["body"])["status"]), str(answer["body"])


def _due(record: Record, status: str) -> str:
    """The next message, where it is time for it."""
    told = record.data["told"]
    if status and START in record.data["events"] and START not in told:
        return START
    return END if status and status not in OPEN and END not in told else ""


def _is_wanted(record: Record, body: str) -> bool:
    """Whether the client wants to be told of an end like this."""
    ended = json.loads(body)
    painted = ended["counts"] and ended["counts"]["succeeded"] if record.data["of"][0] == BATCH else ended["output"]
    happened = {"completed": True, "output": painted, "logs": ended.get("logs")}
    return any(happened.get(event) for event in record.data["events"])


def _parcel(record: Record, message: str, body: str, dependencies: Dependencies) -> Parcel:
    secret = client_secret(stage_secret(KEY, dependencies.records), record.data["client"])
    name = f"msg_{record.key.partition('#')[2]}_{message}"
    content = body.encode()
    return Parcel(url=record.data["url"], headers=signed(secret, name, content, dependencies.clock()), body=content)


def _settle(letter: _Letter, receipt: Receipt | None, dependencies: Dependencies) -> bool:
    """Note what became of a message; whether the record may have another to tell at once."""
    now = dependencies.clock()
    after = _after(letter, receipt, now)
    stored = dependencies.records.change(
        letter.record,
        lambda newest: after if newest.data.get("claimed_until") == letter.record.data["claimed_until"] else None,
    )
    if receipt is not None and receipt.problem:
        dependencies.slow.add(urlsplit(letter.record.data["url"]).netloc)
    if receipt is not None and receipt.arrived:
        count("WebhooksDelivered")
    elif receipt is not None:
        count("WebhooksFailed")
    return stored is not None and stored.status == UNDELIVERED and letter.message in stored.data["told"]


def _after(letter: _Letter, receipt: Receipt | None, now: float) -> Record:
    """The record after a try, with its claim given back."""
    data = {name: value for name, value in letter.record.data.items() if name != "claimed_until"}
    tries, since = int(data.get("failures", 0)) + 1, float(data.get("failing_since", now))
    pause = PAUSES[min(tries, len(PAUSES)) - 1]
    if receipt is not None and not receipt.arrived:
        if receipt.status != _GONE and now + pause - since <= LONGEST_TRYING:
            note = f"{letter.message}: not delivered yet, {tries} tries, the next at {rfc3339(now + pause)}: {receipt}"
            failing = {"failures": tries, "failing_since": since, "paused_until": now + pause, "note": note}
            return replace(letter.record, expires_at=int(now + pause) + KEEP, data={**data, **failing})
        data["gave_up"] = [*data.get("gave_up", []), f"{letter.message}: given up after {tries} tries: {receipt}"]
    for name in ("failures", "failing_since", "paused_until", "note"):
        data.pop(name, None)
    data["told"] = [*data["told"], letter.message]
    if data.get("gave_up"):
        data["note"] = "; ".join(data["gave_up"])
    is_last = letter.message == END or set(data["events"]) == {START}
    status = (GIVEN_UP if data.get("gave_up") else DELIVERED) if is_last else UNDELIVERED
    return replace(letter.record, status=status, expires_at=int(now) + FIRST_LOOK + KEEP, data=data)


def _looked_at(record: Record, now: float) -> Record:
    """The record with the time of the next look: the longer what it tells of takes, the later."""
    age = now - record.data["made_at"]
    return _changed(record, now + min(LONGEST_LOOK, max(FIRST_LOOK, age / 5)))


def _changed(record: Record, due: float, **changes: Any) -> Record:
    return replace(record, expires_at=int(due) + KEEP, data={**record.data, **changes})


def _until(record: Record, what: str) -> float:
    return float(record.data.get(f"{what}_until", 0.0))
