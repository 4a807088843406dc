"""What API Gateway serves: the deployment holds every method, its own answers are of kinds there are, and its log is ours."""

from collections.abc import Iterator

from infra.gate.assembly import Assembly
from infra.gate.finding import Finding
from infra.gate.roles import listed
from infra.gate.services import service
from infra.gate.sources import Sources

_NAME = "api deployment"


def check(assembly: Assembly, sources: Sources) -> Iterator[Finding]:
    """See the module."""
    methods = {each.logical_id for each in assembly.of("AWS::ApiGateway::Method")}
    for deployment in assembly.of("AWS::ApiGateway::Deployment"):
        missing = sorted(methods - set(map(str, listed(deployment.body.get("DependsOn")))))
        if missing:
            wrong = f"it may be made before {', '.join(missing)}, and then lacks them"
            yield deployment.finding(_NAME, wrong, "Let it depend on every method")
    kinds = _kinds()
    for response in assembly.of("AWS::ApiGateway::GatewayResponse"):
        kind = str(response.properties.get("ResponseType"))
        if kind not in kinds:
            yield response.finding(_NAME, f"there is no response {kind}", f"Use {', '.join(sorted(kinds))}")
    for stage in assembly.of("AWS::ApiGateway::Stage"):
        log = str(stage.properties.get("AccessLogSetting", {}).get("DestinationArn", ""))
        if log and not any(each.kind == "AWS::Logs::LogGroup" for each in assembly.referenced(log)):
            yield stage.finding(
                _NAME, f"its calls are logged to {log}, which is no log of the stage", "Name a log group"
            )


def _kinds() -> set[str]:
    model = service("apigateway")
    return set(model.shape_for("GatewayResponseType").metadata["enum"]) if model else set()
