"""Records of things under way: predictions, and task tokens that wait for an event. One DynamoDB table."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from atelier_ops.gateways.aws import Tolerance, client, fails_condition, is_busy

BY_STATUS = "by_status"
"""The table's index: keys of records by status, the one that expires first in front."""

BY_CLIENT = "by_client"
"""The table's index: keys of what a client made, by when that was."""

WAITING = "waiting"
"""The status of a record that holds the task token of a run, until what the run waits for has happened."""

NEVER = 253_402_300_799
"""When a record expires that stays until somebody removes it: in the last second of the year 9999."""

BESIDE = "beside"
"""Member of a record's data: keys of further records that are written with it, and go with it."""

_SAME = "#status = :status AND #data = :data"
_MOST_TRIES = 5
"""How often what is written at once is tried while somebody else writes a part of it."""


@dataclass(frozen=True, kw_only=True)
class Record:
    """One item. ``key`` is ``kind#id``, ``status`` guards changes, ``expires_at`` is in seconds since 1970.

    What its client can list has a ``client`` and says when it was ``created``, in RFC 3339.
    """

    key: str
    status: str
    expires_at: int
    data: dict[str, Any] = field(default_factory=dict)
    client: str = ""
    created: str = ""


@dataclass(frozen=True, kw_only=True)
class Listed:
    """A record's place among all that one client made."""

    key: str
    created: str


@dataclass(frozen=True, kw_only=True)
class Transaction:
    """What is done to several records at once, or not at all, at most 100 of them.

    ``added`` are written where nothing has their keys, ``written`` whatever has, ``replaced`` (old, new) while the stored record is the old
    one; ``removed`` go while they are as they are here, with what is beside them, and nothing may have the keys ``absent``.
    """

    added: Sequence[Record] = ()
    written: Sequence[Record] = ()
    replaced: Sequence[tuple[Record, Record]] = ()
    removed: Sequence[Record] = ()
    absent: Sequence[str] = ()


