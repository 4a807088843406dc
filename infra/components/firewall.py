"""A web ACL of AWS WAF before the API: it stops addresses that ask too often, that are known for attacks, or that send known attacks."""

from collections.abc import Mapping, Sequence
from typing import Any

from aws_cdk import CfnResource
from aws_cdk import aws_kms as kms
from aws_cdk import aws_wafv2 as wafv2
from constructs import Construct

from infra.components.access import arn
from infra.components.log_retention import log_group

_MANAGED: Mapping[str, Sequence[str]] = {
    "AWSManagedRulesAmazonIpReputationList": (),
    "AWSManagedRulesKnownBadInputsRuleSet": (),
    # Bodies hold pictures: what is over its limit of 8 KB is only counted.
    "AWSManagedRulesCommonRuleSet": ("SizeRestrictions_BODY",),
}
"""AWS's own groups of rules, and the rules of each that must not block.

https://docs.aws.amazon.com/waf/latest/developerguide/aws-managed-rule-groups-list.html
"""


class Firewall(Construct):
    """The web ACL of the API stage with this ARN, and its log of blocked requests, which holds no API key.

    ``most`` is how many requests of one IP address it lets through in five minutes; ``name`` ends the log's.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        name: str,
        stage_arn: str,
        most: int,
        key: kms.IKey,
        log_days: int,
    ) -> None:
        super().__init__(scope, construct_id)
        acl = CfnResource(self, "Acl", type="AWS::WAFv2::WebACL", properties=_acl(most))
        acl_arn = acl.get_att("Arn").to_string()
        wafv2.CfnWebACLAssociation(self, "Association", resource_arn=stage_arn, web_acl_arn=acl_arn)
        # WAF writes to no log of another name, and wants its ARN without ``:*``.
        log_name = f"aws-waf-logs-{name}"
        log = log_group(self, "Log", log_days, key, log_group_name=log_name)
        logging = _logging(acl_arn, arn("logs", f"log-group:{log_name}"))
        CfnResource(self, "Logging", type="AWS::WAFv2::LoggingConfiguration", properties=logging).node.add_dependency(
            log
        )


def _acl(most: int) -> dict[str, Any]:
    return {
        "Scope": "REGIONAL",
        "Description": "Atelier: the HTTP API",
        "DefaultAction": {"Allow": {}},
        "VisibilityConfig": _visible("Acl"),
        "Rules": [_most_from_one_address(most), *map(_managed, range(1, 1 + len(_MANAGED)), _MANAGED)],
    }


def _most_from_one_address(most: int) -> dict[str, Any]:
    return {
        "Name": "Rate",
        "Priority": 0,
        "Action": {"Block": {}},
        "Statement": {"RateBasedStatement": {"AggregateKeyType": "IP", "Limit": most}},
        "VisibilityConfig": _visible("Rate"),
    }


def _managed(priority: int, group: str) -> dict[str, Any]:
    counted = [{"Name": rule, "ActionToUse": {"Count": {}}} for rule in _MANAGED[group]]
    statement = {"VendorName": "AWS", "Name": group} | ({"RuleActionOverrides": counted} if counted else {})
    return {
        "Name": group,
        "Priority": priority,
        "OverrideAction": {"None": {}},
        "Statement": {"ManagedRuleGroupStatement": statement},
        "VisibilityConfig": _visible(group),
    }


def _visible(name: str) -> dict[str, Any]:
    """A metric for each rule; no samples of requests, which are customers' pictures."""
    return {"CloudWatchMetricsEnabled": True, "SampledRequestsEnabled": False, "MetricName": name}


def _logging(acl_arn: str, log_arn: str) -> dict[str, Any]:
    """Only what was blocked, without the headers that can hold the key and the path that can name a prediction or a person."""
    blocked = {"ActionCondition": {"Action": "BLOCK"}}
    kept = {"Behavior": "KEEP", "Requirement": "MEETS_ANY", "Conditions": [blocked]}
    return {
        "ResourceArn": acl_arn,
        "LogDestinationConfigs": [log_arn],
        "RedactedFields": [
            *({"SingleHeader": {"Name": name}} for name in ("x-api-key", "authorization")),
            {"UriPath": {}},
        ],
        "LoggingFilter": {"DefaultBehavior": "DROP", "Filters": [kept]},
    }
