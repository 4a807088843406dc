"""The web ACL stands before the API where the stage says so, blocks what it is for and no pictures, and its log holds no keys."""

from collections.abc import Iterator, Mapping
from typing import Any

from infra.config import STAGES
from infra.gate.assembly import Assembly, Resource
from infra.gate.finding import Finding
from infra.gate.sources import Sources

_NAME = "firewall"
_GROUPS = {
    # https://docs.aws.amazon.com/waf/latest/developerguide/aws-managed-rule-groups-list.html
    "AWSManagedRulesAdminProtectionRuleSet",
    "AWSManagedRulesAmazonIpReputationList",
    "AWSManagedRulesAnonymousIpList",
    "AWSManagedRulesBotControlRuleSet",
    "AWSManagedRulesCommonRuleSet",
    "AWSManagedRulesKnownBadInputsRuleSet",
    "AWSManagedRulesLinuxRuleSet",
    "AWSManagedRulesSQLiRuleSet",
    "AWSManagedRulesUnixRuleSet",
}
_COMMON, _BODY = "AWSManagedRulesCommonRuleSet", "SizeRestrictions_BODY"
"""Bodies hold pictures, and this rule blocks those over 8 KB."""

_Problems = Iterator[tuple[str, str]]


def check(assembly: Assembly, sources: Sources) -> Iterator[Finding]:
    """See the module."""
    stage = STAGES.get(assembly.stage)
    most = stage.api.most_from_one_address if stage else None
    acls = assembly.of("AWS::WAFv2::WebACL")
    for api in assembly.of("AWS::ApiGateway::RestApi") if most and not acls else ():
        wrong = f"the stage lets {most} requests of one address through, and nothing counts them"
        yield api.finding(_NAME, wrong, "Add components/firewall.py's")
    for acl in acls:
        for wrong, remedy in (*_acl(acl, most), *_joined(assembly, acl)):
            yield acl.finding(_NAME, wrong, remedy)
    for logging in assembly.of("AWS::WAFv2::LoggingConfiguration"):
        for wrong, remedy in _log(logging.properties):
            yield logging.finding(_NAME, wrong, remedy)
    for group in assembly.of("AWS::Logs::LogGroup"):
        name = str(group.properties.get("LogGroupName", ""))
        if "waf" in name and not name.startswith("aws-waf-logs-"):
            yield group.finding(_NAME, f"WAF writes to no log called {name}", "Let it begin with aws-waf-logs-")


def _acl(acl: Resource, most: int | None) -> _Problems:
    properties = acl.properties
    if properties.get("Scope") != "REGIONAL" or properties.get("DefaultAction") != {"Allow": {}}:
        wrong = f"its Scope is {properties.get('Scope')} and its DefaultAction {properties.get('DefaultAction')}"
        yield wrong, "Let it stand before an API of the region (REGIONAL) and allow what no rule blocks"
    rules = properties.get("Rules", [])
    priorities = [rule.get("Priority") for rule in rules]
    if len(set(priorities)) != len(priorities):
        yield f"its rules have the priorities {priorities}", "Give each rule its own"
    for rule in rules:
        yield from _rule(rule, most)
    if most and not any("RateBasedStatement" in rule.get("Statement", {}) for rule in rules):
        yield "no rule counts the requests of one address", "Add a rule with a RateBasedStatement"
    for part in (properties, *rules):
        if part.get("VisibilityConfig", {}).get("SampledRequestsEnabled") is not False:
            yield f"{part.get('Name', 'it')} keeps samples of requests, which are customers' pictures", "Keep none"


def _rule(rule: Mapping[str, Any], most: int | None) -> _Problems:
    name, statement = rule.get("Name"), rule.get("Statement", {})
    rate, group = statement.get("RateBasedStatement"), statement.get("ManagedRuleGroupStatement")
    if rate is not None:
        if rule.get("Action") != {"Block": {}}:
            yield f"{name} does {rule.get('Action')} with who asks too often", "Block them"
        if most and rate.get("Limit") != most:
            yield f"{name} lets {rate.get('Limit')} through, the stage says {most}", "Take most_from_one_address"
    if group is not None:
        if group.get("VendorName") != "AWS" or group.get("Name") not in _GROUPS:
            yield f"{name}: AWS has no group {group.get('Name')}", f"Name one of {', '.join(sorted(_GROUPS))}"
        if rule.get("OverrideAction") != {"None": {}}:
            yield f"{name} blocks nothing: its OverrideAction is {rule.get('OverrideAction')}", "Override nothing"
        counted = {
            each.get("Name")
            for each in group.get("RuleActionOverrides", [])
            if each.get("ActionToUse") == {"Count": {}}
        }
        if group.get("Name") == _COMMON and _BODY not in counted:
            yield f"{name} blocks bodies over 8 KB, as pictures are", f"Let {_BODY} only count"


def _joined(assembly: Assembly, acl: Resource) -> _Problems:
    joined = [
        each
        for each in assembly.of("AWS::WAFv2::WebACLAssociation")
        if acl in assembly.referenced(each.properties.get("WebACLArn", ""))
    ]
    stages = [each for one in joined for each in assembly.referenced(one.properties.get("ResourceArn", ""))]
    if not any(each.kind == "AWS::ApiGateway::Stage" for each in stages):
        names = ", ".join(each.logical_id for each in joined) or "nothing"
        yield f"{names} joins it to no stage of the API", "Add an association with the stage's ARN"
    logs = (each.properties.get("ResourceArn", "") for each in assembly.of("AWS::WAFv2::LoggingConfiguration"))
    if not any(acl in assembly.referenced(each) for each in logs):
        yield "what it blocks is not logged", "Add a LoggingConfiguration"


def _log(logging: Mapping[str, Any]) -> _Problems:
    redacted = {each.get("SingleHeader", {}).get("Name") for each in logging.get("RedactedFields", [])}
    for header in sorted({"x-api-key", "authorization"} - redacted):
        yield f"its log holds API keys, in {header}", f"Redact the header {header}"
    if {"UriPath": {}} not in logging.get("RedactedFields", []):
        yield "its log holds addresses, which name predictions and people", "Redact UriPath"
    filters = logging.get("LoggingFilter", {})
    if filters.get("DefaultBehavior") != "DROP" or not filters.get("Filters"):
        yield "its log holds every request", "Drop what is not blocked"
    if not logging.get("LogDestinationConfigs"):
        yield "it logs to nowhere", "Name its log group"
