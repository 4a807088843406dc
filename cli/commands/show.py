"""``atelier show``."""

from typing import Annotated

import typer

from cli.parameters import LOCAL_OUT, Cloud, Json, StageOption


def show(
    name: Annotated[
        str, typer.Argument(help="a style, a style@version, or the id of a training, a prediction or a batch")
    ],
    stage: StageOption = "",
    cloud: Cloud = LOCAL_OUT,
    json: Json = False,
) -> None:
    """Show a style, a version, a training, a prediction or a batch."""
    from cli.versions import run_show

    run_show(name, stage=stage, cloud=cloud, json=json)
