"""The key that signs what pictures say of themselves. It never leaves KMS."""

from aws_cdk import RemovalPolicy
from aws_cdk import aws_kms as kms
from constructs import Construct

from infra.components.access import Statement, allow
from infra.components.attributes import key_arn


class SigningKey(Construct):
    """``key`` signs with ECDSA on the curve P-256, which C2PA calls ES256. What it signed can be checked without it."""

    def __init__(self, scope: Construct, construct_id: str, *, keep: bool) -> None:
        super().__init__(scope, construct_id)
        self.key = kms.Key(
            self,
            "Key",
            description="Atelier: manifests of pictures",
            key_spec=kms.KeySpec.ECC_NIST_P256,
            key_usage=kms.KeyUsage.SIGN_VERIFY,
            removal_policy=RemovalPolicy.RETAIN if keep else RemovalPolicy.DESTROY,
        )
        self.arn = key_arn(self.key)

    def signing(self) -> list[Statement]:
        """Sign with it, and read its public part."""
        return [allow(["kms:GetPublicKey", "kms:Sign"], [self.arn])]
