"""``atelier up``."""

from typing import Annotated

import typer

from cli.parameters import LOCAL_OUT, Json, Out, Port


def up(
    out: Out = LOCAL_OUT,
    port: Port = None,
    region: Annotated[str, typer.Option(help="the region that it stands for", show_default=False)] = "",
    json: Json = False,
) -> None:
    """Keep the local cloud and its API up until Ctrl-C, with all that it held before.

    Where no port and no region are given, they are those of the last start; at first 4700 and us-east-1, or the region of the stage's
    settings. With --json the document is printed as soon as the API answers, and the cloud stays up.
    """
    from cli.keep import run_local

    run_local(out=out, port=port, region=region, json=json)
