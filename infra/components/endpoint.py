"""The shared asynchronous endpoint: one base model, every published style's adapter loaded on first use."""

from collections.abc import Sequence

from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sagemaker as sagemaker
from aws_cdk import aws_sns as sns
from constructs import Construct, IDependable

from contracts.layout import base_prefix
from infra.components.image import ContainerImage
from infra.components.scaling import VARIANT, EndpointScaling
from infra.config import Serving, threads_environment
from infra.instances import inference_ami, volume_key
from models.catalogue import Entry


class AsyncEndpoint(Construct):
    """``name`` is the endpoint's; its queue scales its fleet (``EndpointScaling``) and its answers go to two topics.

    ``needs`` are created before the model is: the base models it reads and the policy of its role. ``environment`` is its container's,
    which a style's own endpoint gets too.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        image: ContainerImage,
        role: iam.IRole,
        serving: Serving,
        base: Entry,
        segmenter: Entry,
        upscaler: Entry | None,
        model_bucket: s3.IBucket,
        media_bucket: s3.IBucket,
        key: kms.IKey,
        success: sns.ITopic,
        error: sns.ITopic,
        needs: Sequence[IDependable],
    ) -> None:
        super().__init__(scope, construct_id)
        self._serving = serving
        self._model_bucket, self._media_bucket, self._key = model_bucket, media_bucket, key
        self.environment = self._environment(segmenter, upscaler)
        self._model = self._serve(image, role, base)
        self._model.node.add_dependency(*needs)
        self._config = self._configure(success, error)
        self.endpoint = sagemaker.CfnEndpoint(
            self,
            "Endpoint",
            endpoint_config_name=self._config.attr_endpoint_config_name,
        )
        EndpointScaling(self, "Scaling", endpoint=self.endpoint, serving=serving)

    @property
    def name(self) -> str:
        """The endpoint's name, chosen by CloudFormation."""
        return self.endpoint.attr_endpoint_name

    @property
    def arn(self) -> str:
        """The endpoint's ARN, which spells the name in lower case."""
        return self.endpoint.ref

    def _environment(self, segmenter: Entry, upscaler: Entry | None) -> dict[str, str]:
        return {
            "ATELIER_SEGMENTER_URI": base_uri(self._model_bucket, segmenter),
            # Empty: this stage enlarges nothing, and the server says so to whoever asks.
            "ATELIER_UPSCALER_URI": base_uri(self._model_bucket, upscaler) if upscaler else "",
            "ATELIER_STYLES_URI": self._model_bucket.s3_url_for_object("styles/"),
            "ATELIER_UPLOADS_URI": self._media_bucket.s3_url_for_object("uploads/"),
            "ATELIER_MAX_ADAPTERS": str(self._serving.most_adapters),
            **threads_environment(self._serving.threads),
        }

    def _serve(self, image: ContainerImage, role: iam.IRole, base: Entry) -> sagemaker.CfnModel:
        model = sagemaker.CfnModel
        weights = model.S3DataSourceProperty(
            s3_uri=base_uri(self._model_bucket, base), s3_data_type="S3Prefix", compression_type="None"
        )
        container = model.ContainerDefinitionProperty(
            image=image.uri,
            model_data_source=model.ModelDataSourceProperty(s3_data_source=weights),
            environment=self.environment,
        )
        # No network isolation: the server fetches adapters and uploads from S3 while it runs.
        return model(self, "Model", execution_role_arn=role.role_arn, primary_container=container)

    def _configure(self, success: sns.ITopic, error: sns.ITopic) -> sagemaker.CfnEndpointConfig:
        config = sagemaker.CfnEndpointConfig
        variant = config.ProductionVariantProperty(
            variant_name=VARIANT,
            model_name=self._model.attr_model_name,
            instance_type=self._serving.instance,
            initial_instance_count=1,
            initial_variant_weight=1,
            container_startup_health_check_timeout_in_seconds=self._serving.startup_seconds,
            model_data_download_timeout_in_seconds=self._serving.startup_seconds,
            inference_ami_version=inference_ami(self._serving.instance),
        )
        return config(
            self,
            "Config",
            production_variants=[variant],
            kms_key_id=volume_key(self._serving.instance, self._key.key_arn),
            async_inference_config=self._asynchronous(success, error),
        )

    def _asynchronous(
        self, success: sns.ITopic, error: sns.ITopic
    ) -> sagemaker.CfnEndpointConfig.AsyncInferenceConfigProperty:
        config = sagemaker.CfnEndpointConfig
        topics = config.AsyncInferenceNotificationConfigProperty(
            success_topic=success.topic_arn, error_topic=error.topic_arn
        )
        output = config.AsyncInferenceOutputConfigProperty(
            s3_output_path=self._media_bucket.s3_url_for_object("responses/"),
            s3_failure_path=self._media_bucket.s3_url_for_object("failures/"),
            kms_key_id=self._key.key_arn,
            notification_config=topics,
        )
        client = config.AsyncInferenceClientConfigProperty(
            max_concurrent_invocations_per_instance=self._serving.concurrency
        )
        return config.AsyncInferenceConfigProperty(output_config=output, client_config=client)


def base_uri(model_bucket: s3.IBucket, entry: Entry) -> str:
    """Where the mirror keeps an entry's files: ``s3://model/base/{name}@{revision}/``."""
    return model_bucket.s3_url_for_object(base_prefix(entry.name, entry.revision))
