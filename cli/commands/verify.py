"""``atelier verify``."""

from pathlib import Path
from typing import Annotated

import typer

from cli.parameters import LOCAL_OUT, Cloud, Json, StageOption


def verify(
    path: Annotated[
        Path,
        typer.Argument(help="a picture; or the folder of a style's version or a base model, with its manifest.json"),
    ],
    stage: StageOption = "",
    cloud: Cloud = LOCAL_OUT,
    json: Json = False,
) -> None:
    """Tell by a picture's manifest and its invisible mark where it comes from; or compare an artifact's files with their hashes."""
    if path.is_file():
        from cli.origin import tell_origin
        from cli.tracing import tracing

        with tracing(stage, cloud) as (client, outputs, ask):
            tell_origin(path, client, outputs, ask, json=json)
    else:
        from cli.verify import run_verify

        run_verify(path, json=json)
