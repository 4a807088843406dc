"""Deletes an upload that is larger than anything of ours reads, when EventBridge says that it is there."""

from typing import Any

from atelier_ops.gateways.storage import ObjectStore
from atelier_ops.observability import logger, observed
from contracts.requests import LARGEST_UPLOAD


@observed
def handler(event: dict[str, Any], context: object) -> None:
    """S3's event "Object Created": https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html."""
    stored = event["detail"]["object"]
    if stored["size"] <= LARGEST_UPLOAD:
        logger.info("left alone", key=stored["key"], size=stored["size"])
        return
    ObjectStore(event["detail"]["bucket"]["name"]).delete(stored["key"])
    logger.warning("an upload was too large", key=stored["key"], size=stored["size"])
