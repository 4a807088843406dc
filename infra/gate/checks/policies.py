"""Policies mean what they seem to: they allow named actions on named resources, of a role that is there and is assumed as usual."""

from collections.abc import Iterator, Mapping
from typing import Any

from infra.gate.assembly import Assembly, Resource
from infra.gate.finding import Finding
from infra.gate.roles import listed, role_of
from infra.gate.sources import Sources

_NAME = "policies"
_VERSION = "2012-10-17"
_PUSHING = "AmazonAPIGatewayPushToCloudWatchLogs"


def check(assembly: Assembly, sources: Sources) -> Iterator[Finding]:
    """See the module."""
    for policy in assembly.of("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"):
        roles = assembly.referenced(policy.properties.get("Roles", []))
        if not any(each.kind == "AWS::IAM::Role" for each in roles):
            yield policy.finding(_NAME, "it is the policy of no role", "Name the role in Roles")
        for wrong, remedy in _document(policy.properties.get("PolicyDocument", {})):
            yield policy.finding(_NAME, wrong, remedy)
    for role in assembly.of("AWS::IAM::Role"):
        for wrong, remedy in _trust(role):
            yield role.finding(_NAME, wrong, remedy)
    for account in assembly.of("AWS::ApiGateway::Account"):
        pushing = role_of(assembly, account.properties.get("CloudWatchRoleArn"))
        if pushing is not None and _PUSHING not in str(pushing.properties.get("ManagedPolicyArns")):
            wrong = f"{account.logical_id} logs with it, and it lacks {_PUSHING}"
            yield pushing.finding(_NAME, wrong, "Give it AWS's managed policy of that name")
    yield from _after(assembly)


def _document(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if document.get("Version") != _VERSION:
        yield f"its Version is {document.get('Version')}", f"Write {_VERSION}: an older one reads conditions otherwise"
    for statement in listed(document.get("Statement")):
        turned = {"NotAction", "NotResource", "NotPrincipal"} & set(statement)
        if turned:
            yield f"{', '.join(sorted(turned))} allows all but what it names", "Name what is allowed"
        elif not statement.get("Action") or not statement.get("Resource"):
            yield f"a statement says nothing: {dict(statement)}", "Give it Action and Resource"
        if statement.get("Effect") != "Allow":
            wrong = f"{statement.get('Effect')} of {', '.join(map(str, listed(statement.get('Action'))))}"
            yield f"{wrong} takes away what the role needs", "Leave out what is not to be allowed"


def _trust(role: Resource) -> Iterator[tuple[str, str]]:
    for statement in listed(role.properties.get("AssumeRolePolicyDocument", {}).get("Statement")):
        principal = statement.get("Principal")
        if listed(statement.get("Action")) != ["sts:AssumeRole"]:
            yield f"it is assumed by {statement.get('Action')}", "Let services assume it by sts:AssumeRole"
        if not isinstance(principal, Mapping) or set(principal) != {"Service"}:
            yield f"{principal} may assume it", "Name the one service that it is for"


def _after(assembly: Assembly) -> Iterator[Finding]:
    """A function may be called as soon as it is there: by then its role can do what it needs."""
    policies = assembly.of("AWS::IAM::Policy")
    for function in assembly.of("AWS::Lambda::Function"):
        role = role_of(assembly, function.properties.get("Role"))
        own = [each for each in policies if role and role in assembly.referenced(each.properties.get("Roles", []))]
        missing = [each.logical_id for each in own if each.logical_id not in listed(function.body.get("DependsOn"))]
        if missing:
            wrong = f"it is there before {', '.join(missing)}, and its first calls are refused"
            yield function.finding(_NAME, wrong, "Let it depend on its role's policy")
