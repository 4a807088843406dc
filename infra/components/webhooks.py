"""What tells clients: a topic that says what is due, and the handler that sends it, each minute what got lost, too."""

from aws_cdk import Duration
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct

from infra.components.access import allow, finding_open, keeping
from infra.components.attributes import table_name
from infra.components.dead_letters import DeadLetters
from infra.components.handler import Handler, Spec
from infra.components.topic import EncryptedTopic
from infra.settings.stage import Stage

SWEEP_MINUTES = 1
"""How often what is still due is looked for."""


class Webhooks(Construct):
    """``due`` is the topic that handlers tell when something has happened; ``send`` lets somebody hear it.

    In a stage that reaches nobody nothing is ever due.
    """

    def __init__(self, scope: Construct, construct_id: str, *, stage: Stage, key: kms.IKey) -> None:
        super().__init__(scope, construct_id)
        self._stage, self._key = stage, key
        self.due = EncryptedTopic(self, "Due", key=key)

    def send(self, *, table: dynamodb.ITable, api: Handler, machine_arn: str, dead_letters: DeadLetters) -> None:
        """Send what is due, with what ``api`` answers in it: when the topic says so, when an execution of the machine ends, each minute."""
        handler = Handler(
            self,
            "Handler",
            spec=Spec(
                name="deliver_webhooks",
                environment={
                    "TABLE_NAME": table_name(table),
                    "API_FUNCTION": api.function_name,
                    "WEBHOOKS": self._stage.webhooks,
                },
                grants=[keeping(table), finding_open(table), [allow(["lambda:InvokeFunction"], [api.arn])]],
                # It ends before it is called again.
                seconds=55,
                dead_letters=dead_letters,
            ),
            key=self._key,
            log_days=self._stage.log_days,
            # A stage whose handlers are in a network of its own has no way out, and sends nothing.
            network=None,
        )
        queue = dead_letters.queue
        self.due.add_subscription(subscriptions.LambdaSubscription(handler.function, dead_letter_queue=queue))
        target = targets.LambdaFunction(handler.function, dead_letter_queue=queue)
        # https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html
        events.Rule(
            self,
            "ExecutionState",
            description="A training has ended",
            event_pattern=events.EventPattern(
                source=["aws.states"],
                detail_type=["Step Functions Execution Status Change"],
                detail={
                    "stateMachineArn": [machine_arn],
                    "status": ["SUCCEEDED", "FAILED", "ABORTED", "TIMED_OUT"],
                },
            ),
            targets=[target],
        )
        events.Rule(
            self,
            "Schedule",
            description="Look for webhooks that are still due",
            schedule=events.Schedule.rate(Duration.minutes(SWEEP_MINUTES)),
            targets=[target],
        )
