"""``atelier rollback``."""

from typing import Annotated

import typer

from cli.parameters import LOCAL_OUT, Cloud, Json, StageOption


def rollback(
    style: Annotated[str, typer.Argument(help="the style")],
    leave: Annotated[
        str, typer.Option(metavar="STYLE@VERSION", help="only while its name means this", show_default=False)
    ] = "",
    stage: StageOption = "",
    cloud: Cloud = LOCAL_OUT,
    json: Json = False,
) -> None:
    """Let a style's bare name mean again what it meant before."""
    from cli.versions import run_mean

    run_mean(lambda client: client.styles.roll_back(style, leave=leave), stage=stage, cloud=cloud, json=json)
