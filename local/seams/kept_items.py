"""Keeps the items of DynamoDB's tables, each as a row: a table of thousands costs nothing more for one that changes."""

import json
import threading
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from ministack.core.responses import AccountRegionScopedDict
from ministack.services import dynamodb

from local.durable import Durable

_DERIVED = ("items", "_index_members", "ItemCount", "TableSizeBytes")
_KNOWN = "dynamodb tables"

Table = dict[str, Any]


def tables() -> AccountRegionScopedDict:
    """The tables without their items and what is counted of these."""
    scoped = AccountRegionScopedDict()
    for place, table in list(dynamodb._tables._data.items()):
        scoped._data[place] = {name: value for name, value in table.items() if name not in _DERIVED}
    return scoped


class ItemKeeper:
    """The items that have changed since they were written last. Safe to use from many threads."""

    def __init__(self, durable: Durable) -> None:
        self._durable = durable
        self._known = durable.table(_KNOWN)
        self._changed: dict[tuple[str, str, str], Table] = {}
        self._lock = threading.RLock()

    def install(self) -> None:
        """Note every change of an item, whoever makes it."""
        dynamodb._set_item = self._noting(dynamodb._set_item)
        dynamodb._remove_item = self._noting(dynamodb._remove_item)
        replaced = dynamodb._items_replaced

        def replaced_and_noted(table: Table) -> None:
            replaced(table)
            kept = [tuple(json.loads(key)) for key, _ in self._items(table).items()]
            there = [(pk, sk) for pk, bucket in list(table["items"].items()) for sk in list(bucket)]
            for pk, sk in {*kept, *there}:
                self._note(table, pk, sk)

        dynamodb._items_replaced = replaced_and_noted

    def save(self) -> None:
        """Write the changes, all of them or none. Raises ServiceError where the disk is full; they are kept in mind."""
        with self._lock:
            changed = dict(self._changed)
            with self._durable.together():
                for (_, pk, sk), table in changed.items():
                    self._write(table, pk, sk)
            for place in changed:
                self._changed.pop(place, None)

    def forget_dropped(self) -> None:
        """Forget the items of tables that are there no more. To be called when the tables have been written."""
        there = {_id(table) for table in list(dynamodb._tables._data.values())}
        with self._durable.together():
            for known, _ in self._known.items():
                if known not in there:
                    self._durable.table(f"items {known}").clear()
                    self._known.remove(known)
            for known in there:
                self._known.put(known, None)

    def restore(self) -> None:
        """Put the items back. To be called when the tables are there."""
        for table in dynamodb._tables._data.values():
            table["items"] = defaultdict(dict)
            for key, item in self._items(table).items():
                pk, sk = json.loads(key)
                table["items"][pk][sk] = item
            dynamodb._update_counts(table)

    def _noting(self, change: Callable[..., Any]) -> Callable[..., Any]:
        def noted(table: Table, pk: str, sk: str, *item: Any) -> Any:
            before = change(table, pk, sk, *item)
            self._note(table, pk, sk)
            return before

        return noted

    def _note(self, table: Table, pk: str, sk: str) -> None:
        with self._lock:
            self._changed[_id(table), pk, sk] = table

    def _write(self, table: Table, pk: str, sk: str) -> None:
        item, key = table["items"].get(pk, {}).get(sk), json.dumps([pk, sk])
        if item is None:
            self._items(table).remove(key)
        else:
            self._items(table).put(key, item)

    def _items(self, table: Table) -> Any:
        return self._durable.table(f"items {_id(table)}")


def _id(table: Table) -> str:
    """A table that was dropped and made again is another one."""
    return str(table["TableId"])
