"""Serving: the base models in the bucket, the inference image, the shared endpoint and its two topics."""

from aws_cdk import CfnOutput, Stack
from constructs import Construct

from contracts.hosting import Hosting
from contracts.layout import base_prefix
from infra.components.access import publishing, reading, using, writing
from infra.components.base_model import BaseModel, BaseModelMirror
from infra.components.endpoint import AsyncEndpoint
from infra.components.execution_role import ExecutionRole
from infra.components.handler import handler_code
from infra.components.image import ContainerImage
from infra.components.topic import EncryptedTopic
from infra.config import Stage, threads_environment
from infra.stacks.storage import StorageStack
from models.catalogue import CatalogueEntry


class ServingStack(Stack):
    """Base models, image, role, endpoint."""

    def __init__(self, scope: Construct, construct_id: str, *, stage: Stage, storage: StorageStack) -> None:
        super().__init__(
            scope,
            construct_id,
            stack_name=f"{stage.prefix}-serving",
            description="Atelier: base models and the shared endpoint",
            tags=stage.tags,
        )
        self._stage, self._storage = stage, storage
        self.success = EncryptedTopic(self, "Success", key=storage.key)
        self.error = EncryptedTopic(self, "Error", key=storage.key)
        self.image = ContainerImage(
            self, "Image", folder="inference", includes=["inference", "contracts", "imaging", "diffusion"]
        )
        self._role = self._endpoint_role()
        self.hosting = self._hosting()
        self.endpoint = AsyncEndpoint(
            self,
            "Endpoint",
            hosting=self.hosting,
            base_uri=self._base_uri(stage.default_model),
            serving=stage.serving,
            needs=[self._role, *self._base_models()],
        )
        CfnOutput(self, "EndpointName", value=self.endpoint.name)

    def _hosting(self) -> Hosting:
        serving, storage = self._stage.serving, self._storage
        return Hosting(
            image_uri=self.image.uri,
            role_arn=self._role.role.role_arn,
            key_arn=storage.key.key_arn,
            instance_type=serving.instance,
            startup_seconds=serving.startup_seconds,
            concurrency=serving.concurrency,
            media_bucket=storage.media_bucket.bucket_name,
            success_topic_arn=self.success.topic_arn,
            error_topic_arn=self.error.topic_arn,
            environment=self._environment(),
        )

    def _environment(self) -> dict[str, str]:
        stage, storage = self._stage, self._storage
        return {
            "ATELIER_SEGMENTER_URI": self._base_uri(stage.segmenter_model),
            # Empty: this stage has no upscaler, and the server refuses requests for one.
            "ATELIER_UPSCALER_URI": self._base_uri(stage.upscaler_model) if stage.upscaler_model else "",
            "ATELIER_STYLES_URI": storage.model_bucket.s3_url_for_object("styles/"),
            "ATELIER_UPLOADS_URI": storage.media_bucket.s3_url_for_object("uploads/"),
            "ATELIER_MAX_ADAPTERS": str(stage.serving.most_adapters),
            **threads_environment(stage.serving.threads),
        }

    def _base_uri(self, entry: CatalogueEntry) -> str:
        """Where the mirror keeps an entry's files: ``s3://model/base/{name}@{revision}/``."""
        return self._storage.model_bucket.s3_url_for_object(base_prefix(entry.name, entry.revision))

    def _endpoint_role(self) -> ExecutionRole:
        storage = self._storage
        role = ExecutionRole(
            self,
            "Role",
            description="Atelier endpoints",
            image=self.image,
            log_group="/aws/sagemaker/Endpoints/*",
        )
        role.grant(
            reading(storage.model_bucket, "base/*", "styles/*"),
            reading(storage.media_bucket, "requests/*", "uploads/*"),
            writing(storage.media_bucket, "responses/*", "failures/*"),
            publishing(self.success),
            publishing(self.error),
            using(storage.key),
        )
        role.grant_volumes(storage.key)
        return role

    def _base_models(self) -> list[BaseModel]:
        mirror = BaseModelMirror(
            self,
            "Mirror",
            code=handler_code(),
            model_bucket=self._storage.model_bucket,
            key=self._storage.key,
            log_days=self._stage.log_days,
        )
        entries = self._stage.models
        return [BaseModel(self, f"Base{_pascal(entry.name)}", entry=entry, mirror=mirror) for entry in entries]


def _pascal(name: str) -> str:
    """``tiny-inpaint`` → ``TinyInpaint``: a catalogue name never changes, so neither does the construct id."""
    return "".join(part.capitalize() for part in name.split("-"))
