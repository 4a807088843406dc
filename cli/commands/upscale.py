"""``atelier upscale``."""

from pathlib import Path
from typing import Annotated

import typer

from cli.mode_options import takes_fields_of_modes
from cli.options import given
from cli.parameters import LOCAL_OUT, Cloud, Json, Learnt, Picture, StageOption


@takes_fields_of_modes("upscale")
def upscale(
    context: typer.Context,
    photo: Annotated[Path, typer.Argument(help="the picture to enlarge")],
    words: Annotated[str, typer.Argument(help="what is in it, for details that are invented")] = "",
    learnt: Learnt = "",
    output: Picture = None,
    stage: StageOption = "",
    cloud: Cloud = LOCAL_OUT,
    json: Json = False,
) -> None:
    """Make a picture 4 times as wide and high."""
    from cli.paint import run_paint

    run_paint(
        "upscale",
        mode="upscale",
        pictures={"image": photo},
        words={"prompt": words},
        settings=given(context),
        style=learnt,
        output=output,
        stage=stage,
        cloud=cloud,
        json=json,
    )
