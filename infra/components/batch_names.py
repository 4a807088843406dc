"""The name of the state machine that paints batches, and who may answer what waits in it."""

from infra.components.access import Statement, answering, arn
from infra.settings.stage import Stage


def machine_name(stage: Stage) -> str:
    """Its physical name: handlers that start its executions, and answer its tokens, must know its ARN beforehand."""
    return f"{stage.prefix}-batches"


def machine_arn(stage: Stage) -> str:
    """The machine's ARN."""
    return arn("states", f"stateMachine:{machine_name(stage)}")


def executions_arn(stage: Stage) -> str:
    """The ARN of each of its executions."""
    return arn("states", f"execution:{machine_name(stage)}:*")


def answering_items(stage: Stage) -> list[Statement]:
    """Answer the tokens of a batch's items, each of which waits in an execution of the map, whose machine is called by both names."""
    return answering(machine_arn(stage), f"{machine_arn(stage)}/*")
