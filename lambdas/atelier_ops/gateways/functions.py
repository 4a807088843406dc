"""A Lambda function of ours that another one asks."""

import json
from collections.abc import Mapping
from typing import Any

from atelier_ops.errors import FunctionFailedError
from atelier_ops.gateways.aws import client


class Function:
    """The function of this name."""

    def __init__(self, name: str) -> None:
        self._name = name

    def ask(self, event: Mapping[str, Any]) -> Any:
        """What it answers. Raises FunctionFailedError where it gave none."""
        answer = client("lambda").invoke(FunctionName=self._name, Payload=json.dumps(event).encode())
        said = answer["Payload"].read()
        if answer.get("FunctionError"):
            raise FunctionFailedError(f"{self._name}: {answer['FunctionError']}")
        return json.loads(said)
