"""Where an asynchronous call ends that failed again and again: a queue that an alarm watches."""

from aws_cdk import Duration
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.nag import accept

KEEP_DAYS = 14
"""For how many days a lost event can be looked at: the longest that SQS offers."""


class DeadLetters(Construct):
    """``queue`` takes events that a service could not deliver, and those that a handler failed on three times.

    ``functions`` are the names of those handlers' functions, by handler: nobody waits for their answers, so alarms watch them.

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
        self.arn = self.queue.queue_arn
        self.functions: dict[str, str] = {}
        accept(self.queue, {"AwsSolutions-SQS3": "This is the queue for dead letters."})
