"""Log the image builder in to the private registries that images start from; the CDK command does so only for the one it pushes to."""

import base64
import os
import re
import subprocess
from collections.abc import Callable, Iterable
from typing import Any

import boto3

from cli.errors import CommandError

PRIVATE = re.compile(r"(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(\.cn)?")


class LoginError(CommandError):
    """The image builder does not take the login."""


def log_in(images: Iterable[str], client: Callable[..., Any] = boto3.client) -> list[str]:
    """Log in to each private registry that an image's address names; returns the registries. Raises LoginError, ClientError."""
    registries = sorted({image.partition("/")[0] for image in images if PRIVATE.match(image)})
    for registry in registries:
        _log_in(registry, client)
    return registries


def _log_in(registry: str, client: Callable[..., Any]) -> None:
    place = PRIVATE.fullmatch(registry)
    assert place is not None, registry
    ecr = client("ecr", region_name=place["region"])
    (login,) = ecr.get_authorization_token(registryIds=[place["account"]])["authorizationData"]
    user, _, password = base64.b64decode(login["authorizationToken"]).decode().partition(":")
    command = [os.environ.get("CDK_DOCKER", "docker"), "login", "--username", user, "--password-stdin", registry]
    result = subprocess.run(command, input=password, capture_output=True, text=True, check=False)
    if result.returncode:
        raise LoginError(f"{' '.join(command)}: {(result.stderr or result.stdout).strip()[-500:]}")
