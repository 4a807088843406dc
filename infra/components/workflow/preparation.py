"""The first state: the input checked, everything later states need decided once."""

from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from infra.components.workflow.task import LAMBDA_TRANSIENT, Task, invoke, retry


def prepare(scope: Construct, function_arn: str, on_error: sfn.IChainable, *, seconds: int = 300) -> Task:
    """Validate the input and its dataset, for at most ``seconds``; ``$plan`` is what later states read."""
    payload = {"input": "{% $states.context.Execution.Input %}", "execution": "{% $states.context.Execution.Name %}"}
    return Task(
        scope,
        "Prepare",
        resource="lambda:invoke",
        arguments=invoke(function_arn, payload),
        assign={"plan": "{% $states.result.Payload %}"},
        retries=[retry(LAMBDA_TRANSIENT)],
        on_error=on_error,
        seconds=seconds,
        knows_plan=False,
    )
