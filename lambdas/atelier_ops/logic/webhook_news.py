"""Saying that a webhook is due, to whoever sends it."""

from botocore.exceptions import BotoCoreError, ClientError

from atelier_ops.gateways.topic import Topic
from atelier_ops.observability import logger


def announce(key: str, due: Topic) -> None:
    """Say that something has happened of which the client wants to be told, if one does (``key``). Where this fails, the sweep finds it."""
    if not key:
        return
    try:
        due.publish("webhook", key)
    except (ClientError, BotoCoreError):
        logger.exception("a webhook is told of by the sweep only", key=key)
