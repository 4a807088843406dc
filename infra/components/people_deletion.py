"""A call every few minutes of the handler that removes what belongs to people whose data are to be deleted."""

from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_sns as sns
from constructs import Construct

from contracts.vpc import VpcConfig
from infra.components.access import (
    Statement,
    allow,
    arn,
    deleting,
    finding_open,
    finding_own,
    keeping,
    publishing,
    purging,
    reading,
    writing,
)
from infra.components.attributes import bucket_name, table_name, topic_arn
from infra.components.batch_names import answering_items, executions_arn
from infra.components.batch_names import machine_arn as batch_machine_arn
from infra.components.dead_letters import DeadLetters
from infra.components.handing_over import HandingOver
from infra.components.handler import Handler, Spec
from infra.components.workflow.resources import Resources
from infra.components.workflow.steps.publication import PROMOTED

SWEEP_MINUTES = 15
"""How often deletions are gone on with. One of a style takes three: its runs are stopped, its endpoints removed, its versions purged."""

_MEDIA = ("requests/*", "progress/*", "outputs/*", "responses/*", "failures/*", "uploads/*", "batches/*")
_DATA = ("datasets/*", "imports/*", "runs/*", "checkpoints/*")


class PeopleDeletion(Construct):
    """``handler`` deletes; ``dead_letters`` keeps what it failed on."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        use: Resources,
        machine_arn: str,
        handing_over: HandingOver,
        due: sns.ITopic,
        network: VpcConfig | None,
        dead_letters: DeadLetters,
    ) -> None:
        super().__init__(scope, construct_id)
        self._use, self._due, self._handing_over, self._machine_arn = use, due, handing_over, machine_arn
        spec, days = self._spec(dead_letters), use.stage.log_days
        self.handler = Handler(self, "Handler", spec=spec, key=use.key, log_days=days, network=network)
        events.Rule(
            self,
            "Schedule",
            description="Remove what belongs to people whose data are to be deleted",
            schedule=events.Schedule.rate(Duration.minutes(SWEEP_MINUTES)),
            targets=[targets.LambdaFunction(self.handler.function, dead_letter_queue=dead_letters.queue)],
        )

    def _spec(self, dead_letters: DeadLetters) -> Spec:
        use = self._use
        return Spec(
            name="delete_people",
            environment={
                "TABLE_NAME": table_name(use.table),
                "MEDIA_BUCKET": bucket_name(use.media_bucket),
                "DATA_BUCKET": bucket_name(use.data_bucket),
                "MODEL_BUCKET": bucket_name(use.model_bucket),
                "NAME_PREFIX": use.stage.prefix,
                "STATE_MACHINE_ARN": self._machine_arn,
                "BATCH_MACHINE_ARN": batch_machine_arn(use.stage),
                "SERVING_INSTANCE": use.stage.serving.instance,
                "DISCLOSURE": use.stage.disclosure.environment,
                "WEBHOOK_TOPIC_ARN": topic_arn(self._due),
                **self._handing_over.environment,
            },
            grants=[
                keeping(use.table),
                finding_open(use.table),
                finding_own(use.table)[1:],
                reading(use.media_bucket, "batches/*"),
                writing(use.media_bucket, "batches/*"),
                deleting(use.media_bucket, *_MEDIA),
                purging(use.data_bucket, *_DATA),
                reading(use.model_bucket, "styles/*"),
                writing(use.model_bucket, PROMOTED),
                purging(use.model_bucket, "styles/*"),
                answering_items(use.stage),
                publishing(self._due),
                self._runs(),
            ],
            seconds=600,
            # The items and the report of a batch of 10,000 rows.
            memory_mib=1024,
            dead_letters=dead_letters,
        )

    def _runs(self) -> list[Statement]:
        """Find and stop the runs of a style and rounds of batches, reject a style's versions, and delete what its jobs logged."""
        prefix, machine = self._use.stage.prefix, self._use.machine_names[0]
        calls = ["states:DescribeExecution", "states:StopExecution"]
        groups = [f"log-group:/aws/sagemaker/{kind}Jobs" for kind in ("Training", "Processing")]
        found = [arn("logs", each) for group in groups for each in (group, f"{group}:*")]
        streams = [arn("logs", f"{group}:log-stream:{prefix}-*") for group in groups]
        packages = [f"sagemaker:{call}" for call in ("ListModelPackages", "DescribeModelPackage", "UpdateModelPackage")]
        return [
            allow(["states:ListExecutions"], [self._machine_arn]),
            allow(calls, [arn("states", f"execution:{machine}:*"), executions_arn(self._use.stage)]),
            allow(["logs:DescribeLogStreams"], found),
            allow(["logs:DeleteLogStream"], streams),
            allow(packages, [arn("sagemaker", f"model-package/{prefix}-*")]),
        ]
