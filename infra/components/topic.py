"""An SNS topic that only takes encrypted connections and stores encrypted messages."""

from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from constructs import Construct

from infra.components.access import ACCOUNT, allow
from infra.components.attributes import topic_arn


class EncryptedTopic(sns.Topic):
    """A topic encrypted with ``key``: whoever publishes needs ``kms:GenerateDataKey`` and ``kms:Decrypt`` on it too."""

    def __init__(self, scope: Construct, construct_id: str, *, key: kms.IKey) -> None:
        super().__init__(scope, construct_id, master_key=key, enforce_ssl=True)
        self._key = key

    def allow_alarms(self) -> None:
        """Let CloudWatch's alarms of this account publish."""
        self._allow("cloudwatch.amazonaws.com")

    def allow_budgets(self) -> None:
        """Let this account's budgets publish."""
        self._allow("budgets.amazonaws.com")

    def _allow(self, service: str) -> None:
        """Let a service publish for this account: it needs the topic's and the key's own consent.

        https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
        """
        principal = {"Principal": {"Service": service}}
        here = {"StringEquals": {"aws:SourceAccount": ACCOUNT}}
        publish = {**allow(["sns:Publish"], [topic_arn(self)], here), **principal}
        self.add_to_resource_policy(iam.PolicyStatement.from_json(publish))
        encrypt = {**allow(["kms:Decrypt", "kms:GenerateDataKey*"], ["*"]), **principal}
        self._key.add_to_resource_policy(iam.PolicyStatement.from_json(encrypt))
