"""Messages to people, through SNS."""

from typing import Protocol

from atelier_ops.gateways.aws import client

LONGEST_SUBJECT = 100


class Topic(Protocol):
    """What the handlers need of a topic."""

    def publish(self, subject: str, message: str) -> None:
        """Send a message; SNS takes one line of at most 100 ASCII characters as its subject."""


class SnsTopic:
    """One SNS topic."""

    def __init__(self, arn: str) -> None:
        self._arn = arn

    def publish(self, subject: str, message: str) -> None:
        """Send a message; the subject is cut and stripped to what SNS takes."""
        plain = " ".join(subject.encode("ascii", "replace").decode().split())
        client("sns").publish(TopicArn=self._arn, Subject=plain[:LONGEST_SUBJECT], Message=message)
