"""``atelier key``."""

from typing import Annotated

import typer

from cli.parameters import Json, StageArgument, StageOption, one_stage

Client = Annotated[
    str, typer.Option("--client", metavar="NAME", help="whose key (default: the first client's)", show_default=False)
]


def key(stage: StageArgument = "", named: StageOption = "", client: Client = "", json: Json = False) -> None:
    """Print the API key of one of a deployed stage's clients, and nothing else."""
    from cli.deployed import run_key

    run_key(one_stage(stage, named), client, json=json)
