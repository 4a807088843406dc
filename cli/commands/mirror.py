"""``atelier mirror``."""

from typing import Annotated

import typer

from cli.parameters import LOCAL_OUT, Cloud, Json, Models, StageOption


def mirror(
    names: Models = None,
    hub: Annotated[
        str, typer.Option(metavar="URL", help="another server of the same files, where the hub cannot be reached")
    ] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="say what would be copied, and copy nothing")] = False,
    stage: StageOption = "",
    cloud: Cloud = LOCAL_OUT,
    json: Json = False,
) -> None:
    """Copy base models from their hub into a stage's bucket, through this machine; each file's hash is checked.

    Deploying a stage does this by itself, unless its function cannot reach the hub or a model takes longer than a function may run:
    what is copied before is not copied then. What was begun goes on at the next call, file by file.
    """
    from cli.mirror import run_mirror

    run_mirror(names or [], hub=hub, dry_run=dry_run, stage=stage, cloud=cloud, json=json)
