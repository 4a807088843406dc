"""The roles of jobs and endpoints may do what our containers and SageMaker do on their behalf, below the prefixes they use, and no more."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from infra.gate.assembly import Assembly, Resource
from infra.gate.finding import Finding
from infra.gate.machines import machines
from infra.gate.roles import allowed, role_of, statements
from infra.gate.sources import Sources

_NAME = "container rights"
_ACTIONS: Mapping[str, str] = {
    "ecr:GetAuthorizationToken": "log in to the registry of its image",
    "ecr:BatchCheckLayerAvailability": "pull its image",
    "ecr:BatchGetImage": "pull its image",
    "ecr:GetDownloadUrlForLayer": "pull its image",
    "logs:CreateLogGroup": "write its log",
    "logs:CreateLogStream": "write its log",
    "logs:DescribeLogStreams": "write its log",
    "logs:PutLogEvents": "write its log",
    "cloudwatch:PutMetricData": "publish its metrics",
    "s3:GetObject": "read its inputs",
    "s3:ListBucket": "list its inputs",
    "s3:PutObject": "write its outputs",
    "kms:Decrypt": "read what the stage's key encrypts",
    "kms:GenerateDataKey": "write what the stage's key encrypts",
    "kms:CreateGrant": "use encrypted volumes",
    "kms:DescribeKey": "use encrypted volumes",
}
"""https://docs.aws.amazon.com/sagemaker/latest/dg/sagemaker-roles.html"""

_OBJECT = re.compile(r"(BucketsData|BucketsModel|BucketsMedia)\w*\.Arn>/(.*)")


@dataclass(frozen=True, kw_only=True)
class _Use:
    """What a kind of container reads and writes: ``BucketsData/runs/*``."""

    name: str
    reads: frozenset[str]
    writes: frozenset[str]
    topics: int = 0


_ENDPOINTS = _Use(
    name="endpoints",
    reads=frozenset(
        {
            *("BucketsModel/base/*", "BucketsModel/styles/*", "BucketsModel/certificates/*"),
            *("BucketsMedia/requests/*", "BucketsMedia/uploads/*"),
        }
    ),
    writes=frozenset(
        {
            *("BucketsMedia/responses/*", "BucketsMedia/failures/*", "BucketsMedia/progress/*"),
            "BucketsModel/certificates/*",
        }
    ),
    topics=2,
)
_JOBS = _Use(
    name="jobs",
    reads=frozenset(
        {
            *("BucketsData/datasets/*", "BucketsData/runs/*", "BucketsData/checkpoints/*"),
            # A published version may be measured again.
            *("BucketsModel/base/*", "BucketsModel/styles/*"),
        }
    ),
    writes=frozenset({"BucketsData/runs/*", "BucketsData/checkpoints/*"}),
)


def check(assembly: Assembly, sources: Sources) -> Iterator[Finding]:
    """See the module."""
    for role, use in _uses(assembly).values():
        granted = allowed(assembly, role)
        for action, why in _ACTIONS.items():
            if action not in granted:
                yield role.finding(_NAME, f"{use.name} may not {action}, which they need to {why}", "Grant it")
        yield from _objects(assembly, role, use)
        topics = {
            name for each in statements(assembly, role) if "sns:Publish" in each.actions for name in each.resources
        }
        if len(topics) < use.topics:
            wrong = f"{use.name} may publish to {len(topics)} topics of {use.topics}"
            yield role.finding(_NAME, wrong, "Grant sns:Publish on the topics of answers and failures")


def _uses(assembly: Assembly) -> Mapping[str, tuple[Resource, _Use]]:
    found: dict[str, tuple[Resource, _Use]] = {}
    for model in assembly.of("AWS::SageMaker::Model"):
        role = role_of(assembly, model.properties.get("ExecutionRoleArn"))
        if role is not None:
            found[role.name] = (role, _ENDPOINTS)
    for machine in machines(assembly):
        for state in machine.tasks.values():
            arguments = state.get("Arguments")
            named = arguments.get("RoleArn") if isinstance(arguments, Mapping) else None
            role = role_of(assembly, named) if named else None
            if role is not None:
                found[role.name] = (role, _JOBS)
    return found


def _objects(assembly: Assembly, role: Resource, use: _Use) -> Iterator[Finding]:
    for action, meant in (("s3:GetObject", use.reads), ("s3:PutObject", use.writes)):
        policies = [each for each in statements(assembly, role) if action in each.actions and each.effect == "Allow"]
        granted = {_object(name): each.policy for each in policies for name in each.resources}
        for name in sorted(meant - set(granted)):
            yield role.finding(_NAME, f"{use.name} may not {action} {name}", "Grant it, or change this check's table")
        for name in sorted(set(granted) - meant):
            remedy = f"Grant no more than {', '.join(sorted(meant))}, or change this check's table"
            yield granted[name].finding(_NAME, f"{use.name} may {action} {name}", remedy)


def _object(arn: str) -> str:
    found = _OBJECT.search(arn)
    return f"{found[1]}/{found[2]}" if found else arn
