"""The third-party packages of the Lambdas: a layer of the wheels that the install step unpacked for their processor."""

import os
from functools import cache
from hashlib import sha256
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

from aws_cdk import Stack
from aws_cdk import aws_lambda as lambda_

from infra.components.image import REPOSITORY_ROOT

LOCK = REPOSITORY_ROOT / "lambdas" / "requirements.lock"
FOLDER = REPOSITORY_ROOT / ".venv" / "lambda-packages"
"""Holds ``python/``, as a layer must, and a copy of the lock file that it was made from."""

RUNTIME = lambda_.Runtime.PYTHON_3_13
ARCHITECTURE = lambda_.Architecture.ARM_64


class PackagesMissingError(RuntimeError):
    """The packages of the Lambdas were not fetched, or come from another lock file."""


@cache
def packages_layer(stack: Stack) -> lambda_.ILayerVersion:
    """The stack's layer, made at first use. Raises PackagesMissingError."""
    locked = _locked()
    return lambda_.LayerVersion(
        stack,
        "Packages",
        description="Powertools for AWS Lambda and pydantic",
        code=lambda_.Code.from_asset(str(_packed()), asset_hash=locked),
        compatible_runtimes=[RUNTIME],
        compatible_architectures=[ARCHITECTURE],
    )


def _locked() -> str:
    """The lock file's hash, which names the asset: the same commit gives the same template, whoever made the folder."""
    copy = FOLDER / LOCK.name
    if not copy.exists() or copy.read_bytes() != LOCK.read_bytes():
        got = "another lock file's" if copy.exists() else "none"
        raise PackagesMissingError(
            f"packages of the Lambdas in {FOLDER}: got {got}; allowed: those of {LOCK}, which `make lambda-packages` fetches"
        )
    return sha256(LOCK.read_bytes()).hexdigest()


def _packed() -> Path:
    """The layer as the one file that is uploaded: to copy hundreds of files takes CDK longer than all else that it does for the layer."""
    packed = FOLDER / "packages.zip"
    if not packed.exists():
        folder = FOLDER / "python"
        own = packed.with_suffix(f".{os.getpid()}")
        with ZipFile(own, "w", ZIP_DEFLATED) as archive:
            for file in sorted(folder.rglob("*")):
                archive.write(file, file.relative_to(FOLDER))
        own.replace(packed)
    return packed
