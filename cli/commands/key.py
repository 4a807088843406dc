"""``atelier key``."""

from cli.parameters import StageArgument, StageOption, one_stage


def key(stage: StageArgument = "", named: StageOption = "") -> None:
    """Print a deployed stage's API key, and nothing else."""
    from cli.deployed import run_key

    run_key(one_stage(stage, named))
