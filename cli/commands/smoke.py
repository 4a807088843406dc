"""``atelier smoke``."""

from cli.parameters import Json, StageArgument, StageOption, one_stage


def smoke(stage: StageArgument = "", named: StageOption = "", json: Json = False) -> None:
    """Ask a deployed stage for one picture, and wait for it."""
    from cli.smoke import run_smoke

    run_smoke(one_stage(stage, named), json=json)
