"""Serving: the base models in the bucket, the inference image, the shared endpoint and its two topics."""

from string import capwords

from aws_cdk import CfnOutput
from constructs import Construct

from contracts.hosting import UPSCALER_URI, Hosting
from contracts.layout import CERTIFICATES, base_prefix
from contracts.machines import has_gpu
from infra.components.access import publishing, reading, writing
from infra.components.attributes import bucket_name, key_arn, topic_arn
from infra.components.base_image import base_image
from infra.components.base_model import BaseModel, mirroring
from infra.components.endpoint import SharedEndpoint
from infra.components.execution_role import ExecutionRole
from infra.components.handing_over import EndpointCaller, queue_of
from infra.components.handler import Handler
from infra.components.image import ContainerImage
from infra.components.topic import EncryptedTopic
from infra.settings.stage import Stage, threads_environment
from infra.stacks.network import NetworkStack
from infra.stacks.stage_stack import StageStack
from infra.stacks.storage import StorageStack
from models.catalogue import CatalogueEntry


class ServingStack(StageStack):
    """Base models, image, role, endpoint. ``clients`` is where containers and handlers are; ``None`` without a network of the stage."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        stage: Stage,
        storage: StorageStack,
        network: NetworkStack | None,
    ) -> None:
        super().__init__(scope, construct_id, stage=stage, about="base models and the shared endpoint")
        self._storage = storage
        self.clients = network.clients if network else None
        self.success = EncryptedTopic(self, "Success", key=storage.key)
        self.error = EncryptedTopic(self, "Error", key=storage.key)
        self.image = self._image()
        self._role = self._endpoint_role()
        self.hosting = self._hosting()
        self.endpoint = SharedEndpoint(
            self,
            "Endpoint",
            hosting=self.hosting,
            serving=stage.serving,
            service=stage.prefix,
            needs=[self._role, *self._base_models()],
        )
        self.caller = self._caller() if stage.serving.is_real_time else None
        self.handing_over = self.caller.handing_over if self.caller else queue_of(self.endpoint.arn, stage)
        CfnOutput(self, "EndpointName", value=self.endpoint.name)
        if stage.loosenings:
            CfnOutput(self, "Loosened", value="; ".join(stage.loosenings))

    def _caller(self) -> EndpointCaller:
        return EndpointCaller(
            self,
            "Caller",
            stage=self.stage,
            endpoint_arn=self.endpoint.arn,
            key=self._storage.key,
            media=self._storage.media_bucket,
            success=self.success,
            error=self.error,
            network=self.clients,
        )

    def _image(self) -> ContainerImage:
        base = base_image(self, gpu=has_gpu(self.stage.serving.instance), source=self.stage.base_images)
        return ContainerImage(self, "Image", folder="inference", base=base)

    def _hosting(self) -> Hosting:
        serving, storage = self.stage.serving, self._storage
        return Hosting(
            image_uri=self.image.uri,
            base_uri=self._base_uri(self.stage.default_model),
            role_arn=self._role.role.role_arn,
            key_arn=key_arn(storage.key),
            instance_type=serving.instance,
            startup_seconds=serving.startup_seconds,
            concurrency=serving.concurrency,
            fallbacks=list(serving.fallbacks),
            media_bucket=bucket_name(storage.media_bucket),
            success_topic_arn=topic_arn(self.success),
            error_topic_arn=topic_arn(self.error),
            environment=self._environment(),
            tags=self.stage.tags,
            real_time=serving.is_real_time,
            network=self.clients,
        )

    def _environment(self) -> dict[str, str]:
        stage, storage = self.stage, self._storage
        return {
            "ATELIER_SEGMENTER_URI": self._base_uri(stage.segmenter_model),
            # Empty: this stage has no upscaler, and the server refuses requests for one.
            UPSCALER_URI: self._base_uri(stage.upscaler_model) if stage.upscaler_model else "",
            "ATELIER_STYLES_URI": storage.model_bucket.s3_url_for_object("styles/"),
            "ATELIER_UPLOADS_URI": storage.media_bucket.s3_url_for_object("uploads/"),
            "ATELIER_REQUESTS_URI": storage.media_bucket.s3_url_for_object("requests/"),
            "ATELIER_PROGRESS_URI": storage.media_bucket.s3_url_for_object("progress/"),
            "ATELIER_SERVICE": stage.prefix,
            "ATELIER_DISCLOSURE": stage.disclosure.environment,
            "ATELIER_CONSENT": stage.people.consent,
            "ATELIER_SAFETY": stage.safety.text,
            "ATELIER_PIXELS_PER_SECOND": str(stage.pace.pixels),
            "ATELIER_TILE_PIXELS_PER_SECOND": str(stage.pace.tile_pixels),
            "ATELIER_REAL_TIME": str(stage.serving.is_real_time).lower(),
            "ATELIER_ADAPTER_MIB": str(stage.serving.adapter_mib),
            "ATELIER_HOST_ADAPTER_MIB": str(stage.serving.host_adapter_mib),
            # Empty: pictures of this stage are not signed.
            "ATELIER_SIGNING_KEY": storage.signing_key.arn if storage.signing_key else "",
            "ATELIER_CERTIFICATES_URI": storage.model_bucket.s3_url_for_object(CERTIFICATES),
            # Empty: pictures of this stage hold no mark.
            "ATELIER_MARK_KEY": storage.mark_key.arn if storage.mark_key else "",
            "ATELIER_PROMPT_IN_PICTURES": str(stage.provenance.prompt).lower(),
            **threads_environment(stage.serving.threads),
        }

    def _base_uri(self, entry: CatalogueEntry) -> str:
        """Where the mirror keeps an entry's files: ``s3://model/base/{name}@{revision}/``."""
        return self._storage.model_bucket.s3_url_for_object(base_prefix(entry.name, entry.revision))

    def _endpoint_role(self) -> ExecutionRole:
        storage = self._storage
        return ExecutionRole(
            self,
            "Role",
            description="Atelier endpoints",
            image=self.image,
            log_group="/aws/sagemaker/Endpoints/*",
            key=storage.key,
            in_vpc=self.clients is not None,
            grants=[
                reading(storage.model_bucket, "base/*", "styles/*", f"{CERTIFICATES}*"),
                reading(storage.media_bucket, "requests/*", "uploads/*"),
                writing(storage.media_bucket, "responses/*", "failures/*", "progress/*"),
                writing(storage.model_bucket, f"{CERTIFICATES}*"),
                publishing(self.success),
                publishing(self.error),
                storage.signing_key.signing() if storage.signing_key else [],
                storage.mark_key.marking() if storage.mark_key else [],
            ],
        )

    def _base_models(self) -> list[BaseModel]:
        # A catalogue name never changes, so neither does the construct id: ``tiny-inpaint`` → ``BaseTinyInpaint``.
        ids = {f"Base{capwords(entry.name, '-').replace('-', '')}": entry for entry in self.stage.models}
        models = [BaseModel(self, name, entry=entry) for name, entry in ids.items()]
        mirror = Handler(
            Construct(self, "Mirror"),
            "Handler",
            spec=mirroring(self._storage.model_bucket, models),
            key=self._storage.key,
            log_days=self.stage.log_days,
            network=self.clients,
        )
        for model in models:
            model.mirror(mirror)
        return models
