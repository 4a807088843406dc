"""``atelier deployed``."""

from cli.parameters import Json, StageArgument, StageOption, one_stage


def deployed(stage: StageArgument = "", named: StageOption = "", json: Json = False) -> None:
    """Say where a deployed stage is and how to use it."""
    from cli.deployed import run_deployed

    run_deployed(one_stage(stage, named), json=json)
