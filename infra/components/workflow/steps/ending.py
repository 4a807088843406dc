"""How an execution ends: a message and success, or a recorded failure."""

from typing import Any

from contracts.job_kinds import JOB_RESOURCES, JOB_WORDS
from contracts.layout import FAILURE, RESUMPTION
from infra.components.access import Statement, allow, arn, publishing, using, writing
from infra.components.attributes import bucket_name, topic_arn
from infra.components.handler import Spec
from infra.components.workflow.handlers import LAMBDA_RETRY
from infra.components.workflow.resources import Resources
from infra.components.workflow.step import RECORD_FAILURE, SUCCEED, Step, integration, retry, sdk_transient


def notify(use: Resources, *, subject: str, outcome: str, name: str = "Notify") -> Step:
    """The message about a run that succeeded: ``subject`` and ``outcome`` are JSONata. The execution's output is the same."""
    return Step(
        name=name,
        does="Tell people what there is now",
        resource="sns:publish",
        arguments={
            "TopicArn": topic_arn(use.topic),
            "Subject": f"{{% {subject} %}}",
            "Message": f"{{% $string({outcome}) %}}",
        },
        output=f"{{% {outcome} %}}",
        retries=[retry(("SNS.InternalErrorException", "SNS.ThrottledException", *sdk_transient("SNS")))],
        allows=[*publishing(use.topic), *using(use.key)],
    )


def record_failure(use: Resources) -> Spec:
    """The handler that records a failure and tells people: which step failed, why, and what the run has cost."""
    return Spec(
        name="record_failure",
        environment={"DATA_BUCKET": bucket_name(use.data_bucket), "TOPIC_ARN": topic_arn(use.topic)},
        grants=[
            writing(use.data_bucket, f"runs/*/{FAILURE}", f"runs/*/{RESUMPTION}"),
            publishing(use.topic),
            on_jobs(use, "Describe"),
            listing_trials(use),
        ],
    )


def on_jobs(use: Resources, verb: str) -> list[Statement]:
    """``Describe`` or ``Stop`` the stage's jobs of all kinds."""
    return [
        allow([f"sagemaker:{verb}{word}"], [arn("sagemaker", f"{JOB_RESOURCES[kind]}/{use.stage.prefix}-*")])
        for kind, word in JOB_WORDS.items()
    ]


def listing_trials(use: Resources) -> list[Statement]:
    """See which training jobs a tuning job of the stage has made."""
    jobs = arn("sagemaker", f"{JOB_RESOURCES['tuning']}/{use.stage.prefix}-*")
    return [allow(["sagemaker:ListTrainingJobsForHyperParameterTuningJob"], [jobs])]


def end_states(function_arn: str) -> dict[str, dict[str, Any]]:
    """Success; or the recorded failure, whose cause names the step and the cost.

    Where even recording fails, the execution still fails with its original error.
    """
    unrecorded = {
        "error": "{% $failure.error %}",
        "cause": "{% $failure.step & ': ' & $failure.error & ': ' & $failure.cause %}",
    }
    record = {
        "Type": "Task",
        "Comment": "Write down what went wrong and what it cost, and tell people",
        "Resource": integration("lambda:invoke"),
        "Arguments": {"FunctionName": function_arn, "Payload": "{% $failure %}"},
        "Assign": {name: f"{{% $states.result.Payload.{name} %}}" for name in ("error", "cause")},
        "Retry": [LAMBDA_RETRY],
        "TimeoutSeconds": 120,
        "Catch": [{"ErrorEquals": ["States.ALL"], "Assign": unrecorded, "Next": "Fail"}],
        "Next": "Fail",
    }
    return {
        SUCCEED: {"Type": "Succeed"},
        RECORD_FAILURE: record,
        "Fail": {"Type": "Fail", "Error": "{% $error %}", "Cause": "{% $cause %}"},
    }
