"""``atelier evaluate``."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.options import given, takes_fields_of
from cli.parameters import LOCAL_OUT, Cloud, Json, StageOption, Yes

if TYPE_CHECKING:
    from contracts.model import Contract


def _contract() -> "type[Contract]":
    from contracts.requests import EvaluationRequest

    return EvaluationRequest


@takes_fields_of(_contract, without=("dataset", "webhook", "webhook_events_filter"))
def evaluate(
    context: typer.Context,
    version: Annotated[str, typer.Argument(metavar="STYLE@VERSION", help="a published version")],
    folder: Annotated[
        Path | None,
        typer.Argument(help="pictures of the garment, and in evaluation/ the photos to repaint", show_default=False),
    ] = None,
    dataset: Annotated[
        str,
        typer.Option(
            metavar="NAME", help="what the folder is put up as, or a data set that is there (default: the style's own)"
        ),
    ] = "",
    save: Annotated[
        Path | None,
        typer.Option(help="folder for the report and its sheet (default: out/EVALUATION)", show_default=False),
    ] = None,
    add: Annotated[bool, typer.Option("--add", help="keep what an earlier upload left in that data set, too")] = False,
    replace: Annotated[bool, typer.Option("--replace", help="delete what an earlier upload left there")] = False,
    stage: StageOption = "",
    cloud: Cloud = LOCAL_OUT,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Measure a published version again, on other pictures, without training; nothing about it changes.

    Ctrl-C leaves the evaluation at work.
    """
    from cli.evaluate import run_evaluate

    run_evaluate(
        version,
        folder,
        dataset=dataset,
        settings=given(context),
        stage=stage,
        cloud=cloud,
        save=save,
        others="replace" if replace else "add" if add else "",
        yes=yes,
        json=json,
    )
