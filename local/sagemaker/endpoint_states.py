"""The status of endpoints: who waits for one is woken when it changes, and an event is sent."""

import threading

from local.sagemaker.backend import Backend
from local.sagemaker.store import Record, RecordStore, now

_CHANGING = ("Creating", "Updating")


class EndpointStates:
    """Safe to use from many threads."""

    def __init__(self, backend: Backend, store: RecordStore) -> None:
        self._backend, self._store = backend, store
        self._changed = threading.Condition()

    def is_settled(self, name: str) -> bool:
        """Whether an endpoint is neither Creating nor Updating; one that is gone is settled."""
        record = self._store.find("Endpoint", name)
        return record is None or record["EndpointStatus"] not in _CHANGING

    def wait(self, name: str, seconds: float) -> Record | None:
        """Block while an endpoint is Creating or Updating, up to `seconds`; its record, or None once it is gone."""
        with self._changed:
            self._changed.wait_for(lambda: self.is_settled(name), timeout=seconds)
        return self._store.find("Endpoint", name)

    def settle(self, record: Record, status: str) -> None:
        """A change has ended."""
        record.update(EndpointStatus=status, LastModifiedTime=now())
        self.notify()
        self.announce(record)

    def notify(self) -> None:
        """Let those who wait look again."""
        with self._changed:
            self._changed.notify_all()

    def announce(self, record: Record) -> None:
        """Send the endpoint's status as an event."""
        status = record["EndpointStatus"].replace("InService", "In_Service").upper()
        self._backend.announce("Endpoint", record, record["EndpointArn"], EndpointStatus=status)
