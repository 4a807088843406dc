"""``atelier doctor``."""

from typing import Annotated

import typer

from cli.parameters import Json, StageArgument, StageOption, one_stage


def doctor(
    stage: StageArgument = "",
    more: Annotated[list[str] | None, typer.Argument(metavar="[NAME=VALUE]...", help="more of the context")] = None,
    named: StageOption = "",
    context: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", help="the CDK's context, such as account=111122223333 or qualifier=team42"),
    ] = None,
    json: Json = False,
) -> None:
    """Say what stands between a stage and its account, and what to do about it."""
    from cli.doctor.run import run_doctor

    run_doctor(one_stage(stage, named), [*(context or []), *(more or [])], json=json)
