"""The server's own requests: ``contracts.prediction.PredictionInput`` as JSON."""

from typing import ClassVar

from atelier_inference.dialects.dialect import Asked, Dialect, Invocation
from contracts.prediction import PredictionInput


class Native(Dialect):
    """Whatever no other dialect speaks."""

    name: ClassVar[str] = "native"

    def read(self, call: Invocation) -> Asked:
        """See Dialect."""
        request = PredictionInput.from_json(call.value)
        return Asked(requests=[request], respond=lambda answers: answers[0].response())
