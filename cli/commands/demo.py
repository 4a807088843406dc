"""``atelier demo``."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from cli.parameters import Json, Port

OUT = Path("out/demo")


def demo(
    out: Annotated[Path, typer.Option(help="folder for the pictures, the page and metrics.json")] = OUT,
    port: Port = None,
    stay: Annotated[
        bool | None,
        typer.Option("--stay/--no-stay", help="keep the API up at the end, until Ctrl-C (default: on a terminal)"),
    ] = None,
    json: Json = False,
) -> None:
    """Fine-tune on 12 pictures and restyle photos, all on this machine."""
    from cli.demo import run_demo

    stays = sys.stdin.isatty() and sys.stdout.isatty() if stay is None else stay
    run_demo(out=out, port=port, stay=stays, json=json)
