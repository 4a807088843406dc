"""Rights reach what is called: the very functions, indexes, executions, logs and metrics; and roles that are handed over can be assumed."""

from collections.abc import Iterator, Mapping
from typing import Any

from infra.config import STAGES
from infra.gate.assembly import Assembly, Resource
from infra.gate.finding import Finding
from infra.gate.functions import handlers
from infra.gate.machines import machines
from infra.gate.roles import Statement, listed, role_of, statements
from infra.gate.sources import Sources

_NAME = "reach"
_EXECUTIONS = {"states:DescribeExecution", "states:GetExecutionHistory", "states:StopExecution"}
_SPACES = {"/aws/sagemaker/*", "AWS/SageMaker"}
_LOGS: Mapping[str, str] = {"Serving": "/aws/sagemaker/Endpoints/*", "Training": "/aws/sagemaker/*Jobs"}
"""By stack, the logs that SageMaker names for its containers: https://docs.aws.amazon.com/sagemaker/latest/dg/logging-cloudwatch.html."""


def check(assembly: Assembly, sources: Sources) -> Iterator[Finding]:
    """See the module."""
    for machine in machines(assembly):
        role = role_of(assembly, machine.resource.properties.get("RoleArn"))
        may = {r for s in _of(assembly, role) if "lambda:InvokeFunction" in s.actions for r in s.resources}
        for name, state in machine.tasks.items():
            arguments: Any = state.get("Arguments")
            arguments = arguments if isinstance(arguments, Mapping) else {}
            for function in assembly.referenced(str(arguments.get("FunctionName", ""))):
                if role is not None and f"<{function.name}.Arn>" not in may:
                    wrong = f"it calls {function.name}, which {role.logical_id} may not"
                    yield machine.finding(_NAME, name, wrong, "Grant lambda:InvokeFunction on that function")
            yield from _handed(assembly, role_of(assembly, arguments.get("RoleArn", "")))
    for function in handlers(assembly).values():
        yield from _called(assembly, function)
    for policy_role in assembly.of("AWS::IAM::Role"):
        for statement in _of(assembly, policy_role):
            for wrong, remedy in _resources(assembly, statement):
                yield statement.policy.finding(_NAME, wrong, remedy)


def _called(assembly: Assembly, function: Resource) -> Iterator[Finding]:
    """A handler calls the functions that its environment names, and may call no others."""
    role = role_of(assembly, function.properties.get("Role"))
    told = assembly.referenced(str(function.properties.get("Environment", {}).get("Variables", {})))
    named = {f"<{each.name}.Arn>" for each in told if each.kind == "AWS::Lambda::Function"}
    for statement in (each for each in _of(assembly, role) if "lambda:InvokeFunction" in each.actions):
        for other in sorted(set(statement.resources) - named):
            wrong = f"{function.logical_id} may call {other}, which its environment does not name"
            yield statement.policy.finding(_NAME, wrong, f"Grant it on {', '.join(sorted(named)) or 'nothing'}")


def _of(assembly: Assembly, role: Resource | None) -> list[Statement]:
    return statements(assembly, role) if role is not None else []


def _handed(assembly: Assembly, role: Resource | None) -> Iterator[Finding]:
    """A role that a job gets is assumed by SageMaker."""
    if role is not None:
        trusted = listed(role.properties.get("AssumeRolePolicyDocument", {}).get("Statement"))
        services = [each.get("Principal", {}).get("Service") for each in trusted]
        if services != ["sagemaker.amazonaws.com"]:
            wrong = f"jobs run with it, and {', '.join(map(str, services))} may assume it"
            yield role.finding(_NAME, wrong, "Let sagemaker.amazonaws.com assume it, and no other")


def _resources(assembly: Assembly, statement: Statement) -> Iterator[tuple[str, str]]:
    actions, resources = set(statement.actions), statement.resources
    prefix = STAGES[assembly.stage].prefix if assembly.stage in STAGES else "atelier"
    if actions & {"dynamodb:Query", "dynamodb:Scan"}:
        indexes = {
            f"<{table.name}.Arn>/index/{index.get('IndexName')}"
            for table in assembly.of("AWS::DynamoDB::Table")
            for index in table.properties.get("GlobalSecondaryIndexes", [])
        }
        if not set(resources) <= indexes:
            yield f"dynamodb:Query is granted on {', '.join(resources)}", f"Grant it on {', '.join(sorted(indexes))}"
    if actions & _EXECUTIONS and not all(":execution:" in each and each.endswith(":*") for each in resources):
        yield f"{', '.join(sorted(actions))} is granted on {', '.join(resources)}", "Grant it on execution:MACHINE:*"
    if "cloudwatch:PutMetricData" in actions:
        spaces = set(listed(statement.conditions.get("StringLike", {}).get("cloudwatch:namespace")))
        if spaces != _SPACES:
            yield (
                f"metrics may go to {', '.join(sorted(spaces)) or 'any namespace'}",
                f"Allow {', '.join(sorted(_SPACES))}",
            )
    if "logs:DeleteLogStream" in actions and not all(f":log-stream:{prefix}-" in each for each in resources):
        yield f"logs of others may be deleted: {', '.join(resources)}", f"Grant it on log-stream:{prefix}-*"
    if {"logs:CreateLogGroup", "logs:PutLogEvents"} <= actions:
        wanted = _LOGS.get(statement.policy.stack, "")
        if not all(wanted in each for each in resources):
            yield f"logs may go to {', '.join(resources)}", f"SageMaker writes to log-group:{wanted}"
