"""EventBridge events of source aws.sagemaker, delivered in order by a thread of their own."""

import json
import logging
import queue
import threading
from typing import Any

from ministack.services import eventbridge

_LOG = logging.getLogger("local.events")
_OK = 200


class EventPublisher:
    """Puts events on the default bus with a function of ministack, because PutEvents refuses the source aws.sagemaker.

    A publisher does not wait for the rules' targets.
    """

    def __init__(self) -> None:
        self._events: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        threading.Thread(target=self._deliver, name="events", daemon=True).start()

    def publish(self, detail_type: str, detail: dict[str, Any], resources: list[str]) -> None:
        """Queue one event."""
        entry = {
            "Source": "aws.sagemaker",
            "DetailType": detail_type,
            "Detail": json.dumps(detail, default=str),
            "Resources": resources,
        }
        self._events.put(entry)

    def _deliver(self) -> None:
        while True:
            entry = self._events.get()
            try:
                status, _, body = eventbridge._put_events({"Entries": [entry]}, allow_aws_source=True)
            except Exception:  # noqa: BLE001  the edge of this thread: one bad event must not end the others
                _LOG.exception("event %s was not delivered", entry["DetailType"])
                continue
            if status != _OK or json.loads(body).get("FailedEntryCount"):
                _LOG.error("event %s was not delivered: %s", entry["DetailType"], body)
