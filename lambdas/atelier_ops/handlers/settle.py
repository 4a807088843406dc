"""Answers the run that waits for a model package's approval or for an endpoint, when EventBridge reports a change of it.

Every few minutes it looks at what runs wait for besides, because an event may get lost.
"""

import time
from typing import Any

from atelier_ops.gateways.endpoints import Endpoints
from atelier_ops.gateways.records import Records
from atelier_ops.gateways.registry import Packages
from atelier_ops.gateways.workflow import Tokens
from atelier_ops.logic.approval import settle_approval
from atelier_ops.logic.endpoint import settle_endpoint
from atelier_ops.logic.lost_events import Dependencies, settle_waiting
from atelier_ops.observability import logger, observed
from contracts.settings import EnvironmentSettings


class Settings(EnvironmentSettings):
    """Environment."""

    table_name: str


@observed
def handler(event: dict[str, Any], context: object) -> None:
    """An EventBridge event of SageMaker, or of the schedule. Others are logged and ignored; repeated and late ones do nothing."""
    records, tokens = Records(Settings.from_environment().table_name), Tokens()
    detail = event["detail"]
    if event["detail-type"] == "Scheduled Event":
        look = Dependencies(records=records, tokens=tokens, packages=Packages(), endpoints=Endpoints())
        for line in settle_waiting(look, time.time()):
            logger.info(line)
    elif "ModelApprovalStatus" in detail:
        package, status = detail["ModelPackageArn"], detail["ModelApprovalStatus"]
        logger.info(settle_approval(package, status, detail.get("ApprovalDescription", ""), records, tokens))
    elif "EndpointStatus" in detail:
        # The event may be old by now: the endpoint itself says what holds.
        name = detail["EndpointName"]
        logger.info(settle_endpoint(name, Endpoints().state(name), records, tokens))
    else:
        logger.info("ignored", detail_type=event.get("detail-type"))
