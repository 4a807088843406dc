"""A stage in the AWS account of the current credentials: what its stacks put out."""

import json
import os
from collections.abc import Callable, Iterable
from typing import Any

import boto3
from botocore.exceptions import ClientError

from cli.errors import CommandError
from contracts.errors import InvalidInputError

Client = Callable[[str], Any]
"""Makes a boto3 client of the service that it is given."""

STACKS = ("storage", "serving", "training", "api", "monitoring")
"""The last parts of the names of a stage's stacks."""


class NotDeployedError(CommandError):
    """The stage's stacks are not in the account of the current credentials."""


def account_client(service: str, region: str = "") -> Any:
    """A boto3 client with the credentials and, without a ``region``, that of the environment, as the AWS command finds them."""
    make: Callable[..., Any] = boto3.client
    return make(service, region_name=region or current_region() or None)


def current_region() -> str:
    """The region of the environment, empty where none is set. The AWS and CDK commands read AWS_REGION first, and boto3 not at all."""
    return os.environ.get("AWS_REGION") or boto3.Session().region_name or ""


def stage_outputs(client: Client, stage: str, stacks: Iterable[str] = STACKS) -> dict[str, str]:
    """The outputs of a stage's stacks, all in one mapping. Raises NotDeployedError, and what AWS answers where it may not be asked."""
    found: dict[str, str] = {}
    for stack in stacks:
        name = f"atelier-{stage}-{stack}"
        cloudformation = client("cloudformation")
        try:
            description = cloudformation.describe_stacks(StackName=name)["Stacks"][0]
        except ClientError as error:
            if "does not exist" not in str(error):
                raise
            says = f"stack {name} is not in {cloudformation.meta.region_name} of this account"
            raise not_deployed(stage, says) from error
        found |= outputs(description)
    return found


def not_deployed(stage: str, says: str) -> NotDeployedError:
    """What is not where it was looked for, and what to do."""
    return NotDeployedError(f"{says}: make deploy STAGE={stage} makes it; REGION=… and PROFILE=… look for it elsewhere")


def outputs(description: dict[str, Any]) -> dict[str, str]:
    """The outputs in an entry of DescribeStacks."""
    return {output["OutputKey"]: output["OutputValue"] for output in description.get("Outputs", [])}


def stage_stacks(client: Client, stage: str) -> list[dict[str, Any]]:
    """Entries of DescribeStacks: every stack of the stage that is there, the first made first."""
    pages = client("cloudformation").get_paginator("describe_stacks").paginate()
    found = [stack for page in pages for stack in page["Stacks"] if stack["StackName"].startswith(f"atelier-{stage}-")]
    return sorted(found, key=lambda stack: stack["CreationTime"])


def api_key(client: Client, found: dict[str, str], name: str = "") -> str:
    """The value of a client's API key, by the outputs of the stage's stacks; without a name that of the stage's first client.

    Raises InvalidInputError.
    """
    ids: dict[str, str] = json.loads(found["ApiKeyIds"])
    if name and name not in ids:
        raise InvalidInputError("--client", got=name, allowed=" | ".join(ids))
    key = ids[name] if name else found["ApiKeyId"]
    return str(client("apigateway").get_api_key(apiKey=key, includeValue=True)["value"])
