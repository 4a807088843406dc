"""CloudFormation's answer address of a custom resource."""

import json
import urllib.request
from collections.abc import Mapping
from typing import Any, Protocol

TIMEOUT = 30


class Answers(Protocol):
    """Where a custom resource says how it went."""

    def send(self, url: str, answer: Mapping[str, Any]) -> None:
        """PUT the answer, or the stack waits for an hour."""


class HttpAnswers:
    """The presigned address that CloudFormation passed."""

    def send(self, url: str, answer: Mapping[str, Any]) -> None:
        """PUT the answer; S3 signed it for an empty Content-Type."""
        body = json.dumps(answer).encode()
        request = urllib.request.Request(url, data=body, method="PUT", headers={"Content-Type": ""})
        with urllib.request.urlopen(request, timeout=TIMEOUT):
            pass
