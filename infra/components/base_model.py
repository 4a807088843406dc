"""Base models mirrored once into the model bucket, each by one custom resource."""

from aws_cdk import CustomResource, Duration, RemovalPolicy, Size
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_s3_assets as s3_assets
from constructs import Construct

from infra.components.access import allow, deleting, reading, using, writing
from infra.components.handler import Handler
from infra.components.image import REPOSITORY_ROOT
from models.catalogue import AssetSource, CatalogueEntry


class BaseModelMirror(Construct):
    """The Lambda behind ``Custom::BaseModel``: copies an entry's files to ``base/{name}@{revision}/``, its manifest last."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        code: lambda_.Code,
        model_bucket: s3.IBucket,
        key: kms.IKey,
        log_days: int,
    ) -> None:
        super().__init__(scope, construct_id)
        self.handler = Handler(
            self,
            "Handler",
            name="base_model",
            code=code,
            log_days=log_days,
            environment={"MODEL_BUCKET": model_bucket.bucket_name},
            # A hub model is some gigabytes: Lambda's longest time, network that grows with memory, disk for the largest file.
            timeout=Duration.minutes(15),
            memory_mib=2048,
            storage=Size.gibibytes(10),
        )
        files = "base/*"
        self.handler.grant(
            reading(model_bucket, files), writing(model_bucket, files), deleting(model_bucket, files), using(key)
        )


class BaseModel(Construct):
    """One catalogue entry in the model bucket. Whatever reads it must depend on this construct.

    Deleting the resource leaves the files to the bucket's own policy.
    """

    def __init__(self, scope: Construct, construct_id: str, *, entry: CatalogueEntry, mirror: BaseModelMirror) -> None:
        super().__init__(scope, construct_id)
        self.entry = entry
        properties = {"Entry": entry.to_json()}
        if isinstance(entry.source, AssetSource):
            properties |= self._asset_properties(entry.source, mirror)
        CustomResource(
            self,
            "Resource",
            resource_type="Custom::BaseModel",
            service_token=mirror.handler.function.function_arn,
            service_timeout=Duration.minutes(16),
            properties=properties,
            removal_policy=RemovalPolicy.DESTROY,
        )

    def _asset_properties(self, source: AssetSource, mirror: BaseModelMirror) -> dict[str, str]:
        asset = s3_assets.Asset(self, "Files", path=str(REPOSITORY_ROOT / source.folder))
        mirror.handler.grant([allow(["s3:GetObject"], [asset.bucket.arn_for_objects(asset.s3_object_key)])])
        return {"AssetBucket": asset.s3_bucket_name, "AssetKey": asset.s3_object_key}
