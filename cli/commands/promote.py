"""``atelier promote``."""

from cli.parameters import LOCAL_OUT, Cloud, Json, StageOption, Version


def promote(version: Version, stage: StageOption = "", cloud: Cloud = LOCAL_OUT, json: Json = False) -> None:
    """Let a style's bare name mean this version."""
    from cli.versions import run_mean

    run_mean(lambda client: client.styles.promote(version), stage=stage, cloud=cloud, json=json)
