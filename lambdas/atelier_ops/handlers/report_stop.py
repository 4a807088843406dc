"""Reports a run that was stopped or ran out of time, when EventBridge says so: none of the run's states can."""

import time
from typing import Any

from atelier_ops.gateways.registry import Jobs
from atelier_ops.gateways.storage import ObjectStore
from atelier_ops.gateways.topic import Topic
from atelier_ops.gateways.workflow import Executions
from atelier_ops.logic.stopped import Dependencies, report_stop
from atelier_ops.observability import logger, observed
from contracts.settings import EnvironmentSettings

PAUSE_SECONDS = 5
"""Between two looks at jobs that are being stopped: SageMaker gives them two minutes, and then keeps what they wrote."""

SPARE_MILLISECONDS = 60_000
"""With less time than this left, the report is made without their ends."""


class Settings(EnvironmentSettings):
    """Environment."""

    data_bucket: str
    topic_arn: str


@observed
def handler(event: dict[str, Any], context: Any) -> None:
    """An EventBridge event of Step Functions: an execution of one of the stage's machines has ended. What holds, Step Functions says."""
    settings = Settings.from_environment()
    machine, _, name = event["detail"]["executionArn"].replace(":execution:", ":stateMachine:").rpartition(":")

    def pause() -> bool:
        if context.get_remaining_time_in_millis() < SPARE_MILLISECONDS:
            return False
        time.sleep(PAUSE_SECONDS)
        return True

    dependencies = Dependencies(
        executions=Executions(machine),
        jobs=Jobs(),
        data=ObjectStore(settings.data_bucket),
        topic=Topic(settings.topic_arn),
        pause=pause,
    )
    logger.info(report_stop(name, dependencies))
