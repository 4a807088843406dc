"""Last state of a failed run: says which step failed, why and what it cost; never fails for want of a plan."""

import time
from typing import Any

from atelier_ops.gateways.registry import Jobs
from atelier_ops.gateways.storage import ObjectStore
from atelier_ops.gateways.topic import Topic
from atelier_ops.logic.report import report
from atelier_ops.observability import observed
from contracts.settings import EnvironmentSettings


class Settings(EnvironmentSettings):
    """Environment."""

    data_bucket: str
    topic_arn: str


@observed
def handler(event: dict[str, Any], context: object) -> dict[str, str]:
    """``{"execution", "step", "error", "cause", "plan"?, "started"}`` → ``{"error", "cause"}``."""
    settings = Settings.from_environment()
    return report(event, ObjectStore(settings.data_bucket), Topic(settings.topic_arn), Jobs(), time.time())
