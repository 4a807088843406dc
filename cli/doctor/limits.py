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
        limits = limits_of(around, service)
        compared = (
            _compare(quota, limits[quota.name], around.region) if quota.name in limits else _unknown(quota, around)
            for quota in group
        )
        lacking = [line for line in compared if line is not None]
        enough += len(group) - len(lacking)
        yield from lacking
    if enough:
        yield Diagnosis(mark=Mark.GOOD, what="quotas", says=f"{enough} suffice to deploy and to use the stage")


def limits_of(around: Surroundings, service: str) -> dict[str, dict[str, Any]]:
    """The account's quotas of a service, by name."""
    pages = around.client("service-quotas").get_paginator("list_service_quotas").paginate(ServiceCode=service)
    return {quota["QuotaName"]: quota for page in pages for quota in page["Quotas"]}


def _unknown(quota: Quota, around: Surroundings) -> Diagnosis:
    """Of a quota that the region does not have. A stage that is not pinned to a region has not got that region's machines."""
    region = around.region
    says = f"{quota.name}: unknown in {region}, where AWS may not offer it"
    do = "another REGION, or another instance type in infra/config.py, of an endpoint in serving.elsewhere"
    if region in around.stage.serving.elsewhere:
        do = f"REGION={region}, which gives the endpoint the machines that serving.elsewhere names for it"
    return Diagnosis(mark=Mark.TO_DEPLOY if quota.to_deploy else Mark.TO_USE, what="quota", says=says, do=do)


def _compare(quota: Quota, limit: dict[str, Any], region: str) -> Diagnosis | None:
    """What lacks, or ``None`` where nothing does."""
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
