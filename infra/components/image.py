"""A container image of this repository, whose hash depends on that image's own files and nothing else."""

from collections.abc import Sequence
from pathlib import Path

from aws_cdk import IgnoreMode
from aws_cdk import aws_ecr_assets as ecr_assets
from aws_cdk import aws_iam as iam
from constructs import Construct

REPOSITORY_ROOT = Path(__file__).resolve().parents[2]


class ContainerImage(Construct):
    """The image built from ``{folder}/Dockerfile`` with the repository as its context.

    ``includes`` are the only files and folders that get into the context. Synth hashes them; only a real deployment builds.
    """

    def __init__(self, scope: Construct, construct_id: str, *, folder: str, includes: Sequence[str]) -> None:
        super().__init__(scope, construct_id)
        dockerfile = f"{folder}/Dockerfile"
        for path in (dockerfile, *includes):
            if not (REPOSITORY_ROOT / path).exists():
                raise FileNotFoundError(f"image {folder}: no {path} in the repository; the image copies it")
        self._asset = ecr_assets.DockerImageAsset(
            self,
            "Asset",
            directory=str(REPOSITORY_ROOT),
            file=dockerfile,
            exclude=_all_but([dockerfile, *includes]),
            ignore_mode=IgnoreMode.DOCKER,
            # The instances (ml.m5, ml.c7i, ml.g5) are x86; a build on a laptop with an ARM processor must not change that.
            platform=ecr_assets.Platform.LINUX_AMD64,
        )

    @property
    def uri(self) -> str:
        """The image's address in the account's registry."""
        return self._asset.image_uri

    def grant_pull(self, grantee: iam.IGrantable) -> None:
        """Let a role's containers be pulled."""
        self._asset.repository.grant_pull(grantee)


def _all_but(paths: Sequence[str]) -> list[str]:
    """Ignore patterns in Docker's syntax: everything, then each path back in, then what Python leaves behind."""
    return ["*", *(f"!{path}" for path in paths), "**/__pycache__", "**/*.pyc"]
