"""The four buckets and the key that encrypts them."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from aws_cdk import Aws, Duration, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from contracts.layout import FOUND_MASKS
from infra.components.access import ACCOUNT, arn
from infra.components.attributes import bucket_arn
from infra.nag import accept
from infra.settings.retention import Retention

CHECKPOINT_DAYS = 14
"""For how many days a checkpoint is kept: longer than a training may wait and run, and as long as an execution can be redriven."""

ANSWER_DAYS = 3
"""For how many days the endpoint's requests and answers are kept at most.

A prediction's pictures are copied out of its answer within seconds; a weekend is left to find out why they were not.
"""

_ANSWERS = ("requests", "progress", "responses", "failures")


class Buckets(Construct):
    """``data``, ``model``, ``media`` and ``log``: TLS only, public access blocked, encrypted.

    Data and models cannot be made again: they are versioned; how long old versions are kept ``retention`` says, and what of people expires
    before the rest. What a run leaves besides what it publishes expires after ``run_days``, its checkpoints after ``CHECKPOINT_DAYS``.
    Media (uploads, pictures) expires after ``media_days``, requests and answers after ``ANSWER_DAYS`` if that is sooner. ``keep`` keeps
    the buckets when the stack is deleted; otherwise they are emptied and removed. Pages of ``origins`` may put and get what they have
    presigned addresses of. ``page_logs``: a bucket of the web page, which is made later, logs here too.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        keep: bool,
        media_days: int,
        run_days: int,
        log_days: int,
        retention: Retention,
        origins: Sequence[str] = (),
        page_logs: bool = False,
    ) -> None:
        super().__init__(scope, construct_id)
        self._origins = origins
        self._keep = keep
        self._removal = RemovalPolicy.RETAIN if keep else RemovalPolicy.DESTROY
        self.key = kms.Key(
            self,
            "Key",
            description="Atelier: buckets, tables, topics, logs and job volumes",
            enable_key_rotation=True,
            removal_policy=self._removal,
        )
        _let_logs_use(self.key)
        # S3's log delivery cannot write with a customer's KMS key.
        self.log = self._bucket("Log", [_rule(expiration=log_days)], encryption=s3.BucketEncryption.S3_MANAGED)
        accept(self.log, {"AwsSolutions-S1": "This is the bucket that receives the access logs of the others."})
        if page_logs:
            self._take_logs()
        old = _rule(noncurrent_version_expiration=retention.old_versions_days)
        runs = _rule("runs/", expiration=run_days)
        checkpoints = _rule("checkpoints/", expiration=CHECKPOINT_DAYS, noncurrent_version_expiration=1)
        datasets = [_rule("datasets/", expiration=days)] if (days := retention.datasets_days) else []
        self.data = self._encrypted("Data", [old, runs, checkpoints, *datasets], versioned=True)
        self.model = self._encrypted("Model", [old], versioned=True)
        answers = [_rule(f"{name}/", expiration=min(ANSWER_DAYS, media_days)) for name in _ANSWERS]
        said = {
            "uploads/": retention.uploads_days,
            "outputs/": retention.outputs_days,
            FOUND_MASKS: retention.masks_days,
        }
        sooner = [_rule(prefix, expiration=days) for prefix, days in said.items() if days]
        self.media = self._encrypted("Media", [_rule(expiration=media_days), *sooner, *answers], versioned=False)

    def _take_logs(self) -> None:
        """Let S3 write logs below ``page/`` of any bucket of this account: of one that another stack makes, no name is known here.

        https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html
        """
        self.log.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[iam.ServicePrincipal("logging.s3.amazonaws.com")],
                actions=["s3:PutObject"],
                resources=[f"{bucket_arn(self.log)}/page/*"],
                conditions={"StringEquals": {"aws:SourceAccount": ACCOUNT}},
            )
        )

    def _encrypted(self, name: str, rules: Sequence[s3.LifecycleRule], *, versioned: bool) -> s3.Bucket:
        return self._bucket(
            name,
            rules,
            encryption=s3.BucketEncryption.KMS,
            encryption_key=self.key,
            # One data key a bucket instead of one a picture: fewer KMS calls.
            bucket_key_enabled=True,
            versioned=versioned,
            server_access_logs_bucket=self.log,
            server_access_logs_prefix=f"{name.lower()}/",
            cors=self._cors() or None,
        )

    def _cors(self) -> list[s3.CorsRule]:
        methods = [s3.HttpMethods.GET, s3.HttpMethods.PUT, s3.HttpMethods.HEAD]
        rule = s3.CorsRule(
            allowed_methods=methods,
            allowed_origins=list(self._origins),
            allowed_headers=["*"],
            exposed_headers=["ETag"],
        )
        return [rule] if self._origins else []

    def _bucket(self, name: str, rules: Sequence[s3.LifecycleRule], **own: Any) -> s3.Bucket:
        """The bucket; ``own`` is what it has besides what all have."""
        return s3.Bucket(
            self,
            name,
            enforce_ssl=True,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            lifecycle_rules=list(rules),
            removal_policy=self._removal,
            auto_delete_objects=not self._keep,
            **own,
        )


def _let_logs_use(key: kms.Key) -> None:
    """Let CloudWatch Logs encrypt logs of this account.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
    """
    ours = {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": arn("logs", "log-group:*")}}
    key.add_to_resource_policy(
        iam.PolicyStatement(
            principals=[iam.ServicePrincipal(f"logs.{Aws.REGION}.amazonaws.com")],
            actions=["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*"],
            resources=["*"],
            conditions=ours,
        )
    )


def _rule(prefix: str = "", **days: int) -> s3.LifecycleRule:
    """What happens after how many days to objects below ``prefix``; that to all objects also tidies up uploads that broke off."""
    kinds: dict[str, Any] = {kind: _days(count) for kind, count in days.items()}
    if prefix:
        return s3.LifecycleRule(prefix=prefix, **kinds)
    return s3.LifecycleRule(**kinds, abort_incomplete_multipart_upload_after=_days(1))


@cache
def _days(count: int) -> Duration:
    return Duration.days(count)
