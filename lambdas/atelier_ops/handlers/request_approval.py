"""Asks a person to approve a model package; the run waits with its task token until ``settle`` answers."""

import time
from typing import Any

from atelier_ops.gateways.records import Records
from atelier_ops.gateways.registry import Packages
from atelier_ops.gateways.topic import Topic
from atelier_ops.gateways.workflow import Tokens
from atelier_ops.logic.approval import request_message, settle_approval, waiting
from atelier_ops.observability import logger, observed
from contracts.plan import read_plan
from contracts.settings import EnvironmentSettings


class Settings(EnvironmentSettings):
    """Environment."""

    table_name: str
    topic_arn: str


@observed
def handler(event: dict[str, Any], context: object) -> None:
    """``{"plan", "package", "token"}``: store the token, ask, and go on at once where somebody has decided already."""
    settings = Settings.from_environment()
    records, plan, package = Records(settings.table_name), read_plan(event["plan"]), event["package"]
    records.put(waiting(package, event["token"], plan.execution, int(time.time())))
    Topic(settings.topic_arn).publish(*request_message(plan, package))
    status, reason = Packages().approval(package)
    logger.info(settle_approval(package, status, reason, records, Tokens()))
