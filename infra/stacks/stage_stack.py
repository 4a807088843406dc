"""What the stacks of a stage have in common."""

from aws_cdk import Stack
from constructs import Construct

from infra.settings.stage import Stage


class StageStack(Stack):
    """A stack named after its stage and its own id, with the stage's tags. ``about`` says what is in it."""

    def __init__(self, scope: Construct, construct_id: str, *, stage: Stage, about: str) -> None:
        name = f"{stage.prefix}-{construct_id.lower()}"
        super().__init__(scope, construct_id, stack_name=name, description=f"Atelier: {about}", tags=stage.tags)
        self.stage = stage
