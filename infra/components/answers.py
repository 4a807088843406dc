"""What happens when the asynchronous endpoint has answered: the prediction's record is filled, or a smoke test goes on."""

from aws_cdk import Duration
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct

from infra.components.access import answering, keeping, reading, using, writing
from infra.components.handler import Handler


class AnswerDelivery(Construct):
    """``inference_result``, called by the endpoint's success and error topics."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        code: lambda_.Code,
        table: dynamodb.ITable,
        media_bucket: s3.IBucket,
        key: kms.IKey,
        topics: tuple[sns.ITopic, ...],
        workflow_arn: str,
        log_days: int,
    ) -> None:
        super().__init__(scope, construct_id)
        self.handler = Handler(
            self,
            "Handler",
            name="inference_result",
            code=code,
            log_days=log_days,
            environment={"TABLE_NAME": table.table_name, "MEDIA_BUCKET": media_bucket.bucket_name},
            timeout=Duration.minutes(2),
            # An answer holds up to 8 pictures as base64, which are decoded in memory.
            memory_mib=1024,
        )
        self.handler.grant(
            reading(media_bucket, "responses/*", "failures/*"),
            writing(media_bucket, "outputs/*"),
            keeping(table),
            using(key),
            answering(workflow_arn),
        )
        for topic in topics:
            topic.add_subscription(subscriptions.LambdaSubscription(self.handler.function))
