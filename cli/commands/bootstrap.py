"""``atelier bootstrap``."""

from cli.parameters import Assembly, Cdk, StageArgument, StageOption, assembly_folder, cdk_words, one_stage


def bootstrap(stage: StageArgument = "", named: StageOption = "", assembly: Assembly = None, cdk: Cdk = "") -> None:
    """Make what the CDK needs in the account and region, once."""
    from cli.deploy import run_bootstrap

    run_bootstrap(one_stage(stage, named), assembly_folder(assembly), cdk_words(cdk))
