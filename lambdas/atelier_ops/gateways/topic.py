"""Messages to people, through SNS."""

from atelier_ops.gateways.aws import client

LONGEST_SUBJECT = 100


class Topic:
    """One SNS topic."""

    def __init__(self, arn: str) -> None:
        self._arn = arn

    def publish(self, subject: str, message: str) -> None:
        """Send a message; SNS takes one line of at most 100 ASCII characters as its subject, so it is cut to that."""
        plain = " ".join(subject.encode("ascii", "replace").decode().split())
        client("sns").publish(TopicArn=self._arn, Subject=plain[:LONGEST_SUBJECT], Message=message)
