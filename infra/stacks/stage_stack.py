"""What the stacks of a stage have in common."""

from aws_cdk import DefaultStackSynthesizer, Environment, PermissionsBoundary, Stack
from constructs import Construct

from infra.components.access import ACCOUNT, PARTITION
from infra.settings.stage import Stage


class StageStack(Stack):
    """A stack named after its stage and its own id, in the stage's account, with its tags. ``about`` says what is in it."""

    def __init__(self, scope: Construct, construct_id: str, *, stage: Stage, about: str) -> None:
        placement = stage.placement
        boundary = placement.permissions_boundary
        super().__init__(
            scope,
            construct_id,
            stack_name=f"{stage.prefix}-{construct_id.lower()}",
            description=f"Atelier: {about}",
            tags=stage.tags,
            # Nothing here: the account and the region of whoever deploys.
            env=Environment(account=placement.account or None, region=placement.region or None),
            synthesizer=DefaultStackSynthesizer(qualifier=placement.qualifier or None),
            permissions_boundary=PermissionsBoundary.from_arn(_policy_arn(boundary)) if boundary else None,
            termination_protection=placement.protected,
        )
        self.stage = stage


def _policy_arn(name: str) -> str:
    """A managed policy of the stack's account. CDK's own ``PermissionsBoundary.from_name`` writes a pinned account out."""
    return f"arn:{PARTITION}:iam::{ACCOUNT}:policy/{name}"
