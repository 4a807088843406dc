"""The Lambdas behind the states, each with exactly the calls it makes (lambdas/README.md lists them)."""

from dataclasses import dataclass

from aws_cdk import ArnFormat, Duration, Stack
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns
from constructs import Construct

from contracts.hosting import Hosting
from infra.components.access import allow, answering, keeping, passing, publishing, reading, using, writing
from infra.components.endpoint import AsyncEndpoint
from infra.components.handler import Handler
from infra.config import Stage
from infra.nag import accept
from models.catalogue import find


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What the handlers of the workflow read, write and call."""

    stage: Stage
    code: lambda_.Code
    data_bucket: s3.IBucket
    model_bucket: s3.IBucket
    media_bucket: s3.IBucket
    key: kms.IKey
    table: dynamodb.ITable
    topic: sns.ITopic
    endpoint: AsyncEndpoint
    hosting: Hosting
    workflow_arn: str
    pretraining_arn: str

    def handler(
        self,
        scope: Construct,
        construct_id: str,
        name: str,
        environment: dict[str, str],
        seconds: int = 60,
        memory_mib: int = 512,
    ) -> Handler:
        """One handler of a workflow, which may use the stage's key."""
        handler = Handler(
            scope,
            construct_id,
            name=name,
            code=self.code,
            log_days=self.stage.log_days,
            environment=environment,
            timeout=Duration.seconds(seconds),
            memory_mib=memory_mib,
        )
        handler.grant(using(self.key))
        return handler


