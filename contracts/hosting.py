"""How SageMaker hosts a model of ours: the requests that make an endpoint.

The shared endpoint (a template) and a version's own endpoint (calls of a Lambda) are made from the same requests:
CloudFormation and the API spell these keys alike.
"""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import Field

from contracts.declarations import about
from contracts.execution import UPSCALE
from contracts.layout import FAILURES, RESPONSES
from contracts.machines import GPU_AMI, has_gpu, volume_key
from contracts.model import Contract
from contracts.vpc import VpcConfig

UPSCALER_URI = "ATELIER_UPSCALER_URI"
"""The variable of a server's environment that says where its upscaler is."""

VARIANT = "AllTraffic"
"""The name of an endpoint's one production variant."""

PROVISION_SECONDS = 1_800
"""How long SageMaker may look for an instance of any of the types."""

ALARMS = ("wake", "idle")
"""What an endpoint's own alarms are for; ``alarm_names`` calls them."""


def alarm_names(endpoint: str) -> list[str]:
    """The names of the alarms of a version's own endpoint: a template names those of the shared one itself."""
    return [f"{endpoint}-{purpose}" for purpose in ALARMS]


class Hosting(Contract):
    """What every endpoint of a stage has in common. Names and ARNs may still be references of a template.

    ``from_text`` reads what a template handed to a Lambda: ``to_json`` as text.
    """

    document: ClassVar[str] = "hosting"

    image_uri: Annotated[str, about("the inference image")]
    base_uri: Annotated[str, about("the S3 prefix of the base model of the shared endpoint")]
    role_arn: Annotated[str, about("the role of the containers")]
    key_arn: Annotated[str, about("the KMS key of volumes and answers")]
    instance_type: Annotated[str, about("an ML instance type")]
    startup_seconds: Annotated[int, about("bounds the download of the model and the first health check, each")]
    concurrency: Annotated[int, about("requests that one container is handed at a time")]
    media_bucket: Annotated[str, about("where answers and failures go")]
    success_topic_arn: Annotated[str, about("hears of answers")]
    error_topic_arn: Annotated[str, about("hears of failures")]
    environment: Annotated[Mapping[str, str], about("the container's environment")]
    tags: Annotated[Mapping[str, str], about("for what a Lambda makes: CloudFormation tags its own")]
    fallbacks: Annotated[list[str], about("instance types to take, in order, where there is no instance_type")] = Field(
        default_factory=list
    )
    real_time: Annotated[bool, about("whether it answers whoever asks at once, instead of having a queue")] = False
    network: Annotated[VpcConfig | None, about("where the containers are; left out, in SageMaker's own network")] = None

    def model(self, uri: str) -> dict[str, Any]:
        """The model below the S3 prefix ``uri``, without a name of its own."""
        source = {"S3Uri": uri, "S3DataType": "S3Prefix", "CompressionType": "None"}
        container = {
            "Image": self.image_uri,
            "ModelDataSource": {"S3DataSource": source},
            "Environment": dict(self.environment),
        }
        # No network isolation: the server fetches adapters and uploads from S3 while it runs.
        request = {"ExecutionRoleArn": self.role_arn, "PrimaryContainer": container}
        return request | ({"VpcConfig": self.network.request()} if self.network else {})

    def version_model(self, task: str, uri: str) -> dict[str, Any]:
        """The model of the endpoint of a full fine-tune, whose weights are below the S3 prefix ``uri``.

        An upscaler takes the place of the stage's own, beside the base model: a server enlarges with the one and paints with the other.
        """
        if task != UPSCALE:
            return self.model(uri)
        own = self.model_copy(update={"environment": {**self.environment, UPSCALER_URI: uri}})
        return own.model(self.base_uri)

    def endpoint_config(self, model_name: str) -> dict[str, Any]:
        """One variant that serves the model, without a name of its own."""
        key = volume_key(self.instance_type, self.key_arn)
        return {
            "ProductionVariants": [self._variant(model_name)],
            **({} if self.real_time else {"AsyncInferenceConfig": self._asynchronous()}),
            **({"KmsKeyId": key} if key else {}),
        }

    def _variant(self, model_name: str) -> dict[str, Any]:
        variant = {
            "VariantName": VARIANT,
            "ModelName": model_name,
            **self._machines(),
            "InitialInstanceCount": 1,
            "InitialVariantWeight": 1,
            "ModelDataDownloadTimeoutInSeconds": self.startup_seconds,
            "ContainerStartupHealthCheckTimeoutInSeconds": self.startup_seconds,
        }
        # Only GPU types have a choice of AMI.
        return variant | ({"InferenceAmiVersion": GPU_AMI} if has_gpu(self.instance_type) else {})

    def _machines(self) -> dict[str, Any]:
        """One instance type; or several, tried in their order whenever an instance is to start.

        https://docs.aws.amazon.com/sagemaker/latest/dg/realtime-endpoints-heterogeneous.html
        """
        if not self.fallbacks:
            return {"InstanceType": self.instance_type}
        types = enumerate((self.instance_type, *self.fallbacks), start=1)
        pools = [{"InstanceType": name, "Priority": priority} for priority, name in types]
        return {"InstancePools": pools, "VariantInstanceProvisionTimeoutInSeconds": PROVISION_SECONDS}

    def _asynchronous(self) -> dict[str, Any]:
        output = {
            "S3OutputPath": f"s3://{self.media_bucket}/{RESPONSES}",
            "S3FailurePath": f"s3://{self.media_bucket}/{FAILURES}",
            "KmsKeyId": self.key_arn,
            "NotificationConfig": {"SuccessTopic": self.success_topic_arn, "ErrorTopic": self.error_topic_arn},
        }
        return {
            "OutputConfig": output,
            "ClientConfig": {"MaxConcurrentInvocationsPerInstance": self.concurrency},
        }
