"""Where the image that ours start from is pulled from: AWS's public registry, or the private one of the region."""

import os

from aws_cdk import Stack, Token
from aws_cdk.region_info import RegionInfo
from constructs import Construct

from infra.settings.images import CPU_IMAGE, GPU_IMAGE, PUBLIC_REGISTRY


def base_image(scope: Construct, *, gpu: bool, source: str) -> str:
    """The address of the base image for machines with or without GPUs.

    ``source`` is ``public``, or ``private`` for the registry of the region that is deployed to, which asks for a login.
    Raises ValueError where that region is not known or has no such registry.
    """
    registry = PUBLIC_REGISTRY if source == "public" else _private_registry(_region(scope))
    return f"{registry}/{GPU_IMAGE if gpu else CPU_IMAGE}"


def _region(scope: Construct) -> str:
    region = Stack.of(scope).region
    # A stack for any region has a placeholder here; the CDK command then says in a variable where it deploys to.
    return os.environ.get("CDK_DEFAULT_REGION", "") if Token.is_unresolved(region) else region


def _private_registry(region: str) -> str:
    info = RegionInfo.get(region or "unknown")
    if info.dlc_repository_account is None:
        allowed = "a region (CDK_DEFAULT_REGION) with AWS's private registry of deep learning containers, or public"
        raise ValueError(f"base_images 'private': got region {region!r}; allowed: {allowed}")
    return f"{info.dlc_repository_account}.dkr.ecr.{region}.{info.domain_suffix}"
