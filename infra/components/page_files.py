"""The bucket that holds the web page's files, and the custom resource that fills and empties it."""

from collections.abc import Mapping
from typing import Any

from aws_cdk import CustomResource, Duration, RemovalPolicy
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_s3_assets as s3_assets
from constructs import Construct

from contracts.page import FILES
from infra.components.access import Statement, allow, api_key_arn, deleting, reading, writing
from infra.components.attributes import bucket_name
from infra.components.handler import Handler, Spec
from infra.components.image import REPOSITORY_ROOT
from infra.components.json_text import json_text

FOLDER = "web"

LOGS = "page/"
"""Below it the bucket's access log is written."""


class PageFiles(Construct):
    """``bucket`` holds the files of ``web/`` and what the page is told of its stage. It has nothing that must be kept.

    ``key_id`` is the API key that the page is given: only on a laptop. ``log_bucket`` gets the bucket's access log.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        key_id: str | None,
        key: kms.IKey,
        log_bucket: s3.IBucket,
        log_days: int,
    ) -> None:
        super().__init__(scope, construct_id)
        self.bucket = s3.Bucket(
            self,
            "Bucket",
            enforce_ssl=True,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            # Everybody may read what is in it, and CloudFront needs no right on a key of ours that way.
            encryption=s3.BucketEncryption.S3_MANAGED,
            lifecycle_rules=[s3.LifecycleRule(abort_incomplete_multipart_upload_after=Duration.days(1))],
            removal_policy=RemovalPolicy.DESTROY,
        )
        _log(self.bucket, log_bucket)
        self._asset = asset = s3_assets.Asset(self, "Files", path=str(REPOSITORY_ROOT / FOLDER), exclude=["**/*.d.ts"])
        files = [allow(["s3:GetObject"], [asset.bucket.arn_for_objects(asset.s3_object_key)])]
        self._key_id, spec = key_id, self._spec(files, key_id)
        # It answers CloudFormation, which is not to be reached from inside a network of the stage's own.
        self.handler = Handler(self, "Handler", spec=spec, key=key, log_days=log_days, network=None)

    def fill(self, config: Mapping[str, Any]) -> None:
        """Let the handler write the files, and ``config`` for the page to read, when the stage is deployed."""
        CustomResource(
            self,
            "Resource",
            resource_type="Custom::Page",
            service_token=self.handler.arn,
            service_timeout=Duration.minutes(3),
            properties={
                "AssetBucket": self._asset.s3_bucket_name,
                "AssetKey": self._asset.s3_object_key,
                "Config": json_text(config),
                **({"KeyId": self._key_id} if self._key_id else {}),
            },
            removal_policy=RemovalPolicy.DESTROY,
        )

    def _spec(self, files: list[Statement], key_id: str | None) -> Spec:
        every = f"{FILES}*"
        own = [reading(self.bucket, every), writing(self.bucket, every), deleting(self.bucket, every)]
        handing = [allow(["apigateway:GET"], [api_key_arn(key_id)])] if key_id else []
        return Spec(
            name="page",
            environment={"PAGE_BUCKET": bucket_name(self.bucket)},
            grants=[*own, files, handing],
            seconds=120,
            memory_mib=512,
            internet=True,
        )


def _log(bucket: s3.Bucket, log_bucket: s3.IBucket) -> None:
    """CDK would let the log bucket's policy name this bucket, which is made in a later stack. ``Buckets`` lets every bucket log there."""
    resource = bucket.node.default_child
    assert isinstance(resource, s3.CfnBucket)
    resource.logging_configuration = s3.CfnBucket.LoggingConfigurationProperty(
        destination_bucket_name=bucket_name(log_bucket), log_file_prefix=LOGS
    )
