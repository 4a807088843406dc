"""EventBridge events of source aws.sagemaker, delivered in order by a thread of their own."""

import json
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ministack.services import eventbridge

_LOG = logging.getLogger("local.events")
_OK = 200


def publisher() -> Callable[[str, dict[str, Any], list[str]], None]:
    """A function that queues one event (detail type, detail, resource ARNs); it does not wait for the rules' targets."""
    thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="events")
    eventbridge._events_log_list = (
        list  # an event has no place where it would stay: nothing reads ministack's list of them
    )

    def publish(detail_type: str, detail: dict[str, Any], resources: list[str]) -> None:
        content = json.dumps(detail, default=str)  # as it is now: a record goes on changing
        entry = {"Source": "aws.sagemaker", "DetailType": detail_type, "Detail": content, "Resources": resources}
        thread.submit(_deliver, entry)

    return publish


def _deliver(entry: dict[str, Any]) -> None:
    """Put an event on the default bus with a function of ministack, because PutEvents refuses the source aws.sagemaker."""
    try:
        status, _, body = eventbridge._put_events({"Entries": [entry]}, allow_aws_source=True)
    except Exception:  # noqa: BLE001  the edge of this thread: one bad event must not end the others
        _LOG.exception("event %s was not delivered", entry["DetailType"])
        return
    if status != _OK or json.loads(body).get("FailedEntryCount"):
        _LOG.error("event %s was not delivered: %s", entry["DetailType"], body)
