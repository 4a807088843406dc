"""``atelier style``."""

from pathlib import Path
from typing import Annotated

import typer

from cli.mode_options import takes_fields_of_modes
from cli.options import given
from cli.parameters import LOCAL_OUT, Cloud, Json, Learnt, Picture, StageOption


@takes_fields_of_modes("style")
def style(
    context: typer.Context,
    photo: Annotated[Path, typer.Argument(help="a picture of somebody")],
    target: Annotated[str, typer.Argument(metavar="GARMENT", help='what to repaint, such as "a skirt" or 치마')],
    words: Annotated[str, typer.Argument(help='what to paint there, such as "a red skirt"')],
    learnt: Learnt = "",
    output: Picture = None,
    stage: StageOption = "",
    cloud: Cloud = LOCAL_OUT,
    json: Json = False,
) -> None:
    """Repaint a garment in a photo; nothing else of the photo changes.

    Where neither a stage is named nor ATELIER_API_URL, the local cloud does it, and is started where it does not run.
    """
    from cli.paint import run_paint

    run_paint(
        "style",
        mode="style",
        pictures={"image": photo},
        words={"mask_prompt": target, "prompt": words},
        settings=given(context),
        style=learnt,
        output=output,
        stage=stage,
        cloud=cloud,
        json=json,
    )
