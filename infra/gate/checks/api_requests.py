"""What API Gateway does with a request before and after our handler: it asks as the stage says, in time, with models that are there."""

import json
import re
from collections.abc import Iterator

from infra.gate.assembly import Assembly, Resource
from infra.gate.checks.cross_origin import is_preflight
from infra.gate.checks.handler_environment import is_signed
from infra.gate.finding import Finding
from infra.gate.functions import handlers
from infra.gate.kinds import asks_people
from infra.gate.sources import Sources

_NAME = "api requests"
_SECRETS = ("apiKey", "authorizer", "accessKey", "requestOverride")
"""What an access log must not hold: who has the log could call the API."""

_LONGEST_ANSWER = 10
"""Seconds that a client waits to hear whether its key was seen."""

_VARIABLE = re.compile(r"\$context\.([A-Za-z.]+)")


def check(assembly: Assembly, sources: Sources) -> Iterator[Finding]:
    """See the module."""
    signed = is_signed(assembly)
    for method in assembly.of("AWS::ApiGateway::Method"):
        asked = () if is_preflight(method) else _asked(assembly, method, signed=signed)
        for wrong, remedy in (*asked, *_models(assembly, method), *_in_time(assembly, method)):
            yield method.finding(_NAME, wrong, remedy)
    for api in assembly.of("AWS::ApiGateway::RestApi"):
        got, wanted = api.properties.get("ApiKeySourceType"), "HEADER" if signed else "AUTHORIZER"
        if got != wanted:
            yield api.finding(_NAME, f"it reads keys from {got}, the stage says {wanted}", "Follow signed of its Api")
    for authorizer in assembly.of("AWS::ApiGateway::Authorizer"):
        for wrong, remedy in _authorizer(assembly, authorizer):
            yield authorizer.finding(_NAME, wrong, remedy)
    for stage in assembly.of("AWS::ApiGateway::Stage"):
        for variable in _VARIABLE.findall(str(stage.properties.get("AccessLogSetting", {}).get("Format", ""))):
            if any(secret in variable for secret in _SECRETS):
                yield stage.finding(_NAME, f"its access log holds ${variable}", "Leave it out")
        for setting in stage.properties.get("MethodSettings", []):
            if setting.get("LoggingLevel") not in ("ERROR", "INFO"):
                yield stage.finding(_NAME, f"its LoggingLevel is {setting.get('LoggingLevel')}", "Log errors")
            for name in ("ThrottlingRateLimit", "ThrottlingBurstLimit"):
                if setting.get(name, 1) <= 0:
                    yield stage.finding(
                        _NAME, f"{name} is {setting[name]}: it takes no request", "Leave it to the plan"
                    )
    for response in assembly.of("AWS::ApiGateway::GatewayResponse"):
        for name, value in response.properties.get("ResponseParameters", {}).items():
            if not re.fullmatch(r"'[^']*'|(?:method|context|stageVariables)\..+", str(value)):
                yield response.finding(
                    _NAME, f"{name} is {value}, which is no value", "Write a literal in single quotes"
                )


def _asked(assembly: Assembly, method: Resource, *, signed: bool) -> Iterator[tuple[str, str]]:
    got, wanted = method.properties.get("AuthorizationType"), "AWS_IAM" if signed else "CUSTOM"
    if got != wanted:
        yield f"its callers are known by {got}, the stage says {wanted}", "Follow signed of the stage's Api"
    named = assembly.referenced(method.properties.get("AuthorizerId", ""))
    if [each.kind for each in named] != ([] if signed else ["AWS::ApiGateway::Authorizer"]):
        yield f"its AuthorizerId is {method.properties.get('AuthorizerId')}", "Name components/key_authorizer.py's"


def _authorizer(assembly: Assembly, authorizer: Resource) -> Iterator[tuple[str, str]]:
    properties = authorizer.properties
    if properties.get("Type") != "REQUEST":
        yield f"it is asked as {properties.get('Type')}, and sees one header", "Let it see the REQUEST"
    if properties.get("IdentitySource"):
        wrong = f"a request without {properties['IdentitySource']} is refused, whatever else it shows"
        yield wrong, "Name no IdentitySource: the key comes in one of two headers"
    if properties.get("AuthorizerResultTtlInSeconds") != 0:
        wrong = f"what it says is kept for {properties.get('AuthorizerResultTtlInSeconds', 300)} s, for whoever asks"
        yield wrong, "Keep it for 0 s: nothing says whose it is"
    functions = assembly.referenced(properties.get("AuthorizerUri", ""))
    wanted = "authorize_people" if asks_people(assembly) else "authorize"
    if handlers(assembly).get(wanted) not in functions:
        yield f"it does not ask the handler {wanted}", f"Name the function of handlers/{wanted}.py"
    for function in functions:
        if function.properties.get("Timeout", 3) > _LONGEST_ANSWER:
            wrong = f"{function.logical_id} may take {function.properties['Timeout']} s, before the request is begun"
            yield wrong, f"Give it {_LONGEST_ANSWER} s at most"


def _models(assembly: Assembly, method: Resource) -> Iterator[tuple[str, str]]:
    models = method.properties.get("RequestModels", {})
    for kind, model in models.items():
        found = assembly.referenced(model)
        if kind != "application/json" or [each.kind for each in found] != ["AWS::ApiGateway::Model"]:
            yield f"its {kind} body is checked by {model}", "Name a model of the API for application/json"
        for each in found:
            schema = each.properties.get("Schema", {})
            extra = set(schema if isinstance(schema, dict) else json.loads(str(schema))) - {"$schema", "type"}
            if extra:
                yield (
                    f"its model {each.logical_id} checks {', '.join(sorted(extra))} too",
                    "Leave what is in a body to the handler, which says everything that is wrong with it",
                )


def _in_time(assembly: Assembly, method: Resource) -> Iterator[tuple[str, str]]:
    integration = method.properties.get("Integration", {})
    waits = integration.get("TimeoutInMillis", 29_000) / 1000
    for function in assembly.referenced(integration.get("Uri", "")):
        seconds = function.properties.get("Timeout", 3)
        if waits < seconds:
            yield (
                f"it waits {waits:g} s for {function.logical_id}, which may take {seconds} s",
                "Wait as long as it may take",
            )
