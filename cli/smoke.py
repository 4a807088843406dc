"""One picture from a deployed stage: what a pipeline looks at before it deploys the next stage."""

from atelier import Atelier
from cli.account import account_client, api_key, stage_outputs
from cli.deployed import FIRST
from cli.terminal import print_json

LONGEST_SECONDS = 30 * 60
"""An endpoint at zero instances wakes in 5 to 10 minutes, then loads its models."""
POLL_SECONDS = 10


def run_smoke(stage: str, *, json: bool = False) -> None:
    """Ask the base model for one picture. Raises ApiError where none comes."""
    outputs = stage_outputs(account_client, stage)
    with Atelier(outputs["ApiUrl"], api_key(account_client, outputs)) as client:
        (picture,) = client.predict(FIRST["input"], seconds=LONGEST_SECONDS, every=POLL_SECONDS)
    if json:
        print_json({"stage": stage, "bytes": len(picture)})
    else:
        print(f"Stage {stage} painted a picture of {len(picture)} bytes")
