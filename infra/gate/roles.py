"""Roles of a stage: what their policies allow."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from infra.gate.assembly import Assembly, Resource


@dataclass(frozen=True, kw_only=True)
class Statement:
    """One statement of a policy; ``policy`` is the resource that holds it."""

    policy: Resource
    effect: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    conditions: Mapping[str, Any]


def listed(value: Any) -> list[Any]:
    """A policy writes a list of one as its only entry."""
    return list(value) if isinstance(value, list) else [] if value is None else [value]


def role_of(assembly: Assembly, arn: Any) -> Resource | None:
    """The role that an ARN of a template names."""
    return next((each for each in assembly.referenced(str(arn)) if each.kind == "AWS::IAM::Role"), None)


def statements(assembly: Assembly, role: Resource) -> list[Statement]:
    """Every statement of the role's own policies and of those that are attached to it."""
    attached = (
        each for each in assembly.of("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy") if _has(assembly, each, role)
    )
    documents = [(each, each.properties.get("PolicyDocument", {})) for each in attached]
    documents += [(role, each.get("PolicyDocument", {})) for each in role.properties.get("Policies", [])]
    return [statement for policy, document in documents for statement in of_document(policy, document)]


def of_document(policy: Resource, document: Mapping[str, Any]) -> Iterator[Statement]:
    """The statements of a policy document."""
    for statement in listed(document.get("Statement")):
        yield Statement(
            policy=policy,
            effect=str(statement.get("Effect")),
            actions=tuple(map(str, listed(statement.get("Action")))),
            resources=tuple(map(str, listed(statement.get("Resource")))),
            conditions=statement.get("Condition", {}),
        )


def allowed(assembly: Assembly, role: Resource) -> set[str]:
    """The actions that the role's own policies allow on anything."""
    return {action for each in statements(assembly, role) if each.effect == "Allow" for action in each.actions}


def _has(assembly: Assembly, policy: Resource, role: Resource) -> bool:
    return any(found.name == role.name for found in assembly.referenced(policy.properties.get("Roles", [])))
