"""A daily call of the handler that lets SageMaker's logs expire."""

from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from constructs import Construct

from infra.components.access import allow, arn
from infra.components.dead_letters import DeadLetters
from infra.components.handler import Spec
from infra.components.workflow.resources import Resources


class LogExpiry(Construct):
    """``handler`` sets and deletes, ``dead_letters`` keeps what it failed on."""

    def __init__(self, scope: Construct, construct_id: str, *, use: Resources, dead_letters: DeadLetters) -> None:
        super().__init__(scope, construct_id)
        self.handler = use.handlers.of(_spec(use, dead_letters))
        events.Rule(
            self,
            "Schedule",
            description="Let the logs of jobs and endpoints expire",
            schedule=events.Schedule.rate(Duration.days(1)),
            targets=[targets.LambdaFunction(self.handler.function, dead_letter_queue=dead_letters.queue)],
        )


def _spec(use: Resources, dead_letters: DeadLetters) -> Spec:
    prefix, endpoints = use.stage.prefix, "log-group:/aws/sagemaker/Endpoints"
    jobs = [f"log-group:/aws/sagemaker/{kind}Jobs" for kind in ("Training", "Processing")]
    # Where a call is about a whole group, some rights are checked against its name alone and some with ``:*`` behind it.
    shared = f"{endpoints}/{use.endpoint.name}"
    own = [arn("logs", name) for name in (f"{endpoints}/{prefix}-style-*", shared, f"{shared}:*")]
    return Spec(
        name="expire_logs",
        environment={
            "NAME_PREFIX": prefix,
            "ENDPOINT_NAME": use.endpoint.name,
            "LOG_DAYS": str(use.stage.log_days),
        },
        grants=[
            # Groups are listed for the whole account.
            [allow(["logs:DescribeLogGroups"], ["*"])],
            [allow(["logs:PutRetentionPolicy"], own)],
            [
                allow(
                    ["logs:DescribeLogStreams"], [arn("logs", each) for group in jobs for each in (group, f"{group}:*")]
                )
            ],
            [allow(["logs:DeleteLogStream"], [arn("logs", f"{group}:log-stream:{prefix}-*") for group in jobs])],
        ],
        seconds=300,
        dead_letters=dead_letters,
    )
