"""The HTTP API, and the handler that completes predictions when the endpoint has answered."""

from aws_cdk import CfnOutput
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct

from infra.components.access import allow, answering, arn, keeping, queueing, reading, writing
from infra.components.handler import Handler, Spec
from infra.components.rest_api import RestApi
from infra.components.workflow.steps.publication import PROMOTED
from infra.config import Stage
from infra.stacks.serving import ServingStack
from infra.stacks.stage_stack import StageStack
from infra.stacks.storage import StorageStack
from infra.stacks.training import TrainingStack


class ApiStack(StageStack):
    """REST API, its handler, and the handler of the endpoint's answers."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        stage: Stage,
        storage: StorageStack,
        serving: ServingStack,
        training: TrainingStack,
    ) -> None:
        about = "HTTP API, and the handler of the endpoint's answers"
        super().__init__(scope, construct_id, stage=stage, about=about)
        self._storage = storage
        machine_arn = training.workflow.machine.state_machine_arn
        result = self._handler(Construct(self, "Answers"), self._inference_result(machine_arn))
        for topic in (serving.success, serving.error):
            topic.add_subscription(subscriptions.LambdaSubscription(result.function))
        handler = self._handler(self, self._api(serving, machine_arn, training.resources.machine_names[0]))
        api = RestApi(self, "Rest", handler=handler, limits=stage.api, log_days=stage.log_days)
        CfnOutput(self, "ApiUrl", value=api.url)
        CfnOutput(self, "ApiKeyId", value=api.key_id)

    def _handler(self, scope: Construct, spec: Spec) -> Handler:
        return Handler(scope, "Handler", spec=spec, key=self._storage.key, log_days=self.stage.log_days)

    def _inference_result(self, machine_arn: str) -> Spec:
        """When the endpoint has answered, the prediction's record is filled, or a smoke test goes on."""
        storage = self._storage
        return Spec(
            name="inference_result",
            environment={"TABLE_NAME": storage.table.table_name, "MEDIA_BUCKET": storage.media_bucket.bucket_name},
            grants=[
                reading(storage.media_bucket, "responses/*", "failures/*"),
                writing(storage.media_bucket, "outputs/*"),
                keeping(storage.table),
                answering(machine_arn),
            ],
            seconds=120,
            # An answer holds up to 8 pictures as base64, which are decoded in memory.
            memory_mib=1024,
        )

    def _api(self, serving: ServingStack, machine_arn: str, machine_name: str) -> Spec:
        storage, prefix = self._storage, self.stage.prefix
        execution_calls = ["states:DescribeExecution", "states:GetExecutionHistory", "states:StopExecution"]
        return Spec(
            name="api",
            environment={
                "TABLE_NAME": storage.table.table_name,
                "MEDIA_BUCKET": storage.media_bucket.bucket_name,
                "DATA_BUCKET": storage.data_bucket.bucket_name,
                "MODEL_BUCKET": storage.model_bucket.bucket_name,
                "ENDPOINT_NAME": serving.endpoint.name,
                "NAME_PREFIX": prefix,
                "STATE_MACHINE_ARN": machine_arn,
            },
            grants=[
                reading(storage.media_bucket, "requests/*", "uploads/*", "outputs/*"),
                writing(storage.media_bucket, "requests/*", "uploads/*"),
                reading(storage.data_bucket, "datasets/*"),
                writing(storage.data_bucket, "datasets/*"),
                reading(storage.model_bucket, "styles/*"),
                writing(storage.model_bucket, PROMOTED),
                keeping(storage.table),
                queueing(serving.endpoint.arn, prefix),
                [allow(["states:StartExecution"], [machine_arn])],
                [allow(execution_calls, [arn("states", f"execution:{machine_name}:*")])],
            ],
            seconds=29,
            memory_mib=1024,
        )
