"""Of which kind a stage's endpoints are, as its template has it."""

from infra.gate.assembly import Assembly


def is_real_time(assembly: Assembly) -> bool:
    """Whether the endpoints answer at once: no configuration says anything of a queue."""
    configs = assembly.of("AWS::SageMaker::EndpointConfig")
    return bool(configs) and not any("AsyncInferenceConfig" in each.properties for each in configs)
