"""The one way a task of the state machine is written: what it calls, what it keeps, when it tries again, where its errors go."""

from collections.abc import Mapping, Sequence
from typing import Any

from aws_cdk import Aws
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

LAMBDA_TRANSIENT = (
    "Lambda.ServiceException",
    "Lambda.AWSLambdaException",
    "Lambda.SdkClientException",
    "Lambda.TooManyRequestsException",
    "Lambda.ClientExecutionTimeoutException",
)
SAGEMAKER_JOB_TRANSIENT = ("SageMaker.AmazonSageMakerException", "SageMaker.SdkClientException")
"""Throttling and 5xx of the job integrations. A quota (``ResourceLimitExceeded``) has a name of its own and is final."""


def integration(name: str) -> str:
    """``lambda:invoke`` → the ARN of that service integration."""
    return f"arn:{Aws.PARTITION}:states:::{name}"


def sdk_transient(service: str) -> tuple[str, ...]:
    """What an SDK integration's temporary trouble is called."""
    names = ("ThrottlingException", "InternalServerException", "ServiceUnavailableException", "SdkClientException")
    return tuple(f"{service}.{name}" for name in names)


def retry(errors: Sequence[str], *, seconds: int = 2, attempts: int = 3, backoff: float = 2.0) -> dict[str, Any]:
    """One rule of a state's ``Retry``."""
    return {
        "ErrorEquals": list(errors),
        "IntervalSeconds": seconds,
        "MaxAttempts": attempts,
        "BackoffRate": backoff,
        "JitterStrategy": "FULL",
    }


class Task(sfn.CustomState):
    """A task state whose every error is kept in ``$failure`` and handed to ``on_error``.

    ``knows_plan`` is false only for the state that makes the plan: the failure record then goes without one.
    """

    def __init__(
        self,
        scope: Construct,
        state_name: str,
        *,
        resource: str,
        arguments: Mapping[str, Any],
        retries: Sequence[Mapping[str, Any]],
        on_error: sfn.IChainable,
        assign: Mapping[str, Any] | None = None,
        output: Any = None,
        seconds: int | None = None,
        knows_plan: bool = True,
    ) -> None:
        state = {
            "Type": "Task",
            "Resource": integration(resource),
            "Arguments": dict(arguments),
            "Retry": list(retries),
        }
        optional = {"Assign": assign, "Output": output, "TimeoutSeconds": seconds}
        super().__init__(
            scope, state_name, state_json=state | {key: value for key, value in optional.items() if value is not None}
        )
        self.add_catch(
            on_error,
            errors=["States.ALL"],
            assign={
                "failure": failure(
                    state_name,
                    "{% $states.errorOutput.Error %}",
                    "{% $states.errorOutput.Cause %}",
                    knows_plan=knows_plan,
                )
            },
        )


def failure(step: str, error: str, cause: str, *, knows_plan: bool = True) -> dict[str, str]:
    """What ``record_failure`` is given: where it broke, the error's name and text, and when the execution began."""
    record = {
        "execution": "{% $states.context.Execution.Name %}",
        "step": step,
        "error": error,
        "cause": cause,
        "started": "{% $states.context.Execution.StartTime %}",
    }
    return record | ({"plan": "{% $plan %}"} if knows_plan else {})


def invoke(function_arn: str, payload: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments of ``lambda:invoke``."""
    return {"FunctionName": function_arn, "Payload": dict(payload)}


def when(expression: str) -> sfn.Condition:
    """A choice's condition, as JSONata without its braces."""
    return sfn.Condition.jsonata(f"{{% {expression} %}}")
