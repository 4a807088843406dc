"""``atelier pretrain``."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.options import given, takes_fields_of
from cli.parameters import Json

if TYPE_CHECKING:
    from contracts.model import Contract

OUT = Path("out/pretrain")


def _contract() -> "type[Contract]":
    from contracts.pretraining import PretrainingInput

    return PretrainingInput


@takes_fields_of(_contract, without=("name", "dataset"))
def pretrain(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="what the new base model is called")],
    dataset: Annotated[str, typer.Option(help="a folder to upload, or the name of a data set below datasets/")],
    stage: Annotated[
        str, typer.Option(help="a deployed stage; local starts a local cloud for this run", metavar="STAGE")
    ] = "local",
    out: Annotated[Path, typer.Option(help="folder for the report")] = OUT,
    json: Json = False,
) -> None:
    """Train a base model on captioned pictures, and follow it."""
    from cli.pretrain import run_pretrain

    run_pretrain(name=name, dataset=dataset, stage=stage, out=out, settings=given(context), json=json)
