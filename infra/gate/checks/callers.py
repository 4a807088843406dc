"""Everything that calls a function has exactly one permission, of its service and source; and each permission has such a caller."""

from collections.abc import Iterator

from infra.gate.assembly import Assembly, Resource
from infra.gate.finding import Finding
from infra.gate.sources import Sources

_NAME = "callers"
Caller = tuple[str, str, str]
"""The function's name, the service that calls it, and the source as a permission writes it."""


def check(assembly: Assembly, sources: Sources) -> Iterator[Finding]:
    """See the module."""
    called = dict(_calls(assembly))
    permitted: dict[Caller, Resource] = {}
    for permission in assembly.of("AWS::Lambda::Permission"):
        properties = permission.properties
        principal, source = str(properties.get("Principal")), str(properties.get("SourceArn", ""))
        function = next((each.name for each in assembly.referenced(properties.get("FunctionName", ""))), "")
        caller = (function, principal, source)
        if properties.get("Action") != "lambda:InvokeFunction":
            yield permission.finding(_NAME, f"it allows {properties.get('Action')}", "Allow lambda:InvokeFunction")
        if not source:
            yield permission.finding(_NAME, f"any {principal} of any account may call", "Name the caller in SourceArn")
        elif caller in permitted:
            yield permission.finding(_NAME, f"{permitted[caller].logical_id} allows the same", "Remove one of the two")
        elif caller not in called:
            wrong = f"it lets {principal} call {function} for {source}, and nothing of that kind does"
            yield permission.finding(_NAME, wrong, "Name the service and the source that really call, or remove it")
        permitted[caller] = permission
    for caller, resource in called.items():
        if caller not in permitted:
            wrong = f"it calls {caller[0] or 'no function of the stage'}, which does not let {caller[1]} do so for {caller[2]}"
            yield resource.finding(_NAME, wrong, "Add an AWS::Lambda::Permission with this principal and SourceArn")


def _calls(assembly: Assembly) -> Iterator[tuple[Caller, Resource]]:
    for rule in assembly.of("AWS::Events::Rule"):
        for target in rule.properties.get("Targets", []):
            if ".Arn>" in str(target.get("Arn")) and _function(assembly, target.get("Arn")):
                yield (_function(assembly, target.get("Arn")), "events.amazonaws.com", f"<{rule.name}.Arn>"), rule
    for subscription in assembly.of("AWS::SNS::Subscription"):
        if subscription.properties.get("Protocol") == "lambda":
            endpoint, topic = subscription.properties.get("Endpoint"), str(subscription.properties.get("TopicArn"))
            yield (_function(assembly, endpoint), "sns.amazonaws.com", topic), subscription
    for authorizer in assembly.of("AWS::ApiGateway::Authorizer"):
        function = _function(assembly, authorizer.properties.get("AuthorizerUri"))
        own = f"{authorizer.properties.get('RestApiId')}/authorizers/<{authorizer.name}>"
        yield (function, "apigateway.amazonaws.com", assembly.location.arn("execute-api", own)), authorizer
    for method in assembly.of("AWS::ApiGateway::Method"):
        uri = str(method.properties.get("Integration", {}).get("Uri", ""))
        if "/functions/" in uri:
            yield (_function(assembly, uri), "apigateway.amazonaws.com", _api_arn(assembly, method)), method


def _function(assembly: Assembly, node: object) -> str:
    return next((each.name for each in assembly.referenced(str(node)) if each.kind == "AWS::Lambda::Function"), "")


def _api_arn(assembly: Assembly, method: Resource) -> str:
    """Every stage, method and path of the method's API: with one for each, those of fifty fit into no function's policy (20 KB)."""
    return assembly.location.arn("execute-api", f"{method.properties.get('RestApiId')}/*/*/*")


def path_of(assembly: Assembly, resource_id: str) -> str:
    """The path of an API's resource: ``/v1/files``."""
    found = next((each for each in assembly.referenced(resource_id) if each.kind == "AWS::ApiGateway::Resource"), None)
    if found is None:
        return ""
    return f"{path_of(assembly, str(found.properties.get('ParentId')))}/{found.properties.get('PathPart')}"
