"""``atelier train``."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.options import given, takes_fields_of
from cli.parameters import LOCAL_OUT, Cloud, Json, StageOption, Yes

if TYPE_CHECKING:
    from contracts.model import Contract


def _contract() -> "type[Contract]":
    from contracts.requests import TrainingInput

    return TrainingInput


@takes_fields_of(_contract, without=("style", "dataset", "target"))
def train(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(help="pictures of the garment, 4 to 500; docs/datasets.md says what else")],
    target: Annotated[str, typer.Option(metavar="GARMENT", help='what it is: "a skirt", or 치마')] = "",
    style: Annotated[
        str, typer.Option(metavar="STYLE", help="what the style is called (default: as the folder)", show_default=False)
    ] = "",
    save: Annotated[
        Path | None,
        typer.Option(help="folder for the report and its sheet (default: out/TRAINING)", show_default=False),
    ] = None,
    add: Annotated[bool, typer.Option("--add", help="learn what an earlier upload left in the data set, too")] = False,
    replace: Annotated[bool, typer.Option("--replace", help="delete what an earlier upload left there")] = False,
    stage: StageOption = "",
    cloud: Cloud = LOCAL_OUT,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Learn a garment from a folder of pictures, and follow it to its end.

    The folder is checked, and what it will cost is said, before anything is put up. Ctrl-C leaves the training at work.
    """
    from cli.learn import run_train

    run_train(
        folder,
        target=target,
        style=style,
        settings=given(context),
        stage=stage,
        cloud=cloud,
        save=save,
        others="replace" if replace else "add" if add else "",
        yes=yes,
        json=json,
    )
