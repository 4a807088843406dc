"""The Lambdas that only the pretraining machine has: what goes in is checked, what came out is published."""

from constructs import Construct

from infra.components.access import reading, writing
from infra.components.handler import Handler
from infra.components.workflow.handlers import Surroundings

NO_LUSTRE = "none"
PREPARE_SECONDS = 840
"""Listing a million pictures takes S3 about two minutes."""


class PretrainingHandlers(Construct):
    """``prepare`` and ``publish``."""

    def __init__(self, scope: Construct, construct_id: str, *, around: Surroundings) -> None:
        super().__init__(scope, construct_id)
        self.prepare = self._prepare(around)
        self.publish = self._publish(around)

    def _prepare(self, around: Surroundings) -> Handler:
        stage, config = around.stage, around.stage.pretraining
        lustre = config.lustre
        environment = {
            "DATA_BUCKET": around.data_bucket.bucket_name,
            "MODEL_BUCKET": around.model_bucket.bucket_name,
            "NAME_PREFIX": stage.prefix,
            "BASE_MODELS": ",".join(entry.reference for entry in stage.models),
            "SHARD_INSTANCES": str(config.shard_instances),
            "TRAIN_INSTANCES": str(config.train_instances),
            "INPUT_MODE": config.input_mode,
            "LUSTRE": f"{lustre.file_system}:{lustre.directory}" if lustre else NO_LUSTRE,
        }
        # The listing of a million pictures takes about 700 MB.
        handler = around.handler(
            self, "Prepare", "prepare_pretraining", environment, seconds=PREPARE_SECONDS, memory_mib=2048
        )
        handler.grant(reading(around.data_bucket, "datasets/*"), reading(around.model_bucket, "base/*/manifest.json"))
        return handler

    def _publish(self, around: Surroundings) -> Handler:
        environment = {
            "DATA_BUCKET": around.data_bucket.bucket_name,
            "MODEL_BUCKET": around.model_bucket.bucket_name,
        }
        # A base model is some gigabytes, copied on S3's side in parts.
        handler = around.handler(self, "Publish", "publish_base", environment, seconds=900, memory_mib=1024)
        handler.grant(
            reading(around.data_bucket, "runs/*"),
            reading(around.model_bucket, "base/*"),
            writing(around.model_bucket, "base/*"),
        )
        return handler
