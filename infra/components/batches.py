"""Batches: a state machine that asks the API for a prediction for each row of a list, and the handlers behind it."""

import json
from dataclasses import replace

from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_sns as sns
from constructs import Construct

from contracts.vpc import VpcConfig
from infra.components.access import Statement, allow, finding_open, keeping, publishing, reading, using, writing
from infra.components.attributes import bucket_arn, bucket_name, table_arn, table_name, topic_arn
from infra.components.batch_names import answering_items, executions_arn, machine_arn, machine_name
from infra.components.dead_letters import DeadLetters
from infra.components.handler import Handler, Spec
from infra.components.workflow.distributed import Distributed
from infra.components.workflow.flow import Branch, Flow
from infra.components.workflow.handlers import Handlers
from infra.components.workflow.machine import Machine
from infra.components.workflow.resources import Resources
from infra.components.workflow.step import Step, retry

SWEEP_MINUTES = 15
"""How often batches are looked at whose execution ended unheard."""

LONGEST_ITEM = 8 * 3_600
"""Seconds for which a state waits for its prediction; ``atelier_ops.logic.batches.items`` has the same, and the gate compares them."""

_PREFIX = "batches/*"


class BatchMachine(Construct):
    """``machine`` paints them. ``due`` hears that a webhook has something to say; ``dead_letters`` keeps what the last one failed on."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        use: Resources,
        api: Handler,
        known_clients: str,
        network: VpcConfig | None,
        due: sns.ITopic,
        dead_letters: DeadLetters,
    ) -> None:
        super().__init__(scope, construct_id)
        self._use, self._api, self._clients, self._due = use, api, known_clients, due
        self._handlers = Handlers(self, "Handlers", key=use.key, log_days=use.stage.log_days, network=network)
        self.machine = Machine(self, "Machine", name=machine_name(use.stage), flow=self._flow(), use=use)
        self._call(self._handlers.of(self._settler(dead_letters)), dead_letters)

    def _call(self, settle: Handler, dead_letters: DeadLetters) -> None:
        target = targets.LambdaFunction(settle.function, dead_letter_queue=dead_letters.queue)
        ended = events.EventPattern(
            source=["aws.states"],
            detail_type=["Step Functions Execution Status Change"],
            detail={"stateMachineArn": [machine_arn(self._use.stage)], "status": ["FAILED", "ABORTED", "TIMED_OUT"]},
        )
        said = "A batch failed, was stopped or ran out of time"
        events.Rule(self, "ExecutionState", description=said, event_pattern=ended, targets=[target])
        rate = events.Schedule.rate(Duration.minutes(SWEEP_MINUTES))
        events.Rule(
            self, "Schedule", description="Look for batches that ended unheard", schedule=rate, targets=[target]
        )

    def _flow(self) -> Flow:
        prepare = self._handlers.call(
            self._preparer(),
            name="PrepareBatch",
            does="Check every row, and write down what is painted",
            payload={
                "input": "{% $states.context.Execution.Input %}",
                "execution": "{% $states.context.Execution.Name %}",
            },
            assign={"batch": "{% $states.result.Payload.batch %}"},
            knows_plan=False,
        )
        report = self._handlers.call(
            self._reporter(),
            name="ReportBatch",
            does="Write what became of each item",
            payload={"batch": "{% $batch %}"},
            knows_plan=False,
        )
        return (
            prepare,
            # Where a batch is resumed of which nothing is left to paint.
            Branch(name="HasItems", when="$batch.items > 0", then=(self._paint(),)),
            replace(report, output="{% $states.result.Payload %}"),
        )

    def _paint(self) -> Distributed:
        media, stage = self._use.media_bucket, self._use.stage
        bucket = "{% $batch.bucket %}"
        painting = Distributed(
            name="PaintItems",
            does="Ask for a prediction for each item, and wait for its end",
            step=self._item(),
            lines={"Bucket": bucket, "Key": "{% $batch.key %}"},
            results={"Bucket": bucket, "Prefix": "{% $batch.results %}"},
            most="{% $batch.concurrency %}",
            tolerated="{% $batch.tolerated_percent %}",
            machine=machine_name(stage),
            allows=[
                allow(["s3:GetObject"], [f"{bucket_arn(media)}/{_PREFIX}"]),
                *writing(media, _PREFIX),
                allow(["s3:ListMultipartUploadParts"], [f"{bucket_arn(media)}/{_PREFIX}"]),
                *using(self._use.key),
            ],
        )
        return replace(
            painting, step=replace(painting.step, allows=[*painting.step.allows, *painting.allows, *painting.starting])
        )

    def _item(self) -> Step:
        busy = retry(("ApiUnavailableError",), seconds=30, attempts=10, backoff=1.5)
        step = self._handlers.wait(
            self._painter(),
            name="PaintItem",
            does="Ask for one prediction, and wait for its end",
            payload={"item": "{% $states.input %}"},
            seconds=LONGEST_ITEM,
            busy=busy,
        )
        return replace(step, knows_plan=False)

    def _preparer(self) -> Spec:
        use, stage = self._use, self._use.stage
        return Spec(
            name="prepare_batch",
            environment={
                **self._places(),
                "MODEL_BUCKET": bucket_name(use.model_bucket),
                "ENDPOINT_NAME": use.endpoint.name,
                "NAME_PREFIX": stage.prefix,
                "PACE": json.dumps(stage.pace.to_json(), sort_keys=True),
                "CONSENT": stage.people.consent,
                "SAFETY_RULES": stage.safety.text,
                "COMMERCIAL": str(stage.licences.commercial).lower(),
                "MEDIA_DAYS": str(stage.media_days),
                "CLIENTS": self._clients,
                "SERVING_INSTANCE": stage.serving.instance,
            },
            grants=[
                keeping(use.table),
                [_getting(use)],
                reading(use.media_bucket, "uploads/*", _PREFIX),
                writing(use.media_bucket, _PREFIX),
                reading(use.model_bucket, "styles/*"),
                publishing(self._due),
            ],
            # The start of each picture is read, up to a MiB, sixteen at once.
            seconds=600,
            memory_mib=1024,
        )

    def _painter(self) -> Spec:
        return Spec(
            name="paint_item",
            environment={"TABLE_NAME": table_name(self._use.table), "API_FUNCTION": self._api.function_name},
            grants=[
                keeping(self._use.table),
                [_getting(self._use)],
                [allow(["lambda:InvokeFunction"], [self._api.arn])],
                answering_items(self._use.stage),
            ],
            # Lambda, which it asks, has no way into a network of the stage's own: an interface would cost $15 a month in each zone.
            internet=True,
        )

    def _reporter(self) -> Spec:
        use = self._use
        return Spec(
            name="report_batch",
            environment={
                **self._places(),
                "SERVING_INSTANCE": use.stage.serving.instance,
                "DISCLOSURE": use.stage.disclosure.environment,
            },
            grants=[
                keeping(use.table),
                [_getting(use)],
                reading(use.media_bucket, _PREFIX),
                writing(use.media_bucket, _PREFIX),
                publishing(self._due),
            ],
            seconds=300,
            memory_mib=1024,
        )

    def _settler(self, dead_letters: DeadLetters) -> Spec:
        """What reports, and finds what is to be reported."""
        reporter, stage = self._reporter(), self._use.stage
        return replace(
            reporter,
            name="settle_batches",
            environment={**reporter.environment, "BATCH_MACHINE_ARN": machine_arn(stage)},
            grants=[
                *reporter.grants,
                finding_open(self._use.table),
                [allow(["states:DescribeExecution"], [executions_arn(stage)])],
            ],
            dead_letters=dead_letters,
        )

    def _places(self) -> dict[str, str]:
        return {
            "TABLE_NAME": table_name(self._use.table),
            "MEDIA_BUCKET": bucket_name(self._use.media_bucket),
            "WEBHOOK_TOPIC_ARN": topic_arn(self._due),
        }


def _getting(use: Resources) -> Statement:
    """Get many records together."""
    return allow(["dynamodb:BatchGetItem"], [table_arn(use.table)])
