"""Policies: no wildcard where a name can stand, actions on resources of their kind, and roles that only their own service may use."""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from cfnlint.data import AdditionalSpecs  # type: ignore[import-untyped]
from cfnlint.helpers import load_resource  # type: ignore[import-untyped]

from infra.gate.assembly import Assembly, Resource
from infra.gate.finding import Finding
from infra.gate.roles import Statement, listed, role_of, statements
from infra.gate.sources import Sources
from infra.gate.values import realistic

_NAME = "statements"
_SERVICES = {
    "AWS::EC2::FlowLog": ("DeliverLogsPermissionArn", "vpc-flow-logs.amazonaws.com"),
    "AWS::Lambda::Function": ("Role", "lambda.amazonaws.com"),
    "AWS::SageMaker::Model": ("ExecutionRoleArn", "sagemaker.amazonaws.com"),
    "AWS::StepFunctions::StateMachine": ("RoleArn", "states.amazonaws.com"),
}
"""Which property of which resource names a role, and the service that assumes it."""

_ALSO: Mapping[str, str] = {
    # CDK's StateMachine.grant_task_response names the machine, and so do AWS's own examples.
    "states:SendTaskSuccess": "arn:[^:]*:states:.*:stateMachine:.*",
    "states:SendTaskFailure": "arn:[^:]*:states:.*:stateMachine:.*",
    # https://docs.aws.amazon.com/apigateway/latest/developerguide/arn-format-reference.html
    "apigateway:GET": "arn:[^:]*:apigateway:[^:]*::/.*",
    # https://docs.aws.amazon.com/autoscaling/application/userguide/security_iam_id-based-policy-examples.html
    "application-autoscaling:RegisterScalableTarget": "arn:[^:]*:application-autoscaling:.*:scalable-target/.*",
    "application-autoscaling:DeregisterScalableTarget": "arn:[^:]*:application-autoscaling:.*:scalable-target/.*",
    "application-autoscaling:PutScalingPolicy": "arn:[^:]*:application-autoscaling:.*:scalable-target/.*",
}
"""Resources that an action knows and the reference of cfn-lint does not."""

_FOR_OTHERS = {"sagemaker.amazonaws.com", "states.amazonaws.com", "vpc-flow-logs.amazonaws.com"}
"""Services that act for others, and must say for whom (the confused deputy)."""

_CONDITIONS: Mapping[str, tuple[str, str, str]] = {
    "iam:PassRole": ("StringEquals", "iam:PassedToService", "sagemaker.amazonaws.com"),
    "iam:CreateServiceLinkedRole": (
        "StringEquals",
        "iam:AWSServiceName",
        "sagemaker.application-autoscaling.amazonaws.com",
    ),
    "kms:CreateGrant": ("Bool", "kms:GrantIsForAWSResource", "true"),
}
"""Actions that are only granted with a condition."""


def check(assembly: Assembly, sources: Sources) -> Iterator[Finding]:
    """See the module."""
    for role in assembly.of("AWS::IAM::Role"):
        for statement in statements(assembly, role):
            yield from _narrow(assembly, statement)
        for managed in listed(role.properties.get("ManagedPolicyArns")):
            if re.search(r"FullAccess|AdministratorAccess|PowerUser", str(managed)):
                yield role.finding(_NAME, f"it has {managed}", "Grant the calls that are made, on what they name")
    yield from _trust(assembly)


def _narrow(assembly: Assembly, statement: Statement) -> Iterator[Finding]:
    policy = statement.policy
    for action in statement.actions:
        if "*" in action:
            yield policy.finding(_NAME, f"it grants {action}", "Name each action")
            continue
        formats = _formats(action)
        if formats is None:
            yield policy.finding(
                _NAME, f"IAM knows no action {action}", "Spell it as the service authorization reference does"
            )
        elif statement.effect == "Allow":
            yield from _fits(assembly, statement, action, formats)
        wanted = _CONDITIONS.get(action)
        if wanted and str(statement.conditions.get(wanted[0], {}).get(wanted[1])) != wanted[2]:
            wrong = f"{action} is granted without the condition {wanted[0]} {wanted[1]} = {wanted[2]}"
            yield policy.finding(_NAME, wrong, "Add the condition, as components/access.py does")


