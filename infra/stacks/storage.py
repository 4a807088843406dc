"""Storage: buckets, their key, the table of records, and the keys that sign and mark pictures."""

from aws_cdk import CfnOutput
from constructs import Construct

from infra.components.attributes import bucket_name, table_name
from infra.components.buckets import Buckets
from infra.components.mark_key import MarkKey
from infra.components.records import RecordTable
from infra.components.signing_key import SigningKey
from infra.settings.stage import Stage
from infra.stacks.stage_stack import StageStack


class StorageStack(StageStack):
    """Data, model, media and log buckets under one key, and the table."""

    def __init__(self, scope: Construct, construct_id: str, *, stage: Stage) -> None:
        super().__init__(
            scope,
            construct_id,
            stage=stage,
            about="buckets, their key, the table of records, the keys that sign and mark pictures",
        )
        if stage.keep_data:
            # Nothing else holds on to this stack: references to it are weak, so it could be deleted before those that need it.
            self.termination_protection = True
        buckets = Buckets(
            self,
            "Buckets",
            keep=stage.keep_data,
            media_days=stage.media_days,
            run_days=stage.run_days,
            log_days=stage.log_days,
            retention=stage.retention,
            origins=[*stage.api.origins, *(stage.page.origins if stage.page else ())],
            page_logs=stage.page is not None,
        )
        self.key = buckets.key
        self.data_bucket, self.model_bucket, self.media_bucket = buckets.data, buckets.model, buckets.media
        self.log_bucket = buckets.log
        self.table = RecordTable(self, "Records", key=self.key, keep=stage.keep_data).table
        self.signing_key = SigningKey(self, "Signing", keep=stage.keep_data) if stage.provenance.signed else None
        self.mark_key = MarkKey(self, "Mark", keep=stage.keep_data) if stage.provenance.marked else None
        if self.mark_key:
            CfnOutput(self, "MarkKeyArn", value=self.mark_key.arn)
        CfnOutput(self, "DataBucketName", value=bucket_name(self.data_bucket))
        CfnOutput(self, "ModelBucketName", value=bucket_name(self.model_bucket))
        CfnOutput(self, "MediaBucketName", value=bucket_name(self.media_bucket))
        CfnOutput(self, "TableName", value=table_name(self.table))
