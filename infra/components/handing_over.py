"""How handlers hand requests to endpoints: into the queue of an asynchronous one, or to a function that asks a real-time one."""

from collections.abc import Mapping
from dataclasses import dataclass

from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns
from constructs import Construct

from contracts.vpc import VpcConfig
from infra.components.access import Statement, allow, arn, publishing, queueing, reading, writing
from infra.components.attributes import bucket_name, topic_arn
from infra.components.dead_letters import DeadLetters
from infra.components.handler import Handler, Spec
from infra.settings.stage import Stage

ASKING_SECONDS = 900
"""Lambda's longest: an endpoint that is busy is asked again for most of it."""


@dataclass(frozen=True, kw_only=True)
class HandingOver:
    """``function`` is what asks; ``none`` where requests wait in SageMaker's own queue. ``grants`` are what whoever hands over may do."""

    function: str
    grants: list[Statement]

    @property
    def environment(self) -> Mapping[str, str]:
        """What handlers are told."""
        return {"REAL_TIME_FUNCTION": self.function}


def queue_of(endpoint_arn: str, stage: Stage) -> HandingOver:
    """SageMaker's own queue."""
    return HandingOver(function="none", grants=queueing(endpoint_arn, stage.prefix))


class EndpointCaller(Construct):
    """Asks real-time endpoints, and writes and tells what they answer as SageMaker does of asynchronous ones.

    Lambda keeps what it is to do, and what it failed on lies in ``dead_letters``.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        stage: Stage,
        endpoint_arn: str,
        key: kms.IKey,
        media: s3.IBucket,
        success: sns.ITopic,
        error: sns.ITopic,
        network: VpcConfig | None,
    ) -> None:
        super().__init__(scope, construct_id)
        self.dead_letters = DeadLetters(self, "DeadLetters")
        endpoints = [endpoint_arn, arn("sagemaker", f"endpoint/{stage.prefix}-style-*")]
        spec = Spec(
            name="ask_endpoint",
            environment={
                "MEDIA_BUCKET": bucket_name(media),
                "SUCCESS_TOPIC_ARN": topic_arn(success),
                "ERROR_TOPIC_ARN": topic_arn(error),
            },
            grants=[
                reading(media, "requests/*", "responses/*"),
                writing(media, "responses/*", "failures/*"),
                [allow(["sagemaker:InvokeEndpoint"], endpoints)],
                publishing(success),
                publishing(error),
            ],
            seconds=ASKING_SECONDS,
            dead_letters=self.dead_letters,
        )
        self.handler = Handler(self, "Handler", spec=spec, key=key, log_days=stage.log_days, network=network)
        self.handing_over = HandingOver(
            function=self.handler.function_name, grants=[allow(["lambda:InvokeFunction"], [self.handler.arn])]
        )