def _fits(assembly: Assembly, statement: Statement, action: str, formats: list[str]) -> Iterator[Finding]:
    resources = [str(realistic(assembly, each)) for each in statement.resources]
    if not formats:
        if "*" not in resources:
            wrong = f"{action} knows no resources, so it is granted on nothing by {', '.join(resources)}"
            yield statement.policy.finding(_NAME, wrong, "Grant it on *")
    elif "*" in resources and statement.conditions:
        return
    elif "*" in resources:
        wrong = f"{action} is granted on every resource"
        yield statement.policy.finding(_NAME, wrong, "Name the resource, or a prefix of the stage's")
    elif not any(re.fullmatch(each, resource) for each in formats for resource in resources):
        wrong = f"{action} is granted on {', '.join(resources)}, and applies to none of them"
        yield statement.policy.finding(_NAME, wrong, f"Grant it on {' or '.join(formats[:3])}")
    for resource in statement.resources:
        if re.search(r"<\w+/\w+\.Arn>/\*$|:(?:endpoint|model|alarm|rule|function|table|role)[/:]\*$", resource):
            yield statement.policy.finding(
                _NAME, f"{action} is granted on everything in {resource}", "Name a folder or a prefix of the stage's"
            )


@cache
def _formats(action: str) -> list[str] | None:
    """The ARNs that an action applies to, as patterns; empty where it knows no resources, None where there is no such action."""
    service, _, name = action.partition(":")
    known = _reference().get(service, {})
    found = known.get("Actions", {}).get(name.lower())
    if found is None:
        return None
    kinds = (known["Resources"].get(kind, {}) for kind in found.get("Resources", []))
    formats = [_pattern(arn) for kind in kinds for arn in kind.get("ARNFormats", [])]
    return [*formats, *([_ALSO[action]] if action in _ALSO else [])]


def _pattern(arn: str) -> str:
    """``arn:${Partition}:s3:::${BucketName}/.*`` → a pattern; what IAM leaves open matches anything, a wildcard too."""
    return re.sub(r"\$\{\w+\}", "[^:]*", arn).replace("[^:]*/[^:]*/", ".*/")


@cache
def _reference() -> Mapping[str, Any]:
    """The service authorization reference, as cfn-lint ships it."""
    found: Mapping[str, Any] = load_resource(AdditionalSpecs, "Policies.json")
    return found


def _trust(assembly: Assembly) -> Iterator[Finding]:
    """A role is assumed by the one service that it is for."""
    for kind, (key, service) in _SERVICES.items():
        for resource in assembly.of(kind):
            role = role_of(assembly, resource.properties.get(key))
            if role is not None and _principals(role) != {service}:
                wrong = f"{resource.name} uses it, but {', '.join(sorted(_principals(role))) or 'nobody'} may assume it"
                yield role.finding(_NAME, wrong, f"Let {service} assume it, and no other")
    for role in assembly.of("AWS::IAM::Role"):
        for statement in listed(role.properties.get("AssumeRolePolicyDocument", {}).get("Statement")):
            services = {str(each) for each in listed(statement.get("Principal", {}).get("Service"))}
            if services & _FOR_OTHERS and "aws:SourceAccount" not in str(statement.get("Condition")):
                wrong = f"{', '.join(sorted(services))} may assume it on any account's behalf"
                yield role.finding(
                    _NAME, wrong, "Add the condition aws:SourceAccount, as access.service_principal does"
                )


def _principals(role: Resource) -> set[str]:
    document = role.properties.get("AssumeRolePolicyDocument", {})
    trusted = (each for each in listed(document.get("Statement")) if each.get("Effect") == "Allow")
    return {str(service) for each in trusted for service in listed(each.get("Principal", {}).get("Service"))}
