"""``atelier delete``."""

from typing import Annotated

import typer

from cli.parameters import LOCAL_OUT, Cloud, Json, StageOption, Yes


def delete(
    name: Annotated[str, typer.Argument(metavar="STYLE|STYLE@VERSION", help="a version, or a style with all of them")],
    stage: StageOption = "",
    cloud: Cloud = LOCAL_OUT,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Delete a version, or a style with all its versions, for good. Asks first."""
    from cli.versions import run_delete

    run_delete(name, stage=stage, cloud=cloud, yes=yes, json=json)
