"""AWS's limits of the account against what the stage needs."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from cli.doctor.diagnosis import Diagnosis, Mark
from cli.doctor.surroundings import Surroundings
from infra.quotas import Quota, quotas

_DAYS = "the answer may take days"


def check_quotas(around: Surroundings) -> Iterator[Diagnosis]:
    """A line for each quota that the stage needs; those that suffice, in one."""
    needed: dict[str, list[Quota]] = defaultdict(list)
    for quota in quotas(around.stage):
        needed[quota.service].append(quota)
    enough = 0
    for service, group in needed.items():
        limits = _limits(around, service)
        lacking = [
            line for quota in group if (line := _compare(quota, limits.get(quota.name), around.region)) is not None
        ]
        enough += len(group) - len(lacking)
        yield from lacking
    if enough:
        yield Diagnosis(mark=Mark.GOOD, what="quotas", says=f"{enough} suffice to deploy and to use the stage")


def _limits(around: Surroundings, service: str) -> dict[str, dict[str, Any]]:
    pages = around.client("service-quotas").get_paginator("list_service_quotas").paginate(ServiceCode=service)
    return {quota["QuotaName"]: quota for page in pages for quota in page["Quotas"]}


def _compare(quota: Quota, limit: dict[str, Any] | None, region: str) -> Diagnosis | None:
    """What lacks, or ``None`` where nothing does."""
    if limit is None:
        says = f"{quota.name}: unknown in {region}, where AWS may not offer it"
        mark = Mark.TO_DEPLOY if quota.to_deploy else Mark.TO_USE
        do = "another REGION, or another instance type in infra/config.py, of an endpoint in serving.elsewhere"
        return Diagnosis(mark=mark, what="quota", says=says, do=do)
    value = int(limit["Value"])
    if value >= quota.to_use:
        return None
    missing = value < quota.to_deploy
    needs = f"{quota.to_deploy} to deploy, {quota.to_use} to use" if quota.to_deploy else f"{quota.to_use} to use"
    request = (
        f"aws service-quotas request-service-quota-increase --region {region} --service-code {quota.service} "
        f"--quota-code {limit['QuotaCode']} --desired-value {quota.to_use}   ({_DAYS})"
    )
    return Diagnosis(
        mark=Mark.TO_DEPLOY if missing else Mark.TO_USE,
        what="quota",
        says=f"{quota.name}: {value}; needs {needs}: {quota.because}",
        do=request if limit.get("Adjustable") else "AWS does not raise this one",
    )
