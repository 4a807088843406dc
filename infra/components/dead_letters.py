"""Where an asynchronous call ends that failed again and again: a queue that an alarm watches."""

from aws_cdk import Duration
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.components.access import allow, grant
from infra.components.handler import Handler
from infra.nag import accept

KEEP_DAYS = 14
"""For how many days a lost event can be looked at: the longest that SQS offers."""

RETRIES = 2
"""How often Lambda tries an event again that its handler failed on: the most that it offers."""


class DeadLetters(Construct):
    """``queue`` takes events that a service could not deliver, and those that a handler failed on three times.

    They are encrypted with SQS's own key: SNS and EventBridge could not use ours. They name objects, packages and endpoints, and quote
    nothing of what is in them.
    """

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        self.queue = sqs.Queue(
            self,
            "Queue",
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            retention_period=Duration.days(KEEP_DAYS),
        )
        accept(self.queue, {"AwsSolutions-SQS3": "This is the queue for dead letters."})

    def take_failures_of(self, handler: Handler) -> None:
        """Send here every event that the handler failed on, with its error."""
        grant(handler.role, [allow(["sqs:SendMessage"], [self.queue.queue_arn])])
        config = lambda_.CfnEventInvokeConfig(
            handler,
            "Asynchronous",
            function_name=handler.function.function_name,
            qualifier="$LATEST",
            maximum_retry_attempts=RETRIES,
            destination_config={"onFailure": {"destination": self.queue.queue_arn}},
        )
        # Lambda looks whether the role may send before it takes the setting.
        config.node.add_dependency(handler.role)