class WorkflowHandlers(Construct):
    """One handler a Lambda state, and ``resume``, which two events call. Some serve both state machines."""

    def __init__(self, scope: Construct, construct_id: str, *, around: Surroundings) -> None:
        super().__init__(scope, construct_id)
        self._around = around
        self.prepare = self._prepare()
        self.gate = self._gate()
        self.request_approval = self._request_approval()
        self.resume = self._resume()
        self.publish = self._publish()
        self.deploy_endpoint = self._deploy_endpoint()
        self.smoke_test = self._smoke_test()
        self.record_failure = self._record_failure()

    @property
    def states(self) -> tuple[Handler, ...]:
        """The handlers that the state machine invokes."""
        return (
            self.prepare,
            self.gate,
            self.request_approval,
            self.publish,
            self.deploy_endpoint,
            self.smoke_test,
            self.record_failure,
        )

    def _handler(
        self, construct_id: str, name: str, environment: dict[str, str], seconds: int = 60, memory_mib: int = 512
    ) -> Handler:
        return self._around.handler(self, construct_id, name, environment, seconds, memory_mib)

    def _prepare(self) -> Handler:
        around, stage = self._around, self._around.stage
        environment = {
            "DATA_BUCKET": around.data_bucket.bucket_name,
            "MODEL_BUCKET": around.model_bucket.bucket_name,
            "NAME_PREFIX": stage.prefix,
            "DEFAULT_BASE_MODEL": stage.default_model.reference,
            "BASE_MODELS": ",".join(find(name).reference for name in stage.base_models),
            "SEGMENTER": stage.segmenter_model.reference,
        }
        handler = self._handler("Prepare", "prepare", environment, seconds=240, memory_mib=1024)
        handler.grant(reading(around.data_bucket, "datasets/*"), reading(around.model_bucket, "base/*/manifest.json"))
        return handler

    def _gate(self) -> Handler:
        handler = self._handler("Gate", "gate", {"DATA_BUCKET": self._around.data_bucket.bucket_name})
        handler.grant(reading(self._around.data_bucket, "runs/*"))
        return handler

    def _request_approval(self) -> Handler:
        around = self._around
        environment = {"TABLE_NAME": around.table.table_name, "TOPIC_ARN": around.topic.topic_arn}
        handler = self._handler("RequestApproval", "request_approval", environment)
        packages = self._sagemaker("model-package", f"{around.stage.prefix}-*")
        machines = answering(around.workflow_arn, around.pretraining_arn)
        handler.grant(keeping(around.table), publishing(around.topic), machines)
        handler.grant([allow(["sagemaker:DescribeModelPackage"], [packages])])
        return handler

    def _resume(self) -> Handler:
        around = self._around
        handler = self._handler("Resume", "resume", {"TABLE_NAME": around.table.table_name})
        endpoints = self._sagemaker("endpoint", f"{around.stage.prefix}-style-*")
        handler.grant(keeping(around.table), answering(around.workflow_arn, around.pretraining_arn))
        handler.grant([allow(["sagemaker:DescribeEndpoint"], [endpoints])])
        return handler

    def _publish(self) -> Handler:
        around, styles = self._around, "styles/*"
        environment = {
            "DATA_BUCKET": around.data_bucket.bucket_name,
            "MODEL_BUCKET": around.model_bucket.bucket_name,
        }
        # A full fine-tune is some gigabytes, copied on S3's side in parts.
        handler = self._handler("Publish", "publish", environment, seconds=900, memory_mib=1024)
        handler.grant(
            reading(around.data_bucket, "runs/*"),
            reading(around.model_bucket, styles),
            writing(around.model_bucket, styles),
        )
        return handler

    def _deploy_endpoint(self) -> Handler:
        around = self._around
        environment = {
            "TABLE_NAME": around.table.table_name,
            "HOSTING": Stack.of(self).to_json_string(around.hosting.to_json()),
        }
        handler = self._handler("DeployEndpoint", "deploy_endpoint", environment)
        handler.grant(keeping(around.table), answering(around.workflow_arn), passing(around.hosting.role_arn))
        handler.grant(self._endpoint_calls())
        accept(
            handler.role,
            "AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:application-autoscaling:<AWS::Region>:<AWS::AccountId>:scalable-target/*]",
            because="A scalable target's ARN holds an identifier of AWS's choice, unknown before the target is made.",
        )
        return handler

    def _endpoint_calls(self) -> list[iam.PolicyStatement]:
        name = f"{self._around.stage.prefix}-style-*"
        stack = Stack.of(self)
        alarms = stack.format_arn(
            service="cloudwatch", resource="alarm", resource_name=name, arn_format=ArnFormat.COLON_RESOURCE_NAME
        )
        targets = stack.format_arn(service="application-autoscaling", resource="scalable-target", resource_name="*")
        model, config, endpoint = (self._sagemaker(kind, name) for kind in ("model", "endpoint-config", "endpoint"))
        return [
            allow(["sagemaker:CreateModel", "sagemaker:DescribeModel"], [model]),
            allow(["sagemaker:CreateEndpointConfig", "sagemaker:DescribeEndpointConfig"], [config, model]),
            allow(["sagemaker:CreateEndpoint", "sagemaker:UpdateEndpoint"], [endpoint, config]),
            allow(["sagemaker:DescribeEndpoint", "sagemaker:DeleteEndpoint"], [endpoint]),
            allow(["sagemaker:AddTags"], [model, config, endpoint]),
            # A scalable target's ARN holds an identifier of AWS's choice: the service is the narrowest name there is.
            allow(["application-autoscaling:DeregisterScalableTarget"], [targets]),
            allow(["cloudwatch:PutMetricAlarm", "cloudwatch:DescribeAlarms"], [alarms]),
        ]

    def _smoke_test(self) -> Handler:
        around = self._around
        environment = {
            "TABLE_NAME": around.table.table_name,
            "MEDIA_BUCKET": around.media_bucket.bucket_name,
            "ENDPOINT_NAME": around.endpoint.name,
        }
        handler = self._handler("SmokeTest", "smoke_test", environment)
        requests = "requests/*"
        handler.grant(
            keeping(around.table), reading(around.media_bucket, requests), writing(around.media_bucket, requests)
        )
        handler.grant([invoking(self, around.endpoint, around.stage.prefix)])
        return handler

    def _record_failure(self) -> Handler:
        around, stage = self._around, self._around.stage
        environment = {
            "DATA_BUCKET": around.data_bucket.bucket_name,
            "TOPIC_ARN": around.topic.topic_arn,
            "INSTANCE_TYPE": stage.jobs.training_instance,
        }
        handler = self._handler("RecordFailure", "record_failure", environment)
        handler.grant(writing(around.data_bucket, "runs/*/failure.json"), publishing(around.topic))
        for kind, action in (("training-job", "DescribeTrainingJob"), ("processing-job", "DescribeProcessingJob")):
            handler.grant([allow([f"sagemaker:{action}"], [self._sagemaker(kind, f"{stage.prefix}-*")])])
        return handler

    def _sagemaker(self, kind: str, name: str) -> str:
        return Stack.of(self).format_arn(service="sagemaker", resource=kind, resource_name=name)


def invoking(scope: Construct, endpoint: AsyncEndpoint, prefix: str) -> iam.PolicyStatement:
    """Queue requests on the shared endpoint and on every style's own."""
    own = Stack.of(scope).format_arn(service="sagemaker", resource="endpoint", resource_name=f"{prefix}-style-*")
    return allow(["sagemaker:InvokeEndpointAsync"], [endpoint.arn, own])
