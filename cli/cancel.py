"""Cancel what runs, by its id."""

import re
from pathlib import Path

from cli.connection import connected
from cli.terminal import print_json
from contracts.layout import PREDICTION_ID


def run_cancel(name: str, *, stage: str, cloud: Path, json: bool) -> None:
    """Cancel a prediction or a training, and say how it stands. Raises NotFoundError."""
    with connected(stage, cloud=cloud) as client:
        kind = client.predictions if re.fullmatch(PREDICTION_ID, name) else client.trainings
        now = kind.cancel(name)
    if json:
        print_json(now.model_dump(mode="json"))
    else:
        print(f"{now.id} is {now.status}")
