"""Sends a container's output to CloudWatch Logs while it runs."""

import logging
import threading
import time
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

_LOG = logging.getLogger("local.logs")
_FLUSH_SECONDS = 0.3
_BATCH_EVENTS = 500  # well below PutLogEvents' 10,000 events; its 1 MB is kept by _LINE_BYTES
_LINE_BYTES = 1500
_TAIL_LINES = 20


class LogStream:
    """One CloudWatch Logs stream, written in batches with the role of the job, and a copy in a file.

    A role that may not write logs loses them, as on AWS; the file and the server's own log still say so.
    """

    def __init__(self, client: Any, *, group: str, stream: str, copy: Path) -> None:
        self._client, self._group, self._stream = client, group, stream
        self._file = copy.open("a", encoding="utf-8")
        self._pending: list[dict[str, Any]] = []
        self._condition = threading.Condition()
        self._closed = False
        self.tail: list[str] = []
        self._thread = threading.Thread(target=self._run, name=f"logs {stream}", daemon=True)
        self._thread.start()

    def write(self, line: str) -> None:
        """Add one line of output."""
        with self._condition:
            if self._closed:
                return
            self._file.write(line + "\n")
            self._file.flush()
            self.tail = [*self.tail[-_TAIL_LINES:], line]
            self._pending.append({"timestamp": int(time.time() * 1000), "message": line[:_LINE_BYTES] or " "})

    def close(self) -> None:
        """Send what is left and stop."""
        with self._condition:
            self._closed = True
            self._condition.notify()
        self._thread.join(timeout=10)
        self._file.close()

    def _run(self) -> None:
        allowed = self._create()
        while True:
            with self._condition:
                if not self._closed:
                    self._condition.wait(_FLUSH_SECONDS)
                batch, self._pending = self._pending[:_BATCH_EVENTS], self._pending[_BATCH_EVENTS:]
                done = self._closed and not self._pending
            if batch and allowed:
                allowed = self._send(batch)
            if done:
                return

    def _create(self) -> bool:
        for call, arguments in (
            (self._client.create_log_group, {"logGroupName": self._group}),
            (self._client.create_log_stream, {"logGroupName": self._group, "logStreamName": self._stream}),
        ):
            try:
                call(**arguments)
            except ClientError as error:
                if error.response["Error"]["Code"] != "ResourceAlreadyExistsException":
                    _LOG.warning("no logs in %s: %s", self._group, error)
                    # CreateLogGroup may be missing where the group is in the template; only the stream is needed.
                    if call == self._client.create_log_stream:
                        return False
        return True

    def _send(self, batch: list[dict[str, Any]]) -> bool:
        try:
            self._client.put_log_events(logGroupName=self._group, logStreamName=self._stream, logEvents=batch)
        except (ClientError, BotoCoreError) as error:
            _LOG.warning("no logs in %s: %s", self._group, error)
            return False
        return True
