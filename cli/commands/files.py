"""``atelier files``."""

from typing import Annotated

import typer

from cli.parameters import LOCAL_OUT, Cloud, Json, StageOption

ACTIONS = ("list", "put", "get", "delete")


def _actions(incomplete: str) -> list[str]:
    return [action for action in ACTIONS if action.startswith(incomplete)]


def files(
    action: Annotated[
        str, typer.Argument(metavar="|".join(ACTIONS), help="what to do", autocompletion=_actions)
    ] = "list",
    names: Annotated[list[str] | None, typer.Argument(help="files to put, or ids to get or delete")] = None,
    style: Annotated[
        str, typer.Option(metavar="STYLE", help="of this style's dataset, not of the uploads", show_default=False)
    ] = "",
    stage: StageOption = "",
    cloud: Cloud = LOCAL_OUT,
    json: Json = False,
) -> None:
    """List, put, get or delete files that predictions and trainings read."""
    from cli.stored import run_files

    run_files(action, names or [], style=style, stage=stage, cloud=cloud, json=json)
