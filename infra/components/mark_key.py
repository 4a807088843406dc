"""The key of which that of the invisible mark is made. It never leaves KMS; what it makes of a message is always the same."""

from aws_cdk import RemovalPolicy
from aws_cdk import aws_kms as kms
from constructs import Construct

from infra.components.access import Statement, allow
from infra.components.attributes import key_arn


class MarkKey(Construct):
    """``key`` makes MACs with HMAC-SHA-256. Without it no mark that was written can be read any more."""

    def __init__(self, scope: Construct, construct_id: str, *, keep: bool) -> None:
        super().__init__(scope, construct_id)
        self.key = kms.Key(
            self,
            "Key",
            description="Atelier: invisible marks in pictures",
            key_spec=kms.KeySpec.HMAC_256,
            key_usage=kms.KeyUsage.GENERATE_VERIFY_MAC,
            removal_policy=RemovalPolicy.RETAIN if keep else RemovalPolicy.DESTROY,
        )
        self.arn = key_arn(self.key)

    def marking(self) -> list[Statement]:
        """Make the key of the mark."""
        return [allow(["kms:GenerateMac"], [self.arn])]
