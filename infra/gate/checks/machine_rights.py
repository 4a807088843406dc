"""A state machine's role may make every call of its states, and none that no state makes."""

from collections.abc import Iterator, Mapping
from typing import Any

from infra.gate.assembly import Assembly
from infra.gate.finding import Finding
from infra.gate.machines import Definition, integration, machines
from infra.gate.rights import EACH_LINE, needed, needed_to_wait, tagging
from infra.gate.roles import allowed, role_of, statements
from infra.gate.services import called
from infra.gate.sources import Sources

_NAME = "machine rights"
_DELIVERY = {
    "logs:CreateLogDelivery",
    "logs:GetLogDelivery",
    "logs:UpdateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:DescribeResourcePolicies",
    "logs:DescribeLogGroups",
}
_TRACES = {
    "xray:PutTraceSegments",
    "xray:PutTelemetryRecords",
    "xray:GetSamplingRules",
    "xray:GetSamplingTargets",
}
_IN_PARTS = {"s3:AbortMultipartUpload", "s3:ListMultipartUploadParts", "s3:GetObject", "kms:Decrypt"}
"""What a ResultWriter needs besides, which writes large results in parts.

https://docs.aws.amazon.com/step-functions/latest/dg/iam-policies-eg-dist-map.html
"""
"""What a machine's log and traces need.

https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html and …/concepts-xray-tracing.html
"""


def check(assembly: Assembly, sources: Sources) -> Iterator[Finding]:
    """See the module."""
    for machine in machines(assembly):
        role = role_of(assembly, machine.resource.properties.get("RoleArn"))
        if role is None:
            yield machine.resource.finding(_NAME, "its RoleArn is no role of the stage", "Give it a role of its own")
            continue
        wanted = {name: _wanted(state) for name, state in machine.tasks.items()}
        wanted |= {name: _mapping(state) for name, state in machine.maps.items()}
        granted, watching = allowed(assembly, role), _watching(machine)
        for action in sorted(watching - granted):
            yield role.finding(
                _NAME, f"{machine.resource.logical_id} may not {action}, which its log or its traces need", "Grant it"
            )
        for name, actions in wanted.items():
            for action in sorted(actions - granted):
                call = integration(machine.tasks[name]) if name in machine.tasks else "Step Functions for its lines"
                wrong = f"state {name} of {machine.resource.logical_id} calls {call}, but may not {action}"
                yield role.finding(_NAME, wrong, "Grant it on exactly what the state names, in the step's allows")
        used = watching.union(*wanted.values())
        for statement in statements(assembly, role):
            for action in sorted(set(statement.actions) - used - tagging("sagemaker")):
                wrong = f"{action} is granted, but no state of {machine.resource.logical_id} needs it"
                yield statement.policy.finding(
                    _NAME, wrong, "Remove it, or say in infra/gate/rights.py which call needs it"
                )


def _wanted(state: Mapping[str, object]) -> set[str]:
    operation = called(integration(state))
    if operation is None:
        return set()
    waits = needed_to_wait(operation[1]) if integration(state).endswith(".sync") else set()
    arguments = state.get("Arguments")
    tags = tagging(operation[0]) if isinstance(arguments, Mapping) and "Tags" in arguments else set()
    return needed(*operation) | waits | tags


def _mapping(state: Mapping[str, Any]) -> set[str]:
    """What a Distributed Map needs to start and follow the executions of its lines, to read these and to write what became of them."""
    if state.get("ItemProcessor", {}).get("ProcessorConfig", {}).get("Mode") != "DISTRIBUTED":
        return set()
    ways = [
        state[part]["Resource"].rpartition("states:::")[2] for part in ("ItemReader", "ResultWriter") if part in state
    ]
    calls = [operation for operation in map(called, ways) if operation is not None]
    return set[str]().union(
        EACH_LINE, *(needed(*operation) for operation in calls), _IN_PARTS if "ResultWriter" in state else ()
    )


def _watching(machine: Definition) -> set[str]:
    properties = machine.resource.properties
    logs = properties.get("LoggingConfiguration", {}).get("Destinations")
    traces = properties.get("TracingConfiguration", {}).get("Enabled")
    return (_DELIVERY if logs else set()) | (_TRACES if traces else set())
