"""``atelier cancel``."""

from typing import Annotated

import typer

from cli.parameters import LOCAL_OUT, Cloud, Json, StageOption


def cancel(
    name: Annotated[str, typer.Argument(metavar="ID", help="of a training or a prediction")],
    stage: StageOption = "",
    cloud: Cloud = LOCAL_OUT,
    json: Json = False,
) -> None:
    """Cancel a training or a prediction unless it has ended."""
    from cli.cancel import run_cancel

    run_cancel(name, stage=stage, cloud=cloud, json=json)
