"""Of which kind a stage's endpoints are, as its template has it."""

from collections.abc import Iterable

from infra.gate.assembly import Assembly
from infra.gate.calls import Call


def is_real_time(assembly: Assembly) -> bool:
    """Whether the endpoints answer at once: no configuration says anything of a queue."""
    configs = assembly.of("AWS::SageMaker::EndpointConfig")
    return bool(configs) and not any("AsyncInferenceConfig" in each.properties for each in configs)


def made_here(calls: Iterable[Call], assembly: Assembly) -> list[Call]:
    """Without those that are made only where the endpoints are of the other kind: the same code hands requests to both."""
    never = "InvokeEndpointAsync" if is_real_time(assembly) else "Invoke"
    return [call for call in calls if (call.module.name, call.operation) != ("atelier_ops.gateways.inference", never)]
