"""Remove a stage from an account: what executions made, then the stacks, then the logs. Asks first, and says what stays."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from cli.account import Client, account_client, current_region, not_deployed, outputs, stage_stacks
from cli.cdk import cdk, stacks
from cli.deploy import require_stage
from cli.doctor.run import require_ready
from cli.errors import CommandError
from cli.leftovers import Leftover, logs, made_by_executions
from contracts.errors import InvalidInputError
from infra.config import stage_named


class NotRemovedError(CommandError):
    """Something of the stage is still there; the text lists it."""


def run_destroy(stage: str, assembly: Path, words: Sequence[str], *, asks: bool) -> None:
    """Remove the stage. Raises NotRemovedError where something could not be removed."""
    client = account_client
    keep = stage_named(stage).keep_data
    require_stage(assembly, stage)
    require_ready(stage, assembly)
    found = stage_stacks(client, stage)
    require_unprotected(stage, found)
    leftovers = made_by_executions(client, f"atelier-{stage}", _owned(client, found), keep_versions=keep)
    print(_plan(stage, found, leftovers, keep=keep), flush=True)
    if asks:
        confirm(stage, input if sys.stdin.isatty() else None)
    problems = remove(leftovers)
    _destroy_stacks(found, assembly, words)
    # The command passes over what it does not know without an error, such as a stack that the code no longer has.
    problems += [f"stack {left['StackName']}" for left in stage_stacks(client, stage) if not _protected(left)]
    problems += remove(logs(client, f"atelier-{stage}", *_logged(found)))
    if problems:
        raise NotRemovedError("these are left; make destroy again removes them:\n  " + "\n  ".join(problems))


def require_unprotected(stage: str, found: Sequence[dict[str, Any]]) -> None:
    """Raises NotDeployedError where no stack of the stage is there, and InvalidInputError where each is protected: it is in use."""
    if not found:
        raise not_deployed(stage, f"no stack of stage {stage} is in {current_region()} of this account")
    if all(_protected(stack) for stack in found):
        allowed = "a stage with a stack that may be deleted: deploy it without placement.protected first"
        raise InvalidInputError(f"stage {stage}", got="termination protection of every stack", allowed=allowed)


def _destroy_stacks(found: Sequence[dict[str, Any]], assembly: Path, words: Sequence[str]) -> None:
    ids = stacks(assembly)
    goes = [ids[stack["StackName"]] for stack in found if not _protected(stack) and stack["StackName"] in ids]
    if goes:
        cdk(["destroy", *goes, "--force", *words], assembly)


def confirm(stage: str, ask: Callable[[str], str] | None) -> None:
    """Raises InvalidInputError unless a person answers with the stage's name."""
    answer = ask(f"Type {stage} to remove all this: ") if ask else "no terminal"
    if answer.strip() != stage:
        raise InvalidInputError("confirmation", got=answer, allowed=f"{stage}, or YES=1 where nobody can be asked")


def remove(leftovers: Sequence[Leftover]) -> list[str]:
    """Remove each, whatever becomes of the others; what could not be removed, and why."""
    problems = []
    for leftover in leftovers:
        try:
            leftover.remove()
        except (BotoCoreError, ClientError) as error:
            problems.append(f"{leftover.kind} {leftover.name}: {error}")
        else:
            print(f"removed {leftover.kind} {leftover.name}", flush=True)
    return problems


def _plan(stage: str, found: Sequence[dict[str, Any]], leftovers: Sequence[Leftover], *, keep: bool) -> str:
    goes = [f"  stack {stack['StackName']}" for stack in reversed(found) if not _protected(stack)]
    stays = [f"  stack {stack['StackName']} (termination protection is on)" for stack in found if _protected(stack)]
    stays += ["  buckets, table, key and the registry's versions: the stage keeps its data"] if keep else []
    stays += ["  the bootstrap's images and assets, which `cdk gc` removes; a deleted key for the days that KMS waits"]
    made = [f"  {leftover.kind} {leftover.name}" for leftover in leftovers]
    return "\n".join([f"Of stage {stage} this goes:", *made, *goes, "and this stays:", *stays])


def _protected(stack: dict[str, Any]) -> bool:
    return bool(stack.get("EnableTerminationProtection"))


def _owned(client: Client, found: Sequence[dict[str, Any]]) -> set[str]:
    """The names of the stacks' own resources, also where CloudFormation knows them by their ARN."""
    pages = client("cloudformation").get_paginator("list_stack_resources")
    ids = [
        resource.get("PhysicalResourceId", "")
        for stack in found
        for page in pages.paginate(StackName=stack["StackName"])
        for resource in page["StackResourceSummaries"]
    ]
    return {name for identity in ids for name in (identity, identity.rpartition("/")[2])}


def _logged(found: Sequence[dict[str, Any]]) -> tuple[list[str], list[str]]:
    """The shared endpoint and the API, whose log groups AWS names after names that it has chosen itself."""
    values = {key: value for stack in found if not _protected(stack) for key, value in outputs(stack).items()}
    endpoints = [values["EndpointName"]] if "EndpointName" in values else []
    apis = [values["ApiUrl"].removeprefix("https://").split(".")[0]] if "ApiUrl" in values else []
    return endpoints, apis
