"""``atelier generate``."""

from typing import Annotated

import typer

from cli.mode_options import takes_fields_of_modes
from cli.options import given
from cli.parameters import LOCAL_OUT, Cloud, Json, Learnt, Picture, StageOption


@takes_fields_of_modes("text_to_image")
def generate(
    context: typer.Context,
    words: Annotated[str, typer.Argument(help='what to paint, such as "a red skirt"')],
    learnt: Learnt = "",
    output: Picture = None,
    stage: StageOption = "",
    cloud: Cloud = LOCAL_OUT,
    json: Json = False,
) -> None:
    """Paint a picture from words alone."""
    from cli.paint import run_paint

    run_paint(
        "generate",
        mode="text_to_image",
        pictures={},
        words={"prompt": words},
        settings=given(context),
        style=learnt,
        output=output,
        stage=stage,
        cloud=cloud,
        json=json,
    )
