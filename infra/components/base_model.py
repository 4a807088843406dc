"""Base models mirrored once into the model bucket, each by one custom resource."""

from aws_cdk import CustomResource, Duration, RemovalPolicy
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_s3_assets as s3_assets
from constructs import Construct

from infra.components.access import allow, deleting, grant, reading, writing
from infra.components.handler import Handler, Spec
from infra.components.image import REPOSITORY_ROOT
from models.catalogue import AssetSource, CatalogueEntry


def mirroring(model_bucket: s3.IBucket) -> Spec:
    """The handler behind ``Custom::BaseModel``: copies an entry's files to ``base/{name}@{revision}/``, its manifest last."""
    files = "base/*"
    return Spec(
        name="base_model",
        environment={"MODEL_BUCKET": model_bucket.bucket_name},
        grants=[reading(model_bucket, files), writing(model_bucket, files), deleting(model_bucket, files)],
        # A hub model is some gigabytes, streamed through memory part by part: Lambda's longest time, and network that grows with memory.
        seconds=900,
        memory_mib=2048,
    )


class BaseModel(Construct):
    """One catalogue entry in the model bucket. Whatever reads it must depend on this construct.

    Deleting the resource leaves the files to the bucket's own policy.
    """

    def __init__(self, scope: Construct, construct_id: str, *, entry: CatalogueEntry, mirror: Handler) -> None:
        super().__init__(scope, construct_id)
        properties = {"Entry": entry.to_json()}
        if isinstance(entry.source, AssetSource):
            asset = s3_assets.Asset(self, "Files", path=str(REPOSITORY_ROOT / entry.source.folder))
            grant(mirror.role, [allow(["s3:GetObject"], [asset.bucket.arn_for_objects(asset.s3_object_key)])])
            properties |= {"AssetBucket": asset.s3_bucket_name, "AssetKey": asset.s3_object_key}
        CustomResource(
            self,
            "Resource",
            resource_type="Custom::BaseModel",
            service_token=mirror.arn,
            service_timeout=Duration.minutes(16),
            properties=properties,
            removal_policy=RemovalPolicy.DESTROY,
        )
