"""The HTTP API, and the handler that completes predictions when the endpoint has answered."""

from aws_cdk import CfnOutput, Duration, Stack
from constructs import Construct

from infra.components.access import allow, keeping, queueing, reading, using, writing
from infra.components.answers import AnswerDelivery
from infra.components.handler import Handler, handler_code
from infra.components.rest_api import RestApi
from infra.components.workflow.fine_tuning import fine_tuning_name
from infra.components.workflow.machine import executions_arn
from infra.config import Stage
from infra.stacks.serving import ServingStack
from infra.stacks.storage import StorageStack
from infra.stacks.training import TrainingStack


class ApiStack(Stack):
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
        super().__init__(
            scope,
            construct_id,
            stack_name=f"{stage.prefix}-api",
            description="Atelier: HTTP API, and the handler of the endpoint's answers",
            tags=stage.tags,
        )
        self._stage, self._storage, self._serving, self._training = stage, storage, serving, training
        self._code = handler_code()
        AnswerDelivery(
            self,
            "Answers",
            code=self._code,
            table=storage.table,
            media_bucket=storage.media_bucket,
            key=storage.key,
            topics=(serving.success, serving.error),
            workflow_arn=training.workflow.machine.state_machine_arn,
            log_days=stage.log_days,
        )
        api = RestApi(self, "Rest", handler=self._handler(), limits=stage.api, log_days=stage.log_days)
        CfnOutput(self, "ApiUrl", value=api.url)
        CfnOutput(self, "ApiKeyId", value=api.key_id)

    def _handler(self) -> Handler:
        storage, machine = self._storage, self._training.workflow.machine
        handler = Handler(
            self,
            "Handler",
            name="api",
            code=self._code,
            log_days=self._stage.log_days,
            environment={
                "TABLE_NAME": storage.table.table_name,
                "MEDIA_BUCKET": storage.media_bucket.bucket_name,
                "DATA_BUCKET": storage.data_bucket.bucket_name,
                "MODEL_BUCKET": storage.model_bucket.bucket_name,
                "ENDPOINT_NAME": self._serving.endpoint.name,
                "NAME_PREFIX": self._stage.prefix,
                "STATE_MACHINE_ARN": machine.state_machine_arn,
            },
            timeout=Duration.seconds(29),
            memory_mib=1024,
        )
        handler.grant(
            reading(storage.media_bucket, "requests/*", "uploads/*", "outputs/*"),
            writing(storage.media_bucket, "requests/*", "uploads/*"),
            reading(storage.data_bucket, "datasets/*"),
            writing(storage.data_bucket, "datasets/*"),
            reading(storage.model_bucket, "styles/*"),
            keeping(storage.table),
            using(storage.key),
            queueing(self._serving.endpoint.arn, self._stage.prefix),
            [allow(["states:StartExecution"], [machine.state_machine_arn])],
            [
                allow(
                    ["states:DescribeExecution", "states:GetExecutionHistory", "states:StopExecution"],
                    [executions_arn(self, fine_tuning_name(self._stage.prefix))],
                )
            ],
        )
        return handler
