"""The four buckets and the key that encrypts them."""

from collections.abc import Mapping
from typing import Any

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra.nag import accept

OLD_VERSION_DAYS = 30
"""For how many days an overwritten or deleted object of the data or model bucket can be restored."""


class Buckets(Construct):
    """``data``, ``model``, ``media`` and ``log``: TLS only, public access blocked, encrypted.

    Data and models cannot be made again: they are versioned, and old versions are kept for ``OLD_VERSION_DAYS``. Media (uploads,
    requests, answers) expires after ``media_days`` days. ``keep`` keeps the buckets when the stack is deleted; otherwise they are
    emptied and removed.
    """

    def __init__(self, scope: Construct, construct_id: str, *, keep: bool, media_days: int, log_days: int) -> None:
        super().__init__(scope, construct_id)
        self._keep = keep
        self._removal = RemovalPolicy.RETAIN if keep else RemovalPolicy.DESTROY
        self.key = kms.Key(
            self,
            "Key",
            description="Atelier: buckets, tables, topics and job volumes",
            enable_key_rotation=True,
            removal_policy=self._removal,
        )
        # S3's log delivery cannot write with a customer's KMS key.
        self.log = self._bucket("Log", {"expiration": log_days}, encryption=s3.BucketEncryption.S3_MANAGED)
        accept(self.log, {"AwsSolutions-S1": "This is the bucket that receives the access logs of the others."})
        old = {"noncurrent_version_expiration": OLD_VERSION_DAYS}
        self.data = self._encrypted("Data", old, versioned=True)
        self.model = self._encrypted("Model", old, versioned=True)
        self.media = self._encrypted("Media", {"expiration": media_days}, versioned=False)

    def _encrypted(self, name: str, days: Mapping[str, int], *, versioned: bool) -> s3.Bucket:
        return self._bucket(
            name,
            days,
            encryption=s3.BucketEncryption.KMS,
            encryption_key=self.key,
            # One data key a bucket instead of one a picture: fewer KMS calls.
            bucket_key_enabled=True,
            versioned=versioned,
            server_access_logs_bucket=self.log,
            server_access_logs_prefix=f"{name.lower()}/",
        )

    def _bucket(self, name: str, days: Mapping[str, int], **own: Any) -> s3.Bucket:
        """The bucket; ``days`` is its lifecycle rule, ``own`` what it has besides what all have."""
        rule: dict[str, Any] = {kind: Duration.days(count) for kind, count in days.items()}
        return s3.Bucket(
            self,
            name,
            enforce_ssl=True,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            lifecycle_rules=[s3.LifecycleRule(**rule, abort_incomplete_multipart_upload_after=Duration.days(1))],
            removal_policy=self._removal,
            auto_delete_objects=not self._keep,
            **own,
        )
