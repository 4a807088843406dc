"""``atelier cancel``."""

from typing import Annotated

import typer

from cli.parameters import LOCAL_OUT, Cloud, Json, StageOption


def cancel(
    name: Annotated[str, typer.Argument(metavar="ID", help="of a training, a prediction or a batch")],
    stage: StageOption = "",
    cloud: Cloud = LOCAL_OUT,
    json: Json = False,
) -> None:
    """Cancel a training, a prediction or a batch unless it has ended: nothing more of a batch is begun, and what is done stays."""
    from cli.cancel import run_cancel

    run_cancel(name, stage=stage, cloud=cloud, json=json)
