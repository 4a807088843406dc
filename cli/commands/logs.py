"""``atelier logs``."""

from typing import Annotated

import typer

from cli.parameters import LOCAL_OUT, Cloud, Json, StageOption


def logs(
    name: Annotated[
        str,
        typer.Argument(
            help="part of a group's name, or a prediction's id; left out: list the groups", show_default=False
        ),
    ] = "",
    lines: Annotated[int, typer.Option(min=1, max=10_000, help="how many at most")] = 50,
    stage: StageOption = "",
    cloud: Cloud = LOCAL_OUT,
    json: Json = False,
) -> None:
    """Say where a stage's logs are, or print the last lines of some, or of one prediction."""
    from cli.logs import run_logs

    run_logs(name, lines=lines, stage=stage, cloud=cloud, json=json)
