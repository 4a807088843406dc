"""An event that reports a run which was stopped or ran out of time as a whole: its state machine does no more."""

from aws_cdk import aws_events as events
from constructs import Construct

from contracts.layout import FAILURE
from infra.components.access import allow, arn, publishing, reading, writing
from infra.components.attributes import bucket_name, topic_arn
from infra.components.dead_letters import DeadLetters
from infra.components.handler import Spec
from infra.components.settlement import Settlement
from infra.components.workflow.resources import Resources
from infra.components.workflow.steps.ending import listing_trials, on_jobs


class StoppedRuns(Construct):
    """An EventBridge rule, limited to the stage's state machines, that calls ``report_stop``; ``settlement`` has its dead letters."""

    def __init__(self, scope: Construct, construct_id: str, *, use: Resources, settlement: Settlement) -> None:
        super().__init__(scope, construct_id)
        # https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html
        settlement.rule(
            self,
            "ExecutionState",
            "An execution of ours was stopped, or ran out of time",
            use.handlers.of(_spec(use, settlement.dead_letters)),
            event_pattern=events.EventPattern(
                source=["aws.states"],
                detail_type=["Step Functions Execution Status Change"],
                detail={"stateMachineArn": use.machine_arns, "status": ["ABORTED", "TIMED_OUT"]},
            ),
        )


def _spec(use: Resources, dead_letters: DeadLetters) -> Spec:
    executions = [arn("states", f"execution:{name}:*") for name in use.machine_names]
    record = f"runs/*/{FAILURE}"
    return Spec(
        name="report_stop",
        environment={"DATA_BUCKET": bucket_name(use.data_bucket), "TOPIC_ARN": topic_arn(use.topic)},
        grants=[
            [allow(["states:DescribeExecution", "states:GetExecutionHistory"], executions)],
            on_jobs(use, "Describe"),
            on_jobs(use, "Stop"),
            listing_trials(use),
            reading(use.data_bucket, record),
            writing(use.data_bucket, record),
            publishing(use.topic),
        ],
        # Jobs that are stopped take two minutes and a little more.
        seconds=300,
        dead_letters=dead_letters,
    )
