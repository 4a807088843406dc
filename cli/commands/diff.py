"""``atelier diff``."""

from cli.parameters import Assembly, Cdk, StageArgument, StageOption, assembly_folder, cdk_words, one_stage


def diff(stage: StageArgument = "", named: StageOption = "", assembly: Assembly = None, cdk: Cdk = "") -> None:
    """Say what deploying a stage would change in the account."""
    from cli.diff import run_diff

    run_diff(one_stage(stage, named), assembly_folder(assembly), cdk_words(cdk))
