"""Custom resource: puts the web page's files, and what the page is told of its stage, where CloudFront finds them."""

from typing import Any

from atelier_ops.gateways.answers import Answers
from atelier_ops.gateways.handed_keys import HandedKeys
from atelier_ops.gateways.storage import ObjectStore
from atelier_ops.logic.page_files import settle_page
from atelier_ops.observability import observed
from contracts.settings import EnvironmentSettings


class Settings(EnvironmentSettings):
    """Environment."""

    page_bucket: str


@observed
def handler(event: dict[str, Any], context: object) -> None:
    """A CloudFormation event with properties ``AssetBucket``, ``AssetKey``, ``Config`` and, on a laptop, ``KeyId``."""
    page = ObjectStore(Settings.from_environment().page_bucket)
    assets = ObjectStore(event["ResourceProperties"]["AssetBucket"])
    settle_page(event, page, assets, HandedKeys(), Answers())
