"""Deletes an upload that is larger than anything of ours reads, when EventBridge says that it is there."""

from typing import Any

from atelier_ops.gateways.storage import ObjectStore
from atelier_ops.logic.upload_limit import is_too_large
from atelier_ops.observability import logger, observed


@observed
def handler(event: dict[str, Any], context: object) -> None:
    """S3's event "Object Created": https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html."""
    stored, store = event["detail"]["object"], ObjectStore(event["detail"]["bucket"]["name"])
    if not is_too_large(stored["key"], stored["size"], store):
        logger.info("left alone", key=stored["key"], size=stored["size"])
        return
    store.delete(stored["key"])
    logger.warning("an upload was too large", key=stored["key"], size=stored["size"])
