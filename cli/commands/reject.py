"""``atelier reject``."""

from typing import Annotated

import typer

from cli.parameters import LOCAL_OUT, Cloud, Json, StageOption, Version


def reject(
    version: Version,
    reason: Annotated[str, typer.Option(help="why, in one line; it is kept with the version")] = "",
    stage: StageOption = "",
    cloud: Cloud = LOCAL_OUT,
    json: Json = False,
) -> None:
    """Reject a version: the training that waits for it fails, and says why."""
    from cli.versions import run_decide

    run_decide(
        version,
        lambda client: client.styles.reject(version, reason=reason),
        stage=stage,
        cloud=cloud,
        json=json,
    )
