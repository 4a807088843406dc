"""Cancel what runs, by its id."""

from collections.abc import Callable, Mapping
from pathlib import Path

from cli.connection import connected
from cli.ids import first_of, is_drawn
from cli.terminal import print_json
from contracts.answers import Prediction, Training
from contracts.batch_answers import CatalogueBatch


def run_cancel(name: str, *, stage: str, cloud: Path, json: bool) -> None:
    """Cancel a prediction, a training or a batch, and say how it stands. Raises CommandError where it is none of them."""
    with connected(stage, cloud=cloud) as client:
        drawn: Mapping[str, Callable[[str], Prediction | CatalogueBatch]] = {
            "prediction": client.predictions.cancel,
            "batch": client.batches.cancel,
        }
        named: Mapping[str, Callable[[str], Training | CatalogueBatch]] = {
            "training": client.trainings.cancel,
            "batch": client.batches.cancel,
        }
        now: Prediction | Training | CatalogueBatch = first_of(name, drawn) if is_drawn(name) else first_of(name, named)
    if json:
        print_json(now.model_dump(mode="json"))
    else:
        print(f"{now.id} is {now.status}")
