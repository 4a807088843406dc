"""The HTTP API: every route wants a key, bodies are objects, and API Gateway's own errors look like ours."""

import json

from infra.config import STAGES
from tests.infra.conftest import Synthesized


def routes(stage: Synthesized) -> dict[tuple[str, str], dict[str, object]]:
    """Methods by verb and path."""
    resources = stage.resources("AWS::ApiGateway::Resource")

    def path(logical_id: str) -> str:
        properties = resources[logical_id]["Properties"]
        parent = properties["ParentId"].get("Ref")
        return f"{path(parent) if parent else ''}/{properties['PathPart']}"

    methods = [method["Properties"] for method in stage.resources("AWS::ApiGateway::Method").values()]
    return {(m["HttpMethod"], path(m["ResourceId"]["Ref"])): m for m in methods}


def test_the_routes_are_those_that_the_handler_answers(stage: Synthesized) -> None:
    assert set(routes(stage)) == {
        ("POST", "/v1/predictions"),
        ("GET", "/v1/predictions/{id}"),
        ("POST", "/v1/trainings"),
        ("GET", "/v1/trainings/{id}"),
        ("POST", "/v1/files"),
        ("POST", "/v1/predictions/{id}/cancel"),
        ("POST", "/v1/trainings/{id}/cancel"),
    }


def test_every_route_wants_a_key_and_is_validated(stage: Synthesized) -> None:
    for method in routes(stage).values():
        assert method["ApiKeyRequired"] is True
        assert method["RequestValidatorId"]
    with_body = {path for (verb, path), method in routes(stage).items() if "RequestModels" in method}
    assert with_body == {"/v1/predictions", "/v1/trainings", "/v1/files"}


def test_the_key_s_plan_bounds_what_it_can_do(stage: Synthesized) -> None:
    plan = stage.one("AWS::ApiGateway::UsagePlan")
    limits = STAGES[stage.name].api
    assert plan["Throttle"] == {"RateLimit": limits.requests_per_second, "BurstLimit": limits.burst}
    assert plan["Quota"] == {"Limit": limits.requests_per_day, "Period": "DAY"}
    assert len(stage.resources("AWS::ApiGateway::UsagePlanKey")) == 1


def test_the_gateway_s_own_errors_are_problems(stage: Synthesized) -> None:
    for response in stage.resources("AWS::ApiGateway::GatewayResponse").values():
        properties = response["Properties"]
        (template,) = properties["ResponseTemplates"].values()
        filled = template.replace("$context.error.messageString", '"why"')
        problem = json.loads(filled)
        assert str(problem["status"]) == properties["StatusCode"]
        assert {"type", "title", "status", "detail"} == set(problem)
        assert ("Retry-After" in str(properties.get("ResponseParameters"))) == (problem["status"] == 429)


def test_calls_are_logged(stage: Synthesized) -> None:
    assert stage.one("AWS::ApiGateway::Stage")["AccessLogSetting"]["DestinationArn"]


def test_both_topics_call_the_handler_of_answers(stage: Synthesized) -> None:
    subscriptions = stage.resources("AWS::SNS::Subscription", "Api").values()
    assert len(subscriptions) == 2
    assert len({str(subscription["Properties"]["Endpoint"]) for subscription in subscriptions}) == 1


def test_the_command_line_finds_what_it_needs(stage: Synthesized) -> None:
    outputs = {name for template in stage.templates.values() for name in template["Outputs"]}
    assert {
        "DataBucketName",
        "ModelBucketName",
        "MediaBucketName",
        "TableName",
        "EndpointName",
        "StateMachineArn",
        "ApiUrl",
        "ApiKeyId",
    } <= outputs
