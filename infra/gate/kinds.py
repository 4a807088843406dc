"""Of which kind a stage's endpoints are, as its template has it."""

from collections.abc import Iterable

from infra.gate.assembly import Assembly
from infra.gate.calls import Call


def is_real_time(assembly: Assembly) -> bool:
    """Whether the endpoints answer at once: no configuration says anything of a queue."""
    configs = assembly.of("AWS::SageMaker::EndpointConfig")
    return bool(configs) and not any("AsyncInferenceConfig" in each.properties for each in configs)


def made_here(calls: Iterable[Call], assembly: Assembly) -> list[Call]:
    """Without those that only other stages make: to endpoints of the other kind, or to hand the page an API key, as on a laptop."""
    never = {("atelier_ops.gateways.inference", "InvokeEndpointAsync" if is_real_time(assembly) else "Invoke")}
    if not any("KeyId" in page.properties for page in assembly.of("Custom::Page")):
        never.add(("atelier_ops.gateways.handed_keys", "GetApiKey"))
    return [call for call in calls if (call.module.name, call.operation) not in never]


def asks_people(assembly: Assembly) -> bool:
    """Whether people sign in on the stage's page, whose tokens the authorizer takes besides keys."""
    return bool(assembly.of("AWS::Cognito::UserPool"))
