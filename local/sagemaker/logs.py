"""Sends a container's output to CloudWatch Logs while it runs."""

import contextlib
import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from local.errors import AWS_ERRORS

_LOG = logging.getLogger("local.logs")
_FLUSH_SECONDS = 0.3
_BATCH_EVENTS = 500  # well below PutLogEvents' 10,000 events; its 1 MB is kept by _LINE_BYTES
_LINE_BYTES = 1500


class LogStream:
    """One CloudWatch Logs stream, written in batches with the role of the job, and a copy in a file.

    A role that may not write logs loses them, as on AWS; the file still has them, and the server's own log a warning.
    """

    def __init__(self, client: Any, *, group: str, stream: str, copy: Path) -> None:
        self._client, self._stream = client, {"logGroupName": group, "logStreamName": stream}
        self._file = copy.open("ab", buffering=0)
        self._pending: list[dict[str, Any]] = []
        self._condition = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name=f"logs {stream}", daemon=True)
        self._thread.start()

    def write(self, line: str) -> None:
        """Add one line of output."""
        with self._condition:
            if self._closed:
                return
            with contextlib.suppress(
                OSError
            ):  # a full disk must not end whoever reads, or what is read from waits for ever
                self._file.write(f"{line}\n".encode())
            self._pending.append({"timestamp": int(time.time() * 1000), "message": line[:_LINE_BYTES] or " "})

    def close(self) -> None:
        """Send what is left and stop."""
        with self._condition:
            self._closed = True
            self._condition.notify()
        self._thread.join(timeout=10)
        self._file.close()

    def _run(self) -> None:
        # The group may be in the template, and the role then need not create it.
        self._call(self._client.create_log_group, logGroupName=self._stream["logGroupName"])
        allowed = self._call(self._client.create_log_stream, **self._stream)
        while True:
            with self._condition:
                if not self._closed:
                    self._condition.wait(_FLUSH_SECONDS)
                batch, self._pending = self._pending[:_BATCH_EVENTS], self._pending[_BATCH_EVENTS:]
                done = self._closed and not self._pending
            if batch and allowed:
                allowed = self._call(self._client.put_log_events, **self._stream, logEvents=batch)
            if done:
                return

    def _call(self, operation: Callable[..., Any], **members: Any) -> bool:
        """Whether the call succeeded, or what it should create is there."""
        try:
            operation(**members)
        except AWS_ERRORS as error:
            if "ResourceAlreadyExistsException" not in str(error):
                _LOG.warning("no logs in %s: %s", self._stream["logGroupName"], error)
                return False
        return True
