"""``atelier edit``."""

from pathlib import Path
from typing import Annotated

import typer

from cli.mode_options import takes_fields_of_modes
from cli.options import given
from cli.parameters import LOCAL_OUT, Cloud, Json, Learnt, Picture, StageOption


@takes_fields_of_modes("inpaint", "image_to_image")
def edit(
    context: typer.Context,
    photo: Annotated[Path, typer.Argument(help="the picture to work on")],
    words: Annotated[str, typer.Argument(help='what to paint, such as "a red skirt"')],
    mask: Annotated[
        Path | None, typer.Option("--mask", help="where to repaint: white, or what mask_convention says")
    ] = None,
    learnt: Learnt = "",
    output: Picture = None,
    stage: StageOption = "",
    cloud: Cloud = LOCAL_OUT,
    json: Json = False,
) -> None:
    """Repaint what a mask says or, without one, the whole picture, starting from it."""
    from cli.paint import run_paint

    run_paint(
        "edit",
        mode="inpaint" if mask else "image_to_image",
        pictures={"image": photo, **({"mask": mask} if mask else {})},
        words={"prompt": words},
        settings=given(context),
        style=learnt,
        output=output,
        stage=stage,
        cloud=cloud,
        json=json,
    )
