"""The HTTP API: every route of contracts/routes/ and no other, each with a key, a validator and our handler, within limits."""

import json
from collections.abc import Iterator

from contracts.routes.table import ROUTES
from infra.config import STAGES
from infra.gate.assembly import Assembly, Resource
from infra.gate.checks.callers import path_of
from infra.gate.checks.cross_origin import is_preflight
from infra.gate.finding import Finding
from infra.gate.functions import handlers
from infra.gate.sources import Sources

_NAME = "api"


def check(assembly: Assembly, sources: Sources) -> Iterator[Finding]:
    """See the module."""
    apis = assembly.of("AWS::ApiGateway::RestApi")
    if not apis:
        return
    methods = {
        (str(m.properties.get("HttpMethod")), path_of(assembly, str(m.properties.get("ResourceId")))): m
        for m in assembly.of("AWS::ApiGateway::Method")
        if not is_preflight(m)
    }
    # Whatever no route takes goes to the handler too, which knows the methods of every path.
    has_body = {(route.method, route.path): route.always_json for route in ROUTES} | {("ANY", "/{proxy+}"): False}
    for verb, path in sorted(set(has_body) - set(methods)):
        yield apis[0].finding(_NAME, f"{verb} {path} of contracts/routes/ is not there", "Add its method")
    for (verb, path), method in methods.items():
        if (verb, path) in has_body:
            yield from _method(assembly, method, has_body=has_body[verb, path])
        else:
            yield method.finding(_NAME, f"contracts/routes/ has no {verb} {path}", "Remove it, or write the route")
    yield from _limits(assembly)
    yield from _stages(assembly)
    for response in assembly.of("AWS::ApiGateway::GatewayResponse"):
        yield from _problem(response)


def _method(assembly: Assembly, method: Resource, *, has_body: bool) -> Iterator[Finding]:
    properties = method.properties
    if properties.get("ApiKeyRequired") is not True:
        yield method.finding(_NAME, "it needs no API key", "Set ApiKeyRequired")
    if not properties.get("RequestValidatorId"):
        yield method.finding(_NAME, "nothing validates its requests", "Name the validator")
    if bool(properties.get("RequestModels")) != has_body:
        yield method.finding(
            _NAME,
            "its RequestModels are not what the route says of a body",
            "Give a model to routes whose body is always JSON",
        )
    integration = properties.get("Integration", {})
    if (integration.get("Type"), integration.get("IntegrationHttpMethod")) != ("AWS_PROXY", "POST"):
        wrong = f"its integration is {integration.get('Type')} by {integration.get('IntegrationHttpMethod')}"
        yield method.finding(_NAME, wrong, "A Lambda is called as AWS_PROXY by POST")
    api = handlers(assembly).get("api")
    if api is not None and api not in assembly.referenced(integration.get("Uri", "")):
        yield method.finding(_NAME, "it does not call the handler of the API", "Name the function of handlers/api.py")


def _limits(assembly: Assembly) -> Iterator[Finding]:
    limits = STAGES[assembly.stage].api if assembly.stage in STAGES else None
    plans = assembly.of("AWS::ApiGateway::UsagePlan")
    keys = assembly.of("AWS::ApiGateway::UsagePlanKey")
    for plan in plans:
        throttle, quota = plan.properties.get("Throttle", {}), plan.properties.get("Quota", {})
        got = (throttle.get("RateLimit"), throttle.get("BurstLimit"), quota.get("Limit"), quota.get("Period"))
        wanted = (limits.requests_per_second, limits.burst, limits.requests_per_day, "DAY") if limits else got
        if got != wanted:
            yield plan.finding(
                _NAME, f"it allows {got}, the stage says {wanted}", "Take all three from the stage's Api"
            )
        if not plan.properties.get("ApiStages"):
            yield plan.finding(_NAME, "it is of no API stage, so its keys open nothing", "Add the stage")
        if not any(plan in assembly.referenced(key.properties.get("UsagePlanId", "")) for key in keys):
            yield plan.finding(_NAME, "no key is in it", "Add the API key")
    for key in assembly.of("AWS::ApiGateway::ApiKey"):
        if key.properties.get("Enabled") is False:
            yield key.finding(_NAME, "it is not enabled", "Enable it")
        if not any(key in assembly.referenced(each.properties.get("KeyId", "")) for each in keys):
            yield key.finding(_NAME, "it is in no usage plan, so it opens nothing", "Add it to the plan")


def _stages(assembly: Assembly) -> Iterator[Finding]:
    for stage in assembly.of("AWS::ApiGateway::Stage"):
        if not stage.properties.get("AccessLogSetting", {}).get("DestinationArn"):
            yield stage.finding(_NAME, "its calls are not logged", "Set AccessLogSetting")
        for setting in stage.properties.get("MethodSettings", []):
            if setting.get("DataTraceEnabled"):
                yield stage.finding(
                    _NAME, "it logs what clients send, their API keys too", "Set DataTraceEnabled to false"
                )
        if stage.properties.get("TracingEnabled") is not True:
            yield stage.finding(_NAME, "its calls are not traced", "Set TracingEnabled")


_MEMBERS = {"type", "title", "status", "detail", "instance", "error"}
"""Of RFC 9457, and the one that OpenAI's clients read."""


def _problem(response: Resource) -> Iterator[Finding]:
    """API Gateway's own errors are problems as ours are (RFC 9457)."""
    for template in response.properties.get("ResponseTemplates", {}).values():
        try:
            problem = json.loads(str(template))
        except ValueError as error:
            yield response.finding(
                _NAME, f"what it answers is no JSON: {error}", "Write a problem, as rest_api.py does"
            )
            continue
        status = response.properties.get("StatusCode")
        if set(problem) != _MEMBERS or str(problem.get("status")) != status:
            yield response.finding(_NAME, f"it answers {problem} with status {status}", "Write the same status in both")
        elif problem["error"].get("message") != problem["detail"]:
            wrong = f"it tells OpenAI's clients {problem['error'].get('message')!r}, and others {problem['detail']!r}"
            yield response.finding(_NAME, wrong, "Say the same to both")
    kind = response.properties.get("ResponseParameters", {}).get("gatewayresponse.header.Content-Type")
    if kind != "'application/problem+json'":
        yield response.finding(_NAME, f"it is of type {kind}", "Write application/problem+json, in single quotes")
