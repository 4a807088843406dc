"""``atelier captions``."""

from pathlib import Path
from typing import Annotated

import typer

from cli.parameters import LOCAL_OUT, Cloud, Json, StageOption


def captions(
    training: Annotated[str, typer.Argument(help="the training's id")],
    save: Annotated[
        Path | None, typer.Option(help="write them to this file, as captions.jsonl has them", show_default=False)
    ] = None,
    put: Annotated[
        Path | None,
        typer.Option(help="give the data set those of this file, in place of its captions.jsonl", show_default=False),
    ] = None,
    stage: StageOption = "",
    cloud: Cloud = LOCAL_OUT,
    json: Json = False,
) -> None:
    """Show what each picture of a training is learnt by, or put other words for those that come after.

    atelier train FOLDER --captions automatic --preflight true has them made before anything is learnt.
    """
    from cli.captions import run_captions

    run_captions(training, save=save, put=put, stage=stage, cloud=cloud, json=json)
