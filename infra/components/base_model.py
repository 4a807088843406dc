"""Base models mirrored once into the model bucket, each by one custom resource."""

from collections.abc import Sequence

from aws_cdk import CustomResource, Duration, RemovalPolicy
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_s3_assets as s3_assets
from constructs import Construct

from infra.components.access import Statement, allow, deleting, reading, writing
from infra.components.attributes import bucket_name
from infra.components.handler import Handler, Spec
from infra.components.image import REPOSITORY_ROOT
from models.catalogue import AssetSource, CatalogueEntry


class BaseModel(Construct):
    """One catalogue entry, which ``mirror`` brings into the model bucket. Whatever reads it there must depend on this construct.

    ``reading_files`` is what the mirror's role needs for it. Deleting the resource leaves the files to the bucket's own policy.
    """

    def __init__(self, scope: Construct, construct_id: str, *, entry: CatalogueEntry) -> None:
        super().__init__(scope, construct_id)
        self._properties: dict[str, str] = {"Entry": entry.to_json()}
        self.reading_files: list[Statement] = []
        if isinstance(entry.source, AssetSource):
            asset = s3_assets.Asset(self, "Files", path=str(REPOSITORY_ROOT / entry.source.folder))
            key = asset.s3_object_key
            self.reading_files = [allow(["s3:GetObject"], [asset.bucket.arn_for_objects(key)])]
            self._properties |= {"AssetBucket": asset.s3_bucket_name, "AssetKey": key}

    def mirror(self, mirror: Handler) -> None:
        """Let the handler copy the files when the stage is deployed."""
        CustomResource(
            self,
            "Resource",
            resource_type="Custom::BaseModel",
            service_token=mirror.arn,
            service_timeout=Duration.minutes(16),
            properties=self._properties,
            removal_policy=RemovalPolicy.DESTROY,
        )


def mirroring(model_bucket: s3.IBucket, models: Sequence[BaseModel]) -> Spec:
    """The handler behind ``Custom::BaseModel``: copies an entry's files to ``base/{name}@{revision}/``, its manifest last."""
    files = "base/*"
    own = [reading(model_bucket, files), writing(model_bucket, files), deleting(model_bucket, files)]
    return Spec(
        name="base_model",
        environment={"MODEL_BUCKET": bucket_name(model_bucket)},
        grants=[*own, *(model.reading_files for model in models)],
        # A hub model is some gigabytes, streamed through memory part by part: Lambda's longest time, and network that grows with memory.
        seconds=900,
        memory_mib=2048,
        internet=True,  # where the hubs of models are
    )
