"""Answers the run that waits for a model package's approval or for an endpoint, when EventBridge reports a change of it.

Every few minutes it looks at what runs wait for besides, because an event may get lost.
"""

import time
from typing import Any

from atelier_ops.gateways.endpoints import Endpoints
from atelier_ops.gateways.records import Records
from atelier_ops.gateways.registry import Packages
from atelier_ops.gateways.workflow import Tokens
from atelier_ops.logic.lost_events import Dependencies, settle, settle_waiting
from atelier_ops.observability import logger, observed
from contracts.settings import EnvironmentSettings


class Settings(EnvironmentSettings):
    """Environment."""

    table_name: str


@observed
def handler(event: dict[str, Any], context: object) -> None:
    """An EventBridge event of SageMaker, or of the schedule. Others are logged and ignored; repeated and late ones do nothing."""
    records = Records(Settings.from_environment().table_name)
    look = Dependencies(records=records, tokens=Tokens(), packages=Packages(), endpoints=Endpoints())
    detail = event["detail"]
    # An event is a hint: it may be old, doubled or made up by now. What holds, SageMaker says.
    if event["detail-type"] == "Scheduled Event":
        for line in settle_waiting(look, time.time()):
            logger.info(line)
    elif "ModelApprovalStatus" in detail:
        logger.info(settle("approval", detail["ModelPackageArn"], look))
    elif "EndpointStatus" in detail:
        logger.info(settle("endpoint", detail["EndpointName"], look))
    else:
        logger.info("ignored", detail_type=event.get("detail-type"))
