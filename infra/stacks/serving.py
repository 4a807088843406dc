"""What answers: the base models in the bucket, the inference image, the shared endpoint and its two topics."""

from aws_cdk import CfnOutput, Stack
from constructs import Construct

from infra.components.access import publishing, reading, using, writing
from infra.components.base_model import BaseModel, BaseModelMirror
from infra.components.endpoint import AsyncEndpoint
from infra.components.execution_role import ExecutionRole
from infra.components.handler import handler_code
from infra.components.image import ContainerImage
from infra.components.topic import Topic
from infra.config import Stage
from infra.stacks.storage import StorageStack


class ServingStack(Stack):
    """Base models, image, role, endpoint."""

    def __init__(self, scope: Construct, construct_id: str, *, stage: Stage, storage: StorageStack) -> None:
        super().__init__(
            scope,
            construct_id,
            stack_name=f"{stage.prefix}-serving",
            description="Atelier: what answers",
            tags=stage.tags,
        )
        self._storage = storage
        self.success = Topic(self, "Success", key=storage.key)
        self.error = Topic(self, "Error", key=storage.key)
        self.image = ContainerImage(
            self, "Image", folder="inference", includes=["inference", "contracts", "imaging", "diffusion"]
        )
        self._role = self._endpoint_role()
        self.role = self._role.role
        self.endpoint = AsyncEndpoint(
            self,
            "Endpoint",
            image=self.image,
            role=self.role,
            serving=stage.serving,
            base=stage.default_model,
            segmenter=stage.segmenter_model,
            upscaler=stage.upscaler_model,
            model_bucket=storage.model_bucket,
            media_bucket=storage.media_bucket,
            key=storage.key,
            success=self.success,
            error=self.error,
            needs=[self._role, *self._base_models(stage)],
        )
        CfnOutput(self, "EndpointName", value=self.endpoint.name)

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

    def _base_models(self, stage: Stage) -> list[BaseModel]:
        mirror = BaseModelMirror(
            self,
            "Mirror",
            code=handler_code(),
            model_bucket=self._storage.model_bucket,
            key=self._storage.key,
            log_days=stage.log_days,
        )
        return [BaseModel(self, f"Base{_pascal(entry.name)}", entry=entry, mirror=mirror) for entry in stage.models]


def _pascal(name: str) -> str:
    """``tiny-inpaint`` → ``TinyInpaint``: a catalogue name never changes, so neither does the construct id."""
    return "".join(part.capitalize() for part in name.split("-"))
