"""``atelier models``."""

from cli.parameters import Json, StageArgument, StageOption, one_stage


def models(stage: StageArgument = "", named: StageOption = "", json: Json = False) -> None:
    """Say which base models a stage has: what each is for, where its files come from, and on what terms it may be used."""
    from cli.models import run_models

    run_models(one_stage(stage, named), json=json)
