"""What becomes of the endpoint's answers: a handler that its topics call, and one that looks for answers whose notification got lost."""

from collections.abc import Mapping, Sequence

from aws_cdk import Duration
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct

from contracts.vpc import VpcConfig
from infra.components.access import (
    Statement,
    answering,
    deleting,
    finding_open,
    keeping,
    publishing,
    reading,
    writing,
)
from infra.components.attributes import bucket_name, table_name, topic_arn
from infra.components.batch_names import answering_items
from infra.components.dead_letters import DeadLetters
from infra.components.handing_over import HandingOver
from infra.components.handler import Handler, Spec
from infra.settings.stage import Stage

SWEEP_MINUTES = 15
"""How often answers are looked for that nobody asked about."""


class AnswerHandlers(Construct):
    """Handlers that fill predictions' records and let smoke tests go on; what they fail on is kept in ``dead_letters``."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        stage: Stage,
        key: kms.IKey,
        table: dynamodb.ITable,
        media: s3.IBucket,
        topics: Sequence[sns.ITopic],
        machine_arn: str,
        handing_over: HandingOver,
        due: sns.ITopic,
        network: VpcConfig | None,
    ) -> None:
        super().__init__(scope, construct_id)
        self._stage, self._key, self._table, self._media, self._machine_arn = stage, key, table, media, machine_arn
        self._network, self._handing_over, self._due = network, handing_over, due
        self.dead_letters = DeadLetters(self, "DeadLetters")
        told = self._handler(self, self._spec("inference_result", seconds=120))
        for topic in topics:
            topic.add_subscription(
                subscriptions.LambdaSubscription(told.function, dead_letter_queue=self.dead_letters.queue)
            )
        sweeper = self._handler(Construct(self, "Sweep"), self._sweep())
        events.Rule(
            self,
            "Schedule",
            description="Look for answers whose notification got lost",
            schedule=events.Schedule.rate(Duration.minutes(SWEEP_MINUTES)),
            targets=[targets.LambdaFunction(sweeper.function, dead_letter_queue=self.dead_letters.queue)],
        )

    def _handler(self, scope: Construct, spec: Spec) -> Handler:
        days = self._stage.log_days
        return Handler(scope, "Handler", spec=spec, key=self._key, log_days=days, network=self._network)

    def _sweep(self) -> Spec:
        days = {"MEDIA_DAYS": str(self._stage.media_days)}
        return self._spec("reconcile", seconds=300, environment=days, grants=[finding_open(self._table)])

    def _spec(
        self,
        name: str,
        *,
        seconds: int,
        environment: Mapping[str, str] | None = None,
        grants: Sequence[list[Statement]] = (),
    ) -> Spec:
        """A handler that stores answers; ``environment`` and ``grants`` are what it needs besides."""
        places = {
            "TABLE_NAME": table_name(self._table),
            "MEDIA_BUCKET": bucket_name(self._media),
            "WEBHOOK_TOPIC_ARN": topic_arn(self._due),
            **self._handing_over.environment,
        }
        return Spec(
            name=name,
            environment={**places, **(environment or {})},
            grants=[
                reading(self._media, "requests/*", "responses/*", "failures/*"),
                writing(self._media, "outputs/*"),
                # A request that failed on the server's side is submitted once more; one that nobody waits for is dropped.
                # So are the pictures and the answer of one that was canceled or deleted while they came.
                deleting(self._media, "requests/*", "progress/*", "outputs/*", "responses/*", "failures/*"),
                self._handing_over.grants,
                keeping(self._table),
                answering(self._machine_arn),
                answering_items(self._stage),
                publishing(self._due),
                *grants,
            ],
            seconds=seconds,
            # The base64 of an answer's pictures (contracts.prediction.MOST_ANSWER_PIXELS), and one of them decoded.
            memory_mib=1024,
            dead_letters=self.dead_letters,
        )
