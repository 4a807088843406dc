"""The status of endpoints: who waits for one is woken when it changes, and an event is sent."""

import logging
import threading
from collections.abc import Callable
from typing import Any

from local.errors import INTERNAL_ERROR, ServiceError
from local.sagemaker.backend import Backend
from local.sagemaker.serving import EndpointFailureError
from local.sagemaker.store import Record, RecordStore, now

_LOG = logging.getLogger("local.endpoints")
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


def begin(change: Callable[..., None], record: Record, *arguments: Any) -> None:
    """Carry out a change of an endpoint in a thread of its own."""
    name = f"{record['EndpointStatus']} {record['EndpointName']}"
    threading.Thread(target=change, args=(record, *arguments), name=name, daemon=True).start()


def reason_of(error: Exception) -> str:
    """An error as FailureReason; one that is not SageMaker's to explain is logged and named as internal."""
    if isinstance(error, ServiceError):
        return error.message
    if isinstance(error, EndpointFailureError):
        return str(error)
    _LOG.error("endpoint", exc_info=error)
    return INTERNAL_ERROR
