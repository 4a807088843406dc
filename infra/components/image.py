"""A container image of this repository, whose hash depends on that image's own files and nothing else."""

from pathlib import Path

from aws_cdk import IgnoreMode
from aws_cdk import aws_ecr_assets as ecr_assets
from constructs import Construct

from infra.settings.images import SHARED

REPOSITORY_ROOT = Path(__file__).resolve().parents[2]


class ContainerImage(Construct):
    """The image built from ``{folder}/Dockerfile`` on ``base``, its argument ``BASE_IMAGE``, with this repository as its context.

    Its address is ``uri`` in ``repository``. Only that folder and ``SHARED`` get into the context. Synth hashes them; only a real
    deployment builds.
    """

    def __init__(self, scope: Construct, construct_id: str, *, folder: str, base: str) -> None:
        super().__init__(scope, construct_id)
        dockerfile = f"{folder}/Dockerfile"
        if not (REPOSITORY_ROOT / dockerfile).exists():
            raise FileNotFoundError(f"image {folder}: no {dockerfile} in the repository")
        asset = ecr_assets.DockerImageAsset(
            self,
            "Asset",
            directory=str(REPOSITORY_ROOT),
            file=dockerfile,
            build_args={"BASE_IMAGE": base},
            # In Docker's syntax: everything, then each path back in, then what Python leaves behind.
            exclude=["*", *(f"!{path}" for path in (folder, *SHARED)), "**/__pycache__", "**/*.pyc"],
            ignore_mode=IgnoreMode.DOCKER,
            # The instances (ml.m5, ml.c7i, ml.g5) are x86; a build on a laptop with an ARM processor must not change that.
            platform=ecr_assets.Platform.LINUX_AMD64,
        )
        self.uri, self.repository = asset.image_uri, asset.repository
