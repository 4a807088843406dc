"""An SNS topic that only takes encrypted connections and stores encrypted messages."""

from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from constructs import Construct


class EncryptedTopic(sns.Topic):
    """A topic encrypted with ``key``: whoever publishes needs ``kms:GenerateDataKey`` and ``kms:Decrypt`` on it too."""

    def __init__(self, scope: Construct, construct_id: str, *, key: kms.IKey) -> None:
        super().__init__(scope, construct_id, master_key=key, enforce_ssl=True)
