"""Creates the dedicated endpoint of a full fine-tune's version; the run waits until ``settle`` answers its task token."""

import time
from typing import Any

from atelier_ops.gateways.endpoints import Endpoints
from atelier_ops.gateways.records import Records
from atelier_ops.gateways.workflow import Tokens
from atelier_ops.logic.endpoint import make_endpoint, settle_endpoint, waiting
from atelier_ops.observability import count, logger, observed
from contracts.hosting import Hosting
from contracts.settings import EnvironmentSettings


class Settings(EnvironmentSettings):
    """Environment: the table of waiting runs, and how the stage hosts (``contracts.hosting.Hosting`` as JSON)."""

    table_name: str
    hosting: str


@observed
def handler(event: dict[str, Any], context: object) -> None:
    """``{"plan", "endpoint", "uri", "token"}``. Raises NameCollisionError, EndpointBusyError, QuotaExceeded."""
    settings, endpoints = Settings.from_environment(), Endpoints()
    records, name = Records(settings.table_name), event["endpoint"]
    make_endpoint(name, event["plan"]["task"], event["uri"], Hosting.from_text(settings.hosting), endpoints)
    count("EndpointRollouts")
    records.put(waiting(name, event["token"], event["plan"]["execution"], int(time.time())))
    # The endpoint may have settled before the token was stored, and its event been ignored.
    logger.info(settle_endpoint(name, endpoints.state(name), records, Tokens()))
