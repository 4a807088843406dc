"""Records of things under way: predictions, and task tokens that wait for an event. One DynamoDB table."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from atelier_ops.gateways.aws import Tolerance, client

BY_STATUS = "by_status"
"""The table's index: keys of records by status, the one that expires first in front."""

WAITING = "waiting"
"""The status of a record that holds the task token of a run, until what the run waits for has happened."""

_SAME = "#status = :status AND #data = :data"


@dataclass(frozen=True, kw_only=True)
class Record:
    """One item. ``key`` is ``kind#id``, ``status`` guards changes, ``expires_at`` is in seconds since 1970."""

    key: str
    status: str
    expires_at: int
    data: dict[str, Any] = field(default_factory=dict)


class Records:
    """The table, key ``pk``, TTL attribute ``expires_at``; the data is one JSON document, because DynamoDB knows no floats."""

    def __init__(self, table: str) -> None:
        self._table = table

    def get(self, key: str) -> Record | None:
        """The newest state of a record, or None."""
        answer = client("dynamodb").get_item(TableName=self._table, Key={"pk": {"S": key}}, ConsistentRead=True)
        if (item := answer.get("Item")) is None:
            return None
        return Record(
            key=key,
            status=item["status"]["S"],
            expires_at=int(item["expires_at"]["N"]),
            data=json.loads(item["data"]["S"]),
        )

    def expiring(self, status: str, before: int) -> list[str]:
        """The keys of records with this status that expire before then, the first to expire in front; a second old at times."""
        pages = (
            client("dynamodb")
            .get_paginator("query")
            .paginate(
                TableName=self._table,
                IndexName=BY_STATUS,
                KeyConditionExpression="#status = :status AND expires_at < :before",
                ExpressionAttributeNames={"#status": "status"},
                ExpressionAttributeValues={":status": {"S": status}, ":before": {"N": str(before)}},
            )
        )
        return [item["pk"]["S"] for page in pages for item in page["Items"]]

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

    def remove(self, record: Record) -> bool:
        """Delete, only while the stored record is this one in every part; says whether it is gone. A missing one is fine."""
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


def _item(record: Record) -> dict[str, Any]:
    return {
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
