"""``atelier deploy``."""

from cli.parameters import Assembly, Cdk, StageArgument, StageOption, assembly_folder, cdk_words, one_stage


def deploy(stage: StageArgument = "", named: StageOption = "", assembly: Assembly = None, cdk: Cdk = "") -> None:
    """Deploy a stage to the account, and say how to use it."""
    from cli.deploy import run_deploy

    run_deploy(one_stage(stage, named), assembly_folder(assembly), cdk_words(cdk))
