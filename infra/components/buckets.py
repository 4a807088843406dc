"""The four buckets and the key that encrypts them."""

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
        self.key = kms.Key(
            self,
            "Key",
            description="Atelier: buckets, tables, topics and job volumes",
            enable_key_rotation=True,
            removal_policy=self._removal,
        )
        self.log = self._log_bucket(log_days)
        self.data = self._bucket("Data", versioned=True, lifecycle=[_expire_old_versions()])
        self.model = self._bucket("Model", versioned=True, lifecycle=[_expire_old_versions()])
        self.media = self._bucket("Media", versioned=False, lifecycle=[_expire(media_days)])

    @property
    def _removal(self) -> RemovalPolicy:
        return RemovalPolicy.RETAIN if self._keep else RemovalPolicy.DESTROY

    def _bucket(self, name: str, *, versioned: bool, lifecycle: list[s3.LifecycleRule]) -> s3.Bucket:
        return s3.Bucket(
            self,
            name,
            encryption=s3.BucketEncryption.KMS,
            encryption_key=self.key,
            # One data key a bucket instead of one a picture: fewer KMS calls.
            bucket_key_enabled=True,
            enforce_ssl=True,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            versioned=versioned,
            lifecycle_rules=lifecycle,
            server_access_logs_bucket=self.log,
            server_access_logs_prefix=f"{name.lower()}/",
            removal_policy=self._removal,
            auto_delete_objects=not self._keep,
        )

    def _log_bucket(self, log_days: int) -> s3.Bucket:
        bucket = s3.Bucket(
            self,
            "Log",
            # S3's log delivery cannot write with a customer's KMS key.
            encryption=s3.BucketEncryption.S3_MANAGED,
            enforce_ssl=True,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            lifecycle_rules=[_expire(log_days)],
            removal_policy=self._removal,
            auto_delete_objects=not self._keep,
        )
        accept(bucket, "AwsSolutions-S1", because="This is the bucket that receives the access logs of the others.")
        return bucket


def _expire(days: int) -> s3.LifecycleRule:
    return s3.LifecycleRule(expiration=Duration.days(days), abort_incomplete_multipart_upload_after=Duration.days(1))


def _expire_old_versions() -> s3.LifecycleRule:
    return s3.LifecycleRule(
        noncurrent_version_expiration=Duration.days(OLD_VERSION_DAYS),
        abort_incomplete_multipart_upload_after=Duration.days(1),
    )
