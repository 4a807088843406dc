"""What the doctor says of a stage's page: whether CloudFront takes another in this account."""

import dataclasses
from typing import Any

from cli.doctor.diagnosis import Mark
from cli.doctor.page import DISTRIBUTIONS, POLICIES, check_page
from tests.unit.test_cli_doctor import DEV, REGION, Aws, around, limit, only

OWN = f"atelier-dev-{REGION}"


def page(distributions: int = 0, policies: int = 0, *, most: int = 20, changed: bool = True) -> Aws:
    """An account with so many of CloudFront's things of others beside the stage's own, in which ``most`` policies may be."""
    known = {DISTRIBUTIONS: limit("Distributions per AWS account", 2), POLICIES: limit("Policies", most)}
    aws = Aws()
    for code, found in known.items():
        which = {"ServiceCode": "cloudfront", "QuotaCode": code}
        if not changed:
            aws.refuses("service-quotas", "get_service_quota", "NoSuchResourceException")
        answer = "get_service_quota" if changed else "get_aws_default_service_quota"
        aws.answers("service-quotas", answer, {"Quota": found}, **which)
    comments = [f"Atelier: the page of {OWN}", *("another" for _ in range(distributions))]
    paged = {"Marker": "", "MaxItems": 100, "IsTruncated": False, "Quantity": len(comments)}
    listed = [_distribution(each) for each in comments]
    aws.answers("cloudfront", "list_distributions", {"DistributionList": {**paged, "Items": listed}})
    names = [OWN, *(f"other-{index}" for index in range(policies))]
    for marker, part, following in (({}, names[:2], "2"), ({"Marker": "2"}, names[2:], "")):
        items = [{"Type": "custom", "ResponseHeadersPolicy": _policy(name)} for name in part]
        listing = {"MaxItems": 2, "Quantity": len(items), "Items": items, **({"NextMarker": "2"} if following else {})}
        expected = {"Type": "custom", **marker}
        aws.answers("cloudfront", "list_response_headers_policies", {"ResponseHeadersPolicyList": listing}, **expected)
    return aws


def _policy(name: str) -> dict[str, Any]:
    return {"Id": name, "LastModifiedTime": "2026-01-01", "ResponseHeadersPolicyConfig": {"Name": name}}


def _distribution(comment: str) -> dict[str, Any]:
    """Of a summary's members the doctor reads the comment; AWS's model wants the others."""
    none = {"Quantity": 0}
    return {
        **dict.fromkeys(("Id", "ARN", "Status", "DomainName", "WebACLId"), "-"),
        **dict.fromkeys(("Aliases", "CacheBehaviors", "CustomErrorResponses"), none),
        "Comment": comment,
        "LastModifiedTime": "2026-01-01",
        "Origins": {"Quantity": 1, "Items": [{"Id": "files", "DomainName": "d"}]},
        "DefaultCacheBehavior": {"TargetOriginId": "files", "ViewerProtocolPolicy": "https-only"},
        "PriceClass": "PriceClass_All",
        "HttpVersion": "http2",
        "ViewerCertificate": {},
        "Restrictions": {"GeoRestriction": {"RestrictionType": "none", **none}},
        **{"Enabled": True, "IsIPV6Enabled": True, "Staging": False},
    }


def test_a_page_needs_room_among_all_distributions_and_policies_of_the_account() -> None:
    assert list(check_page(around(Aws(), dataclasses.replace(DEV, page=None)))) == []
    aws = page(1, 19)
    good = only(check_page(around(aws, DEV)))
    assert (good.mark, good.says) == (Mark.GOOD, "room for a distribution and a response headers policy")
    assert aws.elsewhere == {("service-quotas", "us-east-1")}
    full = list(check_page(around(page(2, 20), DEV)))
    assert {each.mark for each in full} == {Mark.TO_DEPLOY}
    assert [each.says for each in full] == [
        "distribution: the account has 2 others of 2, and the stage makes one",
        "response headers policy: the account has 20 others of 20, and the stage makes one",
    ]
    assert "--region us-east-1 --service-code cloudfront --quota-code L-CF0D4FC5 --desired-value 21" in full[1].do


def test_a_limit_that_nobody_changed_is_awss_default() -> None:
    assert only(check_page(around(page(changed=False), DEV))).mark is Mark.GOOD
    assert only(check_page(around(page(0, 3, most=3, changed=False), DEV))).mark is Mark.TO_DEPLOY
