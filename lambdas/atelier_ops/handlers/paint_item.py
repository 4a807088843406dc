"""Asks for the prediction of one item of a batch, in its client's name; whoever ends the prediction answers the state's token."""

import time
from typing import Any

from atelier_ops.gateways.functions import Function
from atelier_ops.gateways.records import Records
from atelier_ops.gateways.workflow import Tokens
from atelier_ops.logic.batches.items import Asking, paint
from atelier_ops.observability import logger, observed
from contracts.batches import BatchItem
from contracts.settings import EnvironmentSettings


class Settings(EnvironmentSettings):
    """Environment."""

    table_name: str
    api_function: str


@observed
def handler(event: dict[str, Any], context: object) -> None:
    """``{"item", "token"}``; answers the token when the prediction has ended.

    Raises ApiUnavailableError, which passes.
    """
    settings = Settings.from_environment()
    dependencies = Asking(
        records=Records(settings.table_name),
        tokens=Tokens(),
        api=Function(settings.api_function),
        now=time.time(),
    )
    logger.info(paint(BatchItem.from_json(event["item"]), event["token"], dependencies))
