"""``atelier segment``."""

from pathlib import Path
from typing import Annotated

import typer

from cli.mode_options import takes_fields_of_modes
from cli.options import given
from cli.parameters import LOCAL_OUT, Cloud, Json, Picture, StageOption


@takes_fields_of_modes("segment", without=("return_mask",))
def segment(
    context: typer.Context,
    photo: Annotated[Path, typer.Argument(help="a picture of somebody")],
    target: Annotated[str, typer.Argument(metavar="GARMENT", help='what to mask, such as "a skirt" or 치마')],
    output: Picture = None,
    stage: StageOption = "",
    cloud: Cloud = LOCAL_OUT,
    json: Json = False,
) -> None:
    """Find a garment in a photo: a mask, white where it is."""
    from cli.paint import run_paint

    run_paint(
        "segment",
        mode="segment",
        pictures={"image": photo},
        words={"mask_prompt": target},
        settings=given(context),
        output=output,
        stage=stage,
        cloud=cloud,
        json=json,
    )
