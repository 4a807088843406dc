"""``atelier people``."""

from typing import Annotated

import typer

from cli.parameters import LOCAL_OUT, Cloud, Json, StageOption, Yes

ACTIONS = ("delete", "show")


def _actions(incomplete: str) -> list[str]:
    return [action for action in ACTIONS if action.startswith(incomplete)]


def people(
    action: Annotated[str, typer.Argument(metavar="|".join(ACTIONS), help="what to do", autocompletion=_actions)],
    reference: Annotated[str, typer.Argument(help="the consent reference of whom pictures show")],
    stage: StageOption = "",
    cloud: Cloud = LOCAL_OUT,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Delete all that has a consent reference, for good, or show how far that is. Asks first."""
    from cli.forgetting import run_people

    run_people(action, reference, stage=stage, cloud=cloud, yes=yes, json=json)
