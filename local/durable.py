"""What must outlive the process that wrote it, in one SQLite file: a value that was put is there after `kill -9` too.

SQLite's write-ahead log hands each change to the kernel before `put` returns; `synchronous=NORMAL` leaves out the wait for the disk,
so that only a power cut may lose the last changes, and those whole (https://www.sqlite.org/pragma.html#pragma_synchronous).
"""

import base64
import contextlib
import json
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from local.errors import LocalCloudError, ServiceError

NAME = "local.db"
FORMAT = 1
"""Written into the file; a file with another number was written by another version of this module."""

_BUSY_SECONDS = 10.0
_SCHEMA = """
CREATE TABLE IF NOT EXISTS entries (
    number INTEGER PRIMARY KEY, part TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, UNIQUE (part, key)
)"""
_PUT = "INSERT INTO entries (part, key, value) VALUES (?, ?, ?) ON CONFLICT (part, key) DO UPDATE SET value = excluded.value"
_TIME, _BYTES, _PLAIN = "$time", "$bytes", "$plain"


class Durable:
    """Tables of values below one folder. Safe to use from many threads.

    A table is a mapping of texts to what JSON knows, and dates and bytes. Raises LocalCloudError where the file is damaged or
    of another format, and ServiceError (503), with nothing changed, where the disk is full.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / NAME
        self._lock = threading.RLock()
        self._depth = 0
        try:
            self._connection = sqlite3.connect(
                self._path, timeout=_BUSY_SECONDS, check_same_thread=False, isolation_level=None
            )
            self._prepare()
        except sqlite3.OperationalError as error:  # a full disk, a folder without the right to write
            raise LocalCloudError(f"{self._path} cannot be opened: {error}") from error
        except sqlite3.DatabaseError as error:
            raise damaged(self._path, str(error)) from error

    def table(self, name: str) -> "Table":
        """The table of that name; it need not exist before."""
        return Table(self, name)

    @contextlib.contextmanager
    def together(self) -> Iterator[sqlite3.Connection]:
        """Make the changes inside the block all or none; other threads wait."""
        with self._lock:
            outermost = not self._depth
            self._depth += 1
            try:
                if outermost:
                    self._connection.execute("BEGIN IMMEDIATE")
                yield self._connection
                if outermost:
                    self._connection.execute("COMMIT")
            except BaseException as error:
                if outermost and self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                if isinstance(error, sqlite3.OperationalError):
                    raise ServiceError(
                        "ServiceUnavailable", f"The local cloud cannot write its state: {error}", 503
                    ) from error
                raise
            finally:
                self._depth -= 1

    def freeze(self) -> None:
        """Refuse changes from now on, with ServiceError; everything is in the one file then, where the disk has room for it."""
        with self._lock, contextlib.suppress(sqlite3.OperationalError):
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        with self._lock:
            self._connection.execute("PRAGMA query_only=ON")

    def close(self) -> None:
        """Close the file; nothing is lost without it."""
        with self._lock:
            self._connection.close()

    def _prepare(self) -> None:
        (version,) = self._connection.execute("PRAGMA user_version").fetchone()
        if version not in (0, FORMAT):
            raise LocalCloudError(
                f"{self._path}: got format {version}; allowed: {FORMAT}. "
                "Run the version of the project that wrote it, or start anew with `make local-clean`"
            )
        for statement in ("PRAGMA journal_mode=WAL", "PRAGMA synchronous=NORMAL", _SCHEMA):
            self._connection.execute(statement)
        self._connection.execute(f"PRAGMA user_version={FORMAT}")


def require_whole(folder: Path) -> None:
    """Raise LocalCloudError where the file is missing, cut off or otherwise damaged. To be called where nobody has it open."""
    path = folder / NAME
    if not path.exists() or not path.stat().st_size:  # SQLite would begin an empty one
        raise damaged(path, "no file" if not path.exists() else "an empty file")
    try:
        with contextlib.closing(sqlite3.connect(path)) as connection:
            (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.DatabaseError as error:
        found = str(error)
    if found != "ok":
        raise damaged(path, found)


def damaged(path: Path, found: str) -> LocalCloudError:
    """The refusal of a file that cannot be read, which is left as it is."""
    allowed = (
        "what a local cloud wrote there. Put a copy back, or start anew with `make local-clean` (`atelier clean --out`)"
    )
    return LocalCloudError(f"{path}: got {found}; allowed: {allowed}")


class Table:
    """A mapping of texts to values in a Durable; what `put` and `remove` did is kept when they return."""

    def __init__(self, durable: Durable, name: str) -> None:
        self._durable = durable
        self._name = name

    def put(self, key: str, value: Any) -> None:
        """Keep ``value`` under ``key``, in the place of what was there."""
        text = encode(value)
        with self._durable.together() as connection:
            connection.execute(_PUT, (self._name, key, text))

    def remove(self, key: str) -> None:
        """Forget ``key``, if it is there."""
        with self._durable.together() as connection:
            connection.execute("DELETE FROM entries WHERE part = ? AND key = ?", (self._name, key))

    def clear(self) -> None:
        """Forget every key."""
        with self._durable.together() as connection:
            connection.execute("DELETE FROM entries WHERE part = ?", (self._name,))

    def items(self) -> list[tuple[str, Any]]:
        """Every key and its value; the key that was put first comes first."""
        with self._durable.together() as connection:
            query = "SELECT key, value FROM entries WHERE part = ? ORDER BY number"
            rows = connection.execute(query, (self._name,)).fetchall()
        return [(key, decode(value)) for key, value in rows]


def encode(value: Any) -> str:
    """``value`` as JSON, dates and bytes included. Raises TypeError for what is neither; a tuple comes back as a list."""
    return json.dumps(_tagged(value), separators=(",", ":"))


def decode(text: str) -> Any:
    """The value that ``encode`` made ``text`` of."""
    return json.loads(text, object_hook=_untagged)


def _tagged(value: Any) -> Any:
    if isinstance(value, Mapping):
        if odd := [key for key in value if not isinstance(key, str)]:
            raise TypeError(f"keys: got {odd}; allowed: texts")
        tagged = {key: _tagged(part) for key, part in value.items()}
        return {_PLAIN: list(tagged.items())} if len(tagged) == 1 and next(iter(tagged)) in _TAGS else tagged
    if isinstance(value, list | tuple):
        return [_tagged(part) for part in value]
    if isinstance(value, datetime):
        return {_TIME: value.isoformat()}
    if isinstance(value, bytes | bytearray):
        return {_BYTES: base64.b64encode(value).decode("ascii")}
    return value


_TAGS: dict[str, Callable[[Any], Any]] = {_TIME: datetime.fromisoformat, _BYTES: base64.b64decode, _PLAIN: dict}


def _untagged(value: dict[str, Any]) -> Any:
    if len(value) == 1:
        ((key, part),) = value.items()
        if key in _TAGS:
            return _TAGS[key](part)
    return value
