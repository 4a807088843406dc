"""``atelier cost``."""

from typing import Annotated

import typer

from cli.parameters import Json, StageArgument, StageOption, one_stage


def cost(
    stage: StageArgument = "",
    named: StageOption = "",
    region: Annotated[
        str, typer.Option(help="where it is deployed: prices and machines differ", show_default=False)
    ] = "",
    json: Json = False,
) -> None:
    """Say what a stage costs an hour, idle and busy, and which quotas it needs."""
    from cli.cost import run_cost

    run_cost(one_stage(stage, named), region=region, json=json)
