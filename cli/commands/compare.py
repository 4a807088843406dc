"""``atelier compare``."""

from typing import Annotated

import typer

from cli.parameters import LOCAL_OUT, Cloud, Json, StageOption


def compare(
    versions: Annotated[list[str], typer.Argument(help="2 to 8 versions of one style: my-skirt@1 my-skirt@2")],
    stage: StageOption = "",
    cloud: Cloud = LOCAL_OUT,
    json: Json = False,
) -> None:
    """Show versions of a style side by side: metrics, and the same photos as each painted them."""
    from cli.versions import run_compare

    run_compare(versions, stage=stage, cloud=cloud, json=json)
