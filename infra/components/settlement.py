"""Events that let a waiting execution go on: a model package was approved or rejected, a style's endpoint has settled.

A schedule makes up for those that get lost.
"""

from typing import Any

from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from constructs import Construct

from infra.components.access import allow, answering, arn, finding_open, keeping
from infra.components.attributes import table_name
from infra.components.dead_letters import DeadLetters
from infra.components.handler import Handler, Spec
from infra.components.workflow.resources import Resources

SWEEP_MINUTES = 15
"""How often what runs wait for is looked at."""

LONGEST_EVENT_HOURS = 2
"""How long EventBridge tries to deliver an event."""


def _settle(use: Resources, dead_letters: DeadLetters) -> Spec:
    """The handler that asks SageMaker what became of the package or endpoint, and answers the run that waits for it."""
    endpoints = arn("sagemaker", f"endpoint/{use.stage.prefix}-style-*")
    packages = arn("sagemaker", f"model-package/{use.stage.prefix}-*")
    return Spec(
        name="settle",
        environment={"TABLE_NAME": table_name(use.table)},
        grants=[
            keeping(use.table),
            answering(*use.machine_arns),
            [allow(["sagemaker:DescribeEndpoint"], [endpoints]), allow(["sagemaker:DescribeModelPackage"], [packages])],
            finding_open(use.table),
        ],
        dead_letters=dead_letters,
    )


class Settlement(Construct):
    """Two EventBridge rules, limited to names of the stage, and a schedule, that call ``settle``."""

    def __init__(self, scope: Construct, construct_id: str, *, use: Resources) -> None:
        super().__init__(scope, construct_id)
        self.dead_letters = DeadLetters(self, "DeadLetters")
        handler, prefix = use.handlers.of(_settle(use, self.dead_letters)), use.stage.prefix
        self.rule(
            self,
            "PackageState",
            "A model package of ours was approved or rejected",
            handler,
            event_pattern=_change("Model Package", {"ModelPackageGroupName": [{"prefix": f"{prefix}-"}]}),
        )
        self.rule(
            self,
            "EndpointState",
            "An endpoint of one style is in service, or has failed",
            handler,
            event_pattern=_change("Endpoint", {"EndpointName": [{"prefix": f"{prefix}-style-"}]}),
        )
        self.rule(
            self,
            "Sweep",
            "Look for approvals and endpoints whose event got lost",
            handler,
            schedule=events.Schedule.rate(Duration.minutes(SWEEP_MINUTES)),
        )

    def rule(self, scope: Construct, construct_id: str, description: str, handler: Handler, **when: Any) -> None:
        """Call the handler; ``when`` is a pattern or a schedule."""
        target = targets.LambdaFunction(
            handler.function,
            max_event_age=Duration.hours(LONGEST_EVENT_HOURS),
            retry_attempts=20,
            dead_letter_queue=self.dead_letters.queue,
        )
        events.Rule(scope, construct_id, description=description, targets=[target], **when)


def _change(of: str, detail: dict[str, object]) -> events.EventPattern:
    return events.EventPattern(source=["aws.sagemaker"], detail_type=[f"SageMaker {of} State Change"], detail=detail)
