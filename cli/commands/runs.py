"""``atelier runs``."""

from typing import Annotated

import typer

from cli.parameters import LOCAL_OUT, Cloud, Json, StageOption


def runs(
    limit: Annotated[int, typer.Option(min=1, max=100, help="how many at most")] = 20,
    stage: StageOption = "",
    cloud: Cloud = LOCAL_OUT,
    json: Json = False,
) -> None:
    """List trainings, the newest first."""
    from cli.versions import run_runs

    run_runs(limit=limit, stage=stage, cloud=cloud, json=json)
