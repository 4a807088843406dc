"""``atelier destroy``."""

from cli.parameters import Assembly, Cdk, StageArgument, StageOption, Yes, assembly_folder, cdk_words, one_stage


def destroy(
    stage: StageArgument = "", named: StageOption = "", assembly: Assembly = None, cdk: Cdk = "", yes: Yes = False
) -> None:
    """Remove a stage from the account, with what its executions made. Asks first."""
    from cli.destroy import run_destroy

    run_destroy(one_stage(stage, named), assembly_folder(assembly), cdk_words(cdk), asks=not yes)
