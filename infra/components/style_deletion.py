"""A call every few minutes of the handler that removes what is left of styles and versions that were deleted."""

from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from constructs import Construct

from infra.components.access import allow, arn, deleting, finding_open, keeping, reading, writing
from infra.components.attributes import bucket_name, table_name
from infra.components.dead_letters import DeadLetters
from infra.components.handler import Spec
from infra.components.workflow.resources import Resources
from infra.components.workflow.steps.deployment import removal_calls
from infra.components.workflow.steps.endpoint_scaling import ACCEPTS_TARGETS
from infra.components.workflow.steps.publication import PROMOTED

SWEEP_MINUTES = 15
"""How often deletions are finished."""


class StyleDeletion(Construct):
    """``handler`` deletes, ``dead_letters`` keeps what it failed on."""

    def __init__(self, scope: Construct, construct_id: str, *, use: Resources, dead_letters: DeadLetters) -> None:
        super().__init__(scope, construct_id)
        self.handler = use.handlers.of(_spec(use, dead_letters))
        events.Rule(
            self,
            "Schedule",
            description="Remove what is left of deleted styles",
            schedule=events.Schedule.rate(Duration.minutes(SWEEP_MINUTES)),
            targets=[targets.LambdaFunction(self.handler.function, dead_letter_queue=dead_letters.queue)],
        )


def _spec(use: Resources, dead_letters: DeadLetters) -> Spec:
    prefix, data, models = use.stage.prefix, use.data_bucket, use.model_bucket
    calls = ["sagemaker:DescribeModelPackage", "sagemaker:UpdateModelPackage"]
    return Spec(
        name="delete_styles",
        environment={
            "TABLE_NAME": table_name(use.table),
            "DATA_BUCKET": bucket_name(data),
            "MODEL_BUCKET": bucket_name(models),
            "NAME_PREFIX": prefix,
        },
        grants=[
            keeping(use.table),
            finding_open(use.table),
            reading(data, "datasets/*", "imports/*"),
            deleting(data, "datasets/*", "imports/*"),
            reading(models, "styles/*"),
            writing(models, PROMOTED),
            deleting(models, "styles/*"),
            [allow(calls, [arn("sagemaker", f"model-package/{prefix}-*")])],
            removal_calls(f"{prefix}-style-*"),
        ],
        seconds=300,
        accepts=ACCEPTS_TARGETS,
        dead_letters=dead_letters,
    )
