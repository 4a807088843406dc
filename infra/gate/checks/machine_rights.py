"""A state machine's role may make every call of its states, and none that no state makes."""

from collections.abc import Iterator, Mapping

from infra.gate.assembly import Assembly
from infra.gate.finding import Finding
from infra.gate.machines import Definition, integration, machines
from infra.gate.rights import needed, needed_to_wait, tagging
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
        granted, watching = allowed(assembly, role), _watching(machine)
        for action in sorted(watching - granted):
            yield role.finding(
                _NAME, f"{machine.resource.logical_id} may not {action}, which its log or its traces need", "Grant it"
            )
        for name, actions in wanted.items():
            for action in sorted(actions - granted):
                wrong = f"state {name} of {machine.resource.logical_id} calls {integration(machine.tasks[name])}, but may not {action}"
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


def _watching(machine: Definition) -> set[str]:
    properties = machine.resource.properties
    logs = properties.get("LoggingConfiguration", {}).get("Destinations")
    traces = properties.get("TracingConfiguration", {}).get("Enabled")
    return (_DELIVERY if logs else set()) | (_TRACES if traces else set())
