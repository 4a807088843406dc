"""How an execution ends: a message and ``Succeed``, or a recorded failure and ``Fail``."""

from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from infra.components.workflow.task import LAMBDA_TRANSIENT, Task, integration, invoke, retry, sdk_transient


def notify(scope: Construct, topic_arn: str, subject: str, outcome: str, on_error: sfn.IChainable) -> Task:
    """Tell people: ``subject`` and ``outcome`` are JSONata. The execution's output is the same as the message."""
    return Task(
        scope,
        "Notify",
        resource="sns:publish",
        arguments={
            "TopicArn": topic_arn,
            "Subject": f"{{% {subject} %}}",
            "Message": f"{{% $string({outcome}) %}}",
        },
        output=f"{{% {outcome} %}}",
        retries=[
            retry(
                (
                    "SNS.SdkClientException",
                    "SNS.InternalErrorException",
                    "SNS.ThrottledException",
                    *sdk_transient("SNS"),
                )
            )
        ],
        on_error=on_error,
        seconds=60,
    )


def record_failure(scope: Construct, function_arn: str) -> sfn.CustomState:
    """Keep what went wrong, tell people, and fail with a cause that names the step and the cost.

    Where even recording fails, the execution still fails with its original error.
    """
    fail = sfn.Fail(scope, "Fail", error="{% $error %}", cause="{% $cause %}")
    record = sfn.CustomState(
        scope,
        "RecordFailure",
        state_json={
            "Type": "Task",
            "Resource": integration("lambda:invoke"),
            "Arguments": invoke(function_arn, {}) | {"Payload": "{% $failure %}"},
            "Assign": {"error": "{% $states.result.Payload.error %}", "cause": "{% $states.result.Payload.cause %}"},
            "Retry": [retry(LAMBDA_TRANSIENT)],
            "TimeoutSeconds": 120,
        },
    )
    unrecorded = {
        "error": "{% $failure.error %}",
        "cause": "{% $failure.step & ': ' & $failure.error & ': ' & $failure.cause %}",
    }
    record.add_catch(fail, errors=["States.ALL"], assign=unrecorded)
    record.next(fail)
    return record
