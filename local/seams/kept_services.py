"""Keeps what ministack's services know: written before a request that changed it is answered, read when the server starts.

ministack saves its services as a whole when it stops. Here each entry of each of their stores is a row of its own, written when it is
not what was written last. What is large and changes often has ways of its own: `kept_items.py`, `kept_logs.py`, `kept_executions.py`.
"""

import ast
import contextlib
import hashlib
import json
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ministack import app
from ministack.core import persistence
from ministack.core.responses import AccountRegionScopedDict, AccountScopedDict
from ministack.services import sts

from local.durable import Durable
from local.seams import kept_items
from local.seams.stores import STORES

_BLOB = "__blob__"
_LARGE = 65_536
"""Bytes above which a value, such as a layer's archive, is a file of its own."""

_TRIES = 5
_SCOPED = {"region": AccountRegionScopedDict, "account": AccountScopedDict}
_WHOLE = "whole"

State = dict[str, Any]


class ServiceKeeper:
    """The stores of all services. Safe to use from many threads."""

    def __init__(self, durable: Durable, blobs: Path) -> None:
        self._durable, self._blobs = durable, blobs
        self._written: dict[str, dict[str, int]] = {}
        self._lock = threading.RLock()
        self._files: dict[int, tuple[bytes, str]] = {}

    def names(self) -> list[str]:
        """The services that have been used, by the names of their modules."""
        return [name for name in _modules() if _module(name) is not None]

    def save(self, *services: str) -> None:
        """Write what has changed in the services, all of it or nothing. Raises ServiceError where the disk is full."""
        with self._lock:
            states = {name: self._rows(name) for name in services if _module(name) is not None}
            with self._durable.together():  # others wait to write meanwhile, so that everything slow comes before
                for name, rows in states.items():
                    self._write(name, rows)
            self._written.update({name: _prints(rows) for name, rows in states.items()})

    def restore(self) -> None:
        """Give every service what was written. To be called before the first request."""
        for name in _modules():
            rows = self._durable.table(_table(name)).items()
            if rows:
                self._written[name] = _prints(dict(rows))
                state, module = self._state(rows), app._get_module(name)
                if name == "sts":
                    sts._sessions.update(state.pop("sessions", {}))
                module.load_persisted_state(state)
        used = {name for _, name in self._files.values()}
        for path in self._blobs.glob("*"):
            if path.name not in used:  # of a function or a layer that is there no more
                path.unlink()

    def _write(self, name: str, rows: dict[str, str]) -> None:
        table, before = self._durable.table(_table(name)), self._written.get(name, {})
        for key, text in rows.items():
            if before.get(key) != hash(text):
                table.put(key, text)
        for key in before.keys() - rows.keys():
            table.remove(key)

    def _rows(self, name: str) -> dict[str, str]:
        """What the service knows. Another thread may change a store while it is read: then once more."""
        for _ in range(_TRIES):
            with contextlib.suppress(RuntimeError):  # dictionary changed size during iteration
                return dict(self._entries(_state_of(name)))
        return dict(self._entries(_state_of(name)))

    def _entries(self, state: State) -> Iterator[tuple[str, str]]:
        """The key and the text of each entry; the key says in which store, and under which key there."""
        for store, content in state.items():
            kind = next((kind for kind, scoped in _SCOPED.items() if isinstance(content, scoped)), _WHOLE)
            entries = {None: content} if kind == _WHOLE else content._data
            for key, value in list(entries.items()):
                yield f"{store}\n{kind}\n{key!r}", json.dumps(value, default=self._default)

    def _state(self, rows: list[tuple[str, str]]) -> State:
        state: State = {}
        for row, text in rows:
            store, kind, key = row.split("\n", 2)
            value = json.loads(text, object_hook=self._untagged)
            if kind == _WHOLE:
                state[store] = value
            else:
                state.setdefault(store, _SCOPED[kind]())._data[ast.literal_eval(key)] = value
        return state

    def _default(self, value: Any) -> Any:
        if isinstance(value, bytes) and len(value) > _LARGE:
            return {_BLOB: self._file(value)}
        return persistence._json_default(value)

    def _file(self, content: bytes) -> str:
        """The name of the file that holds it, by its content. The same object is not read again."""
        known = self._files.get(id(content))
        if known is None or known[0] is not content:
            name = hashlib.sha256(content).hexdigest()
            place, staged = self._blobs / name, self._blobs / f"{name}.new"
            if not place.exists():
                self._blobs.mkdir(parents=True, exist_ok=True)
                staged.write_bytes(content)
                staged.replace(place)
            known = self._files[id(content)] = (content, name)
        return known[1]

    def _content(self, name: str) -> bytes:
        content = (self._blobs / name).read_bytes()
        if hashlib.sha256(content).hexdigest() != name:
            raise ValueError(f"{self._blobs / name} has other bytes than were written")
        return content

    def _untagged(self, value: dict[str, Any]) -> Any:
        if value.keys() == {_BLOB}:
            content = self._content(value[_BLOB])
            self._files[id(content)] = (content, value[_BLOB])
            return content
        return persistence._json_object_hook(value)


def _prints(rows: dict[str, str]) -> dict[str, int]:
    return {key: hash(text) for key, text in rows.items()}


def _modules() -> dict[str, str]:
    """The modules of the services and of their parts, in the order in which ministack restores them."""
    return dict.fromkeys(app._state_map.values(), "")


def _module(name: str) -> Any:
    module = sys.modules.get(f"ministack.services.{name}")
    return module if hasattr(module, "get_state") else None


def _table(name: str) -> str:
    return f"service {name}"


def _state_of(name: str) -> State:
    module = _module(name)
    if name not in STORES:
        return dict(module.get_state())
    state = {part: getattr(module, f"_{part}") for part in STORES[name]}
    return {**state, "tables": kept_items.tables()} if name == "dynamodb" else state
