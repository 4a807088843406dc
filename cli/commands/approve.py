"""``atelier approve``."""

from typing import Annotated

import typer

from cli.parameters import LOCAL_OUT, Cloud, Json, StageOption, Version


def approve(
    version: Version,
    reason: Annotated[str, typer.Option(help="why, in one line; it is kept with the version")] = "",
    stage: StageOption = "",
    cloud: Cloud = LOCAL_OUT,
    json: Json = False,
) -> None:
    """Approve a version: the training that waits for it goes on, and publishes it."""
    from cli.versions import run_decide

    run_decide(
        version,
        lambda client: client.styles.approve(version, reason=reason),
        stage=stage,
        cloud=cloud,
        json=json,
    )