class Records:
    """The table, key ``pk``, TTL attribute ``expires_at``; the data is one JSON document, because DynamoDB knows no floats."""

    def __init__(self, table: str) -> None:
        self._table = table

    def get(self, key: str) -> Record | None:
        """The newest state of a record, or None."""
        answer = client("dynamodb").get_item(TableName=self._table, Key={"pk": {"S": key}}, ConsistentRead=True)
        return _record(item) if (item := answer.get("Item")) else None

    def get_each(self, keys: Sequence[str]) -> list[Record]:
        """The newest state of those of up to 100 records that are there, in the order of ``keys``."""
        found: dict[str, Record] = {}
        asked: dict[str, Any] = {self._table: {"Keys": [{"pk": {"S": key}} for key in keys], "ConsistentRead": True}}
        while asked and keys:
            answer = client("dynamodb").batch_get_item(RequestItems=asked)
            for item in answer["Responses"].get(self._table, []):
                found[item["pk"]["S"]] = _record(item)
            # What does not fit into 16 MB, or is throttled, is asked for again.
            asked = answer.get("UnprocessedKeys", {})
        return [found[key] for key in keys if key in found]

    def expiring(self, status: str, before: int) -> list[str]:
        """The keys of records with this status that expire before then, the first to expire in front; a second old at times."""
        pages = client("dynamodb").get_paginator("query").paginate(**self._with_status(status, before))
        return [item["pk"]["S"] for page in pages for item in page["Items"]]

    def made_by(self, owner: str, limit: int, after: Listed | None = None) -> list[Listed]:
        """Up to ``limit`` places of what the client made, the newest first, those behind ``after``; a second old at times."""
        start = (
            {"ExclusiveStartKey": {"client": {"S": owner}, "created": {"S": after.created}, "pk": {"S": after.key}}}
            if after
            else {}
        )
        answer = client("dynamodb").query(
            TableName=self._table,
            IndexName=BY_CLIENT,
            KeyConditionExpression="client = :client",
            ExpressionAttributeValues={":client": {"S": owner}},
            ScanIndexForward=False,
            Limit=limit,
            **start,
        )
        return [Listed(key=item["pk"]["S"], created=item["created"]["S"]) for item in answer["Items"]]

    def count(self, status: str, before: int, most: int) -> int:
        """How many records with this status expire before then, counted up to ``most``; a second old at times."""
        query = self._with_status(status, before)
        return int(client("dynamodb").query(**query, Select="COUNT", Limit=most)["Count"])

    def first(self, status: str) -> int | None:
        """When the first of the records with this status expires; None where there is none."""
        items = client("dynamodb").query(**self._with_status(status, NEVER), Limit=1)["Items"]
        return int(items[0]["expires_at"]["N"]) if items else None

    def _with_status(self, status: str, before: int) -> dict[str, Any]:
        """The query for records with this status that expire before then."""
        return {
            "TableName": self._table,
            "IndexName": BY_STATUS,
            "KeyConditionExpression": "#status = :status AND expires_at < :before",
            "ExpressionAttributeNames": {"#status": "status"},
            "ExpressionAttributeValues": {":status": {"S": status}, ":before": {"N": str(before)}},
        }

    def put(self, record: Record) -> None:
        """Write, replacing what is there."""
        self._put(record)

    def add(self, record: Record) -> bool:
        """Write only where nothing has the key; says whether it wrote."""
        return self._put_if(record, "attribute_not_exists(pk)")

    def replace(self, old: Record, new: Record) -> bool:
        """Write ``new`` only while the stored record is ``old`` in every part; says whether it wrote."""
        return self._put_if(new, _SAME, **_compared(old))

    def change(self, record: Record, make: Callable[[Record], Record | None]) -> Record | None:
        """Store what ``make`` makes of the record, of its newest state where ``record`` is none any more.

        The stored record; None where there is none, or where ``make`` gives None.
        """
        newest: Record | None = record
        while newest is not None:
            changed = make(newest)
            if changed is None or self.replace(newest, changed):
                return changed
            newest = self.get(record.key)
        return None

    def exchange(self, wanted: Transaction) -> bool:
        """Do all of it, or nothing; says which."""
        for tries_left in reversed(range(_MOST_TRIES)):
            try:
                client("dynamodb").transact_write_items(TransactItems=list(self._operations(wanted)))
            except ClientError as error:
                if fails_condition(error):
                    return False
                if not (is_busy(error) and tries_left):
                    raise
            else:
                return True
        return False

    def _operations(self, wanted: Transaction) -> Iterator[dict[str, Any]]:
        free, gone = "attribute_not_exists(pk)", f"attribute_not_exists(pk) OR ({_SAME})"
        for each in wanted.added:
            yield {"Put": {"TableName": self._table, "Item": _item(each), "ConditionExpression": free}}
        for each in wanted.written:
            yield {"Put": {"TableName": self._table, "Item": _item(each)}}
        for old, new in wanted.replaced:
            same = {"ConditionExpression": _SAME, **_compared(old)}
            yield {"Put": {"TableName": self._table, "Item": _item(new), **same}}
        for each in wanted.removed:
            own = {"TableName": self._table, "Key": {"pk": {"S": each.key}}, "ConditionExpression": gone}
            yield {"Delete": {**own, **_compared(each)}}
        for key in beside(wanted.removed):
            yield {"Delete": {"TableName": self._table, "Key": {"pk": {"S": key}}}}
        for key in wanted.absent:
            own = {"TableName": self._table, "Key": {"pk": {"S": key}}, "ConditionExpression": free}
            yield {"ConditionCheck": own}

    def remove(self, record: Record) -> bool:
        """Delete, only while the stored record is this one in every part; says whether it is gone. A missing one is fine.

        What is beside it goes with it.
        """
        if record.data.get(BESIDE):
            return self.exchange(Transaction(removed=(record,)))
        with Tolerance("ConditionalCheckFailedException"):
            client("dynamodb").delete_item(
                TableName=self._table,
                Key={"pk": {"S": record.key}},
                ConditionExpression=f"attribute_not_exists(pk) OR ({_SAME})",
                **_compared(record),
            )
            return True
        return False

    def _put_if(self, record: Record, condition: str, **options: Any) -> bool:
        with Tolerance("ConditionalCheckFailedException"):
            self._put(record, ConditionExpression=condition, **options)
            return True
        return False

    def _put(self, record: Record, **options: Any) -> None:
        client("dynamodb").put_item(TableName=self._table, Item=_item(record), **options)


def beside(records: Sequence[Record]) -> list[str]:
    """The keys of what goes with these records, besides themselves."""
    own = {record.key for record in records}
    return [
        key for key in dict.fromkeys(key for each in records for key in each.data.get(BESIDE, ())) if key not in own
    ]


def _record(item: dict[str, Any]) -> Record:
    return Record(
        key=item["pk"]["S"],
        status=item["status"]["S"],
        expires_at=int(item["expires_at"]["N"]),
        data=json.loads(item["data"]["S"]),
        **{name: item[name]["S"] for name in ("client", "created") if name in item},
    )


def _item(record: Record) -> dict[str, Any]:
    # An index's attributes may be missing, but never empty.
    listed = {"client": {"S": record.client}, "created": {"S": record.created}} if record.client else {}
    return {
        **listed,
        "pk": {"S": record.key},
        "status": {"S": record.status},
        "expires_at": {"N": str(record.expires_at)},
        "data": {"S": json.dumps(record.data, sort_keys=True)},
    }


def _compared(record: Record) -> dict[str, Any]:
    """The names and values of ``_SAME``: JSON with sorted keys is the same text for the same data."""
    item = _item(record)
    return {
        "ExpressionAttributeNames": {"#status": "status", "#data": "data"},
        "ExpressionAttributeValues": {":status": item["status"], ":data": item["data"]},
    }
