"""``atelier verify``."""

from pathlib import Path
from typing import Annotated

import typer

from cli.parameters import Json


def verify(
    folder: Annotated[Path, typer.Argument(help="a style's version or a base model, with its manifest.json")],
    json: Json = False,
) -> None:
    """Compare an artifact's files with the hashes in its manifest."""
    from cli.verify import run_verify

    run_verify(folder, json=json)
