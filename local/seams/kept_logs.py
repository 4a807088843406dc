"""Keeps CloudWatch Logs, a row a stream, some seconds after it has changed, and drops what is too old or too much."""

from datetime import UTC, datetime
from typing import Any

from ministack.core.responses import AccountRegionScopedDict
from ministack.services import cloudwatch_logs

from local.durable import Durable
from local.retention import trim_logs


class LogKeeper:
    """The groups and their streams. To be used from one thread at a time."""

    def __init__(self, durable: Durable) -> None:
        self._groups, self._streams = durable.table("log groups"), durable.table("log streams")
        self._written: dict[str, Any] = {}

    def save(self) -> None:
        """Write the groups and streams that have changed. Raises ServiceError where the disk is full."""
        _trim()
        written: dict[str, Any] = {}
        for place, group in list(cloudwatch_logs._log_groups._data.items()):
            key = "\n".join(place)
            about = {name: value for name, value in group.items() if name != "streams"}
            written[key] = str(about)
            if self._written.get(key) != written[key]:
                self._groups.put(key, about)
            for name, stream in list(group["streams"].items()):
                self._save_stream(f"{key}\n{name}", stream, written)
        for key in self._written.keys() - written.keys():
            self._groups.remove(key)
            self._streams.remove(key)
        self._written = written

    def restore(self) -> None:
        """Put the groups and streams back."""
        groups = AccountRegionScopedDict()
        for key, about in self._groups.items():
            groups._data[tuple(key.split("\n"))] = {**about, "streams": {}}
            self._written[key] = str(about)
        for key, stream in self._streams.items():
            *place, name = key.split("\n")
            if tuple(place) in groups._data:
                groups._data[tuple(place)]["streams"][name] = stream
                self._written[key] = _mark(stream)
        cloudwatch_logs.load_persisted_state({"log_groups": groups})

    def _save_stream(self, key: str, stream: dict[str, Any], written: dict[str, Any]) -> None:
        written[key] = _mark(stream)
        if self._written.get(key) != written[key]:
            self._streams.put(key, {**stream, "events": list(stream["events"])})


def _mark(stream: dict[str, Any]) -> tuple[int, Any]:
    """What is another where a stream has changed."""
    return len(stream["events"]), stream["uploadSequenceToken"]


def _trim() -> None:
    moment = datetime.now(UTC)
    with cloudwatch_logs._log_events_lock:
        for group in list(cloudwatch_logs._log_groups._data.values()):
            trim_logs(group, moment)
    cloudwatch_logs._log_records._data.clear()  # each line once more, by its pointer: a query makes it again
