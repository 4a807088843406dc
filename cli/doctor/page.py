"""Whether the account has room for what a stage's page makes of CloudFront, whose limits are the account's, in all regions together."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from cli.doctor.diagnosis import Diagnosis, Mark
from cli.doctor.surroundings import Surroundings

CLOUDFRONT = "cloudfront"
EVERYWHERE = "us-east-1"
"""Where alone Service Quotas knows those of services that are in no region."""

DISTRIBUTIONS, POLICIES = "L-24B04930", "L-CF0D4FC5"
"""Service Quotas' codes: distributions, and response headers policies of one's own, of which a new account may have 20."""


def check_page(around: Surroundings) -> Iterator[Diagnosis]:
    """Nothing where the stage has no page."""
    if around.stage.page is None:
        return
    problems = [
        problem for code, (what, others) in _MADE.items() if (problem := _room(around, code, what, others(around)))
    ]
    yield from problems
    if not problems:
        says = f"room for {' and '.join(f'a {what}' for what, _ in _MADE.values())}"
        yield Diagnosis(mark=Mark.GOOD, what="page", says=says)


def _room(around: Surroundings, code: str, what: str, others: int) -> Diagnosis | None:
    """What lacks; none does where the stage's own is there already, for it is not among the ``others``."""
    limit = _limit(around, code)
    if others < limit["Value"]:
        return None
    request = (
        f"remove one, or ask for more: aws service-quotas request-service-quota-increase --region {EVERYWHERE} "
        f"--service-code {CLOUDFRONT} --quota-code {code} --desired-value {others + 1}"
    )
    says = f"{what}: the account has {others} others of {limit['Value']:g}, and the stage makes one"
    return Diagnosis(
        mark=Mark.TO_DEPLOY, what="page", says=says, do=request if limit.get("Adjustable") else "remove one"
    )


def _limit(around: Surroundings, code: str) -> Mapping[str, Any]:
    """The account's own; of a limit that was never changed there may be AWS's default alone."""
    quotas, which = around.client("service-quotas", EVERYWHERE), {"ServiceCode": CLOUDFRONT, "QuotaCode": code}
    try:
        found: Mapping[str, Any] = quotas.get_service_quota(**which)["Quota"]
    except quotas.exceptions.NoSuchResourceException:
        found = quotas.get_aws_default_service_quota(**which)["Quota"]
    return found


def _name(around: Surroundings) -> str:
    """What the stage's own things are called (``infra/components/page.py``)."""
    return f"{around.stage.prefix}-{around.region}"


def _other_distributions(around: Surroundings) -> int:
    own = f"Atelier: the page of {_name(around)}"
    pages = around.client(CLOUDFRONT).get_paginator("list_distributions").paginate()
    return sum(each["Comment"] != own for page in pages for each in page["DistributionList"].get("Items", []))


def _other_policies(around: Surroundings) -> int:
    cloudfront, marker, others = around.client(CLOUDFRONT), dict[str, str](), 0
    while True:
        found = cloudfront.list_response_headers_policies(Type="custom", **marker)["ResponseHeadersPolicyList"]
        configs = (each["ResponseHeadersPolicy"]["ResponseHeadersPolicyConfig"] for each in found.get("Items", []))
        others += len([each for each in configs if each["Name"] != _name(around)])
        if not found.get("NextMarker"):
            return others
        marker = {"Marker": found["NextMarker"]}


_MADE: Mapping[str, tuple[str, Callable[[Surroundings], int]]] = {
    DISTRIBUTIONS: ("distribution", _other_distributions),
    POLICIES: ("response headers policy", _other_policies),
}
