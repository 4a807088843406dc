"""Records of things under way: predictions, and task tokens that wait for an event. One DynamoDB table."""

import json
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any, Protocol

from botocore.exceptions import ClientError

from atelier_ops.gateways.aws import client, error_code


@dataclass(frozen=True, kw_only=True)
class Record:
    """One item. ``key`` is ``kind#id``, ``status`` guards changes, ``expires_at`` is in seconds since 1970."""

    key: str
    status: str
    expires_at: int
    data: dict[str, Any] = field(default_factory=dict)


class Records(Protocol):
    """What the handlers need of the table."""

    def get(self, key: str) -> Record | None:
        """The newest state of a record, or None."""

    def put(self, record: Record) -> None:
        """Write, replacing what is there."""

    def add(self, record: Record) -> bool:
        """Write only where nothing has the key; says whether it wrote."""

    def replace(self, record: Record, *, while_status: Collection[str]) -> bool:
        """Write only while the stored status is one of these; says whether it wrote."""

    def remove(self, key: str) -> None:
        """Delete; a missing record is fine."""


class DynamoRecords:
    """The table, key ``pk``, TTL attribute ``expires_at``; the data is one JSON document, because DynamoDB knows no floats."""

    def __init__(self, table: str) -> None:
        self._table = table

    def get(self, key: str) -> Record | None:
        """The newest state of a record, or None."""
        item = client("dynamodb").get_item(TableName=self._table, Key={"pk": {"S": key}}, ConsistentRead=True)
        return _record(item["Item"]) if "Item" in item else None

    def put(self, record: Record) -> None:
        """Write, replacing what is there."""
        client("dynamodb").put_item(TableName=self._table, Item=_item(record))

    def add(self, record: Record) -> bool:
        """Write only where nothing has the key; says whether it wrote."""
        return self._put_if(record, "attribute_not_exists(pk)")

    def replace(self, record: Record, *, while_status: Collection[str]) -> bool:
        """Write only while the stored status is one of these; says whether it wrote."""
        values = {f":s{n}": {"S": status} for n, status in enumerate(sorted(while_status))}
        return self._put_if(
            record,
            f"#status IN ({', '.join(values)})",
            ExpressionAttributeNames={"#status": "status"},
            ExpressionAttributeValues=values,
        )

    def remove(self, key: str) -> None:
        """Delete; a missing record is fine."""
        client("dynamodb").delete_item(TableName=self._table, Key={"pk": {"S": key}})

    def _put_if(self, record: Record, condition: str, **options: Any) -> bool:
        try:
            client("dynamodb").put_item(
                TableName=self._table, Item=_item(record), ConditionExpression=condition, **options
            )
        except ClientError as error:
            if error_code(error) == "ConditionalCheckFailedException":
                return False
            raise
        return True


def _item(record: Record) -> dict[str, Any]:
    return {
        "pk": {"S": record.key},
        "status": {"S": record.status},
        "expires_at": {"N": str(record.expires_at)},
        "data": {"S": json.dumps(record.data, sort_keys=True)},
    }


def _record(item: dict[str, Any]) -> Record:
    return Record(
        key=item["pk"]["S"],
        status=item["status"]["S"],
        expires_at=int(item["expires_at"]["N"]),
        data=json.loads(item["data"]["S"]),
    )
