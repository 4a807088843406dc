"""A largest size for uploads: S3 takes a presigned PUT of up to 5 GB and knows no condition against it, so what is too large is deleted."""

from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from contracts.corpus import VOCABULARY
from contracts.requests import LARGEST_UPLOAD
from contracts.vpc import VpcConfig
from infra.components.access import deleting, reading
from infra.components.attributes import bucket_name
from infra.components.dead_letters import DeadLetters
from infra.components.handler import Handler, Spec
from infra.settings.stage import Stage

EVENT_HOURS = 24
"""How long EventBridge tries to deliver an event."""


class UploadLimit(Construct):
    """``handler`` is called for uploads above ``LARGEST_UPLOAD`` only: the rule looks at the size."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        stage: Stage,
        key: kms.IKey,
        data: s3.IBucket,
        media: s3.IBucket,
        dead_letters: DeadLetters,
        network: VpcConfig | None,
    ) -> None:
        super().__init__(scope, construct_id)
        grants = [
            deleting(media, "uploads/*"),
            deleting(data, "datasets/*"),
            reading(data, f"datasets/*/{VOCABULARY}"),
        ]
        spec = Spec(name="discard_upload", environment={}, grants=grants, dead_letters=dead_letters)
        self.handler = Handler(self, "Handler", spec=spec, key=key, log_days=stage.log_days, network=network)
        places = [{"prefix": "uploads/"}, {"prefix": "datasets/"}]
        too_large = {"key": places, "size": [{"numeric": [">", LARGEST_UPLOAD]}]}
        events.Rule(
            self,
            "TooLarge",
            description="An upload is larger than anything that reads it takes",
            event_pattern=events.EventPattern(
                source=["aws.s3"],
                detail_type=["Object Created"],
                detail={"bucket": {"name": [bucket_name(data), bucket_name(media)]}, "object": too_large},
            ),
            targets=[
                targets.LambdaFunction(
                    self.handler.function,
                    max_event_age=Duration.hours(EVENT_HOURS),
                    dead_letter_queue=dead_letters.queue,
                )
            ],
        )
