"""``atelier batches``."""

from typing import Annotated

import typer

from cli.parameters import LOCAL_OUT, Cloud, Json, StageOption


def batches(
    limit: Annotated[int, typer.Option(min=1, max=100, help="how many at most")] = 20,
    stage: StageOption = "",
    cloud: Cloud = LOCAL_OUT,
    json: Json = False,
) -> None:
    """List batches, the newest first: how far each is, and what it has cost."""
    from cli.batches import run_batches

    run_batches(limit=limit, stage=stage, cloud=cloud, json=json)
