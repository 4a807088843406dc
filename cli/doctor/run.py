"""Ask everything, and print a line each."""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from cli.account import account_client, current_region
from cli.cdk import environment, qualifier
from cli.doctor.account import check_api_logs, check_bootstrap, check_identity
from cli.doctor.diagnosis import Diagnosis, Mark, conclusion
from cli.doctor.licences import check_licences
from cli.doctor.limits import check_quotas
from cli.doctor.machine import check_builder, check_cdk, check_node, check_registry
from cli.doctor.network import check_network
from cli.doctor.page import check_page
from cli.doctor.surroundings import Surroundings, run_program
from cli.errors import CommandError
from cli.terminal import print_json
from contracts.errors import InvalidInputError
from infra.config import stage_named
from infra.context import read
from infra.settings.placement import Placement
from infra.settings.stage import Stage

Check = Callable[[Surroundings], Iterator[Diagnosis]]

HERE: dict[str, Check] = {
    "Node.js": check_node,
    "CDK command": check_cdk,
    "images": check_builder,
    "licence": check_licences,
}
IN_AWS: dict[str, Check] = {
    "bootstrap": check_bootstrap,
    "registry": check_registry,
    "API logs": check_api_logs,
    "quotas": check_quotas,
    "network": check_network,
    "page": check_page,
}
"""Asked only where there are credentials. The names are those of their lines."""


class UnfitError(CommandError):
    """The stage cannot be deployed as things are; the lines before this one say why and what to do."""


def run_doctor(stage: str, context: Sequence[str], *, json: bool = False) -> None:
    """Print what stands between the stage and the account of the current credentials. Raises UnfitError where it cannot be deployed."""
    findings = []
    for finding in examine(_around(_placed(stage_named(stage), context))):
        if not json:
            print(finding, flush=True)
        findings.append(finding)
    last = conclusion(findings)
    if json:
        listed = [{**asdict(finding), "mark": finding.mark.name.lower()} for finding in findings]
        print_json({"findings": listed, "conclusion": last})
    if _in_the_way(findings):
        raise UnfitError(last)
    if not json:
        print(last)


def require_ready(stage: str, assembly: Path, *names: str) -> None:
    """Raises UnfitError, before anything takes time, where the CDK command would fail on the templates in ``assembly``.

    That is for want of credentials, a region or the right account, or of what the checks called ``names`` look at.
    """
    account, region = environment(assembly)
    placement = Placement(account=account, region=region, qualifier=qualifier(assembly))
    around = _around(replace(stage_named(stage), placement=placement))
    findings = list(check_identity(around))
    if not _in_the_way(findings):
        findings = [finding for name in names for finding in _answers(name, (HERE | IN_AWS)[name], around)]
    if faults := _in_the_way(findings):
        raise UnfitError("\n".join(["", *map(str, faults)]))


def _in_the_way(findings: Sequence[Diagnosis]) -> list[Diagnosis]:
    return [finding for finding in findings if finding.mark is Mark.TO_DEPLOY]


def _around(stage: Stage) -> Surroundings:
    """The stage, this machine and the account of the current credentials."""
    return Surroundings(
        stage=stage, region=current_region(), client=account_client, run=run_program, environment=os.environ
    )


def _placed(stage: Stage, context: Sequence[str]) -> Stage:
    """The stage where ``name=value`` of the CDK's context would put it. Raises InvalidInputError."""
    try:
        return stage.with_context(read(context).get)
    except ValueError as error:
        raise InvalidInputError("--context", got=" ".join(context), allowed=str(error)) from error


def examine(around: Surroundings) -> Iterator[Diagnosis]:
    """Every finding: of this machine first, then of AWS, as far as AWS can be asked."""
    for name, check in HERE.items():
        yield from _answers(name, check, around)
    identity = list(check_identity(around))
    yield from identity
    if _in_the_way(identity):
        return
    for name, check in IN_AWS.items():
        yield from _answers(name, check, around)


def _answers(name: str, check: Check, around: Surroundings) -> Iterator[Diagnosis]:
    """What the check finds; where AWS does not answer it, that."""
    try:
        yield from check(around)
    except (BotoCoreError, ClientError) as error:
        yield Diagnosis(
            mark=Mark.NOTE, what=name, says=f"cannot be read: {error}", do="ask somebody who may, or go on without"
        )
