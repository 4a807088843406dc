"""The HTTP API: every route wants a key, bodies are objects, and API Gateway's own errors look like ours."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from aws_cdk import App
from aws_cdk.assertions import Template

from atelier_ops.logic.api import ANSWERS
from contracts.answers import ProblemDetails
from contracts.routes.table import ROUTES
from docs.openapi import document
from infra.application import add_stacks, feature_flags
from infra.components.rate_policy import costly_rate_policy, rate_policy
from infra.config import STAGES
from tests.infra.conftest import Synthesized
from tests.infra.definition import text
from tests.unit.ops_api import Api


def routes(stage: Synthesized) -> dict[tuple[str, str], dict[str, object]]:
    """Methods by verb and path."""
    resources = stage.resources("AWS::ApiGateway::Resource")

    def path(logical_id: str) -> str:
        properties = resources[logical_id]["Properties"]
        parent = properties["ParentId"].get("Ref")
        return f"{path(parent) if parent else ''}/{properties['PathPart']}"

    methods = [method["Properties"] for method in stage.resources("AWS::ApiGateway::Method").values()]
    return {(m["HttpMethod"], path(m["ResourceId"]["Ref"])): m for m in methods}


def test_every_route_of_the_template_is_answered_by_the_handler_and_the_other_way_round(stage: Synthesized) -> None:
    declared = {(route.method, route.path) for route in ROUTES}
    asked_first = {("OPTIONS", path) for _, path in declared if STAGES[stage.name].api.origins}
    # And the rest, for 404 and 405.
    assert set(routes(stage)) == {*declared, *asked_first, ("ANY", "/{proxy+}")}
    assert set(ANSWERS) == {route.name for route in ROUTES}
    for method, path in declared:
        response = Api().call(method, re.sub(r"\{\w+\}", "a" * 26, path), {} if method == "POST" else None)
        # A path that the handler does not know says so; one that it knows complains of the body, knows no such item, or is a list.
        if path == "/v1/webhooks/default/secret":
            assert response.body["key"].startswith("whsec_")
            continue
        if method == "GET" and "{" not in path:
            assert response.status == 200, path
            continue
        if (method, path) == ("DELETE", "/v1/people/{consent}"):  # which says nobody whether there was anything
            assert response.body["status"] == "deleting"
            continue
        assert not response.body.get("detail", "").startswith("path:"), path
        assert response.status in {404, 415, 422}, path


def test_browsers_may_ask_where_the_stage_names_pages_and_nowhere_else(stage: Synthesized) -> None:
    origins = list(STAGES[stage.name].api.origins)
    page = STAGES[stage.name].page
    assert page
    asked = [method for (verb, _), method in routes(stage).items() if verb == "OPTIONS"]
    assert bool(asked) == bool(origins)
    assert all((m["ApiKeyRequired"], m["AuthorizationType"]) == (False, "NONE") for m in asked)
    read = [
        answer["Properties"]["ResponseParameters"].get("gatewayresponse.header.Access-Control-Allow-Origin")
        for answer in stage.resources("AWS::ApiGateway::GatewayResponse").values()
    ]
    assert set(read) == ({"'*'"} if origins else {None})
    rules = {
        name: bucket["Properties"]["CorsConfiguration"]["CorsRules"][0]
        for name, bucket in stage.resources("AWS::S3::Bucket").items()
        if "CorsConfiguration" in bucket["Properties"]
    }
    assert len(rules) == 3
    assert all(rule["AllowedOrigins"] == [*origins, *page.origins] for rule in rules.values())
    assert all(set(rule["AllowedMethods"]) == {"GET", "HEAD", "PUT"} for rule in rules.values())


def test_what_a_key_may_do_is_told_in_whole_numbers() -> None:
    trial = STAGES["trial"].api
    assert rate_policy(trial) == '"steady";q=5;w=1, "daily";q=1000;w=86400'
    assert costly_rate_policy(trial) == '"steady";q=1;w=50, "daily";q=1000;w=86400'


def test_what_api_gateway_refuses_for_its_number_says_the_policy(stage: Synthesized) -> None:
    answers = [each["Properties"] for each in stage.resources("AWS::ApiGateway::GatewayResponse").values()]
    name = "gatewayresponse.header.RateLimit-Policy"
    told = {each["StatusCode"]: each["ResponseParameters"].get(name) for each in answers}
    policy = rate_policy(STAGES[stage.name].api)
    assert {status: value for status, value in told.items() if value} == {"429": f"'{policy}'"}


@pytest.mark.parametrize(
    "origin", ["https://Studio.example.com", "https://a.example/", "http://a.example", "example.com", ""]
)
def test_an_origin_is_one_that_browsers_send(origin: str) -> None:
    with pytest.raises(ValueError, match=r"api\.origins: got "):
        replace(STAGES["trial"].api, origins=(origin,))


def test_the_key_s_plan_bounds_what_it_can_do(stage: Synthesized) -> None:
    plan = stage.one("AWS::ApiGateway::UsagePlan")
    limits = STAGES[stage.name].api
    assert plan["Throttle"] == {"RateLimit": limits.requests_per_second, "BurstLimit": limits.burst}
    assert plan["Quota"] == {"Limit": limits.requests_per_day, "Period": "DAY"}
    assert len(stage.resources("AWS::ApiGateway::UsagePlanKey")) == 1


def test_an_upgrade_keeps_the_key_that_a_stage_had_before_clients_had_names(stage: Synthesized) -> None:
    """CloudFormation makes another key, with another value, for another logical id."""
    assert stage.resources("AWS::ApiGateway::ApiKey").keys() >= {"RestApiKey7FB93F4B"}
    (membership,) = stage.resources("AWS::ApiGateway::UsagePlanKey").items()
    assert membership[0] == "RestApiPlanUsagePlanKeyResourceApiRestApiKeyF37EA38B45EA1851"
    assert "RestApiKey7FB93F4B" in str(membership[1]["Properties"]["KeyId"])


def test_what_starts_a_job_or_makes_a_version_has_a_throttle_of_its_own(stage: Synthesized) -> None:
    (api_stage,) = stage.one("AWS::ApiGateway::UsagePlan")["ApiStages"]
    limits = STAGES[stage.name].api.trainings
    own = {"RateLimit": limits.requests_per_second, "BurstLimit": limits.burst}
    costly = (
        *("batches", "trainings", "models/{owner}/{name}/versions/{reference}/trainings", "styles/{style}/versions"),
        "styles/{style}/versions/{version}/evaluate",
    )
    assert api_stage["Throttle"] == {f"/v1/{path}/POST": own for path in costly}


def test_the_gateway_s_own_errors_are_documented_problems_that_say_when_to_come_again(stage: Synthesized) -> None:
    refusals = [each["Properties"] for each in stage.resources("AWS::ApiGateway::GatewayResponse").values()]
    for refusal in refusals:
        problem = ProblemDetails.model_validate_json(refusal["ResponseTemplates"]["application/json"])
        headers = {name.rpartition(".")[2]: value for name, value in refusal["ResponseParameters"].items()}
        assert problem.status == int(refusal["StatusCode"])
        assert problem.error is not None
        assert problem.error.message == problem.detail
        assert headers.pop("Content-Type") == "'application/problem+json'"
        later = {"Retry-After"} if problem.status in {429, 503} else set()
        said = {name for name in headers if not name.startswith("Access-Control-")} - {"RateLimit-Policy"}
        assert said == later | ({"WWW-Authenticate"} if problem.status == 401 else set())
        assert problem.status < 500 or problem.status == 503
    kinds = {refusal["ResponseType"] for refusal in refusals}
    assert {"DEFAULT_5XX", "INTEGRATION_TIMEOUT", "INTEGRATION_FAILURE", "THROTTLED"} <= kinds
    assert {"ACCESS_DENIED", "UNAUTHORIZED", "INVALID_API_KEY", "AUTHORIZER_FAILURE"} <= kinds
    statuses = {refusal["StatusCode"] for refusal in refusals}
    operations = [operation for path in document()["paths"].values() for operation in path.values()]
    assert statuses <= {status for operation in operations for status in operation["responses"]}


def test_both_topics_call_the_handler_of_answers(stage: Synthesized) -> None:
    subscriptions = stage.resources("AWS::SNS::Subscription", "Api").values()
    own = [each for each in subscriptions if "AnswersHandler" in str(each["Properties"]["Endpoint"])]
    assert len(own) == 2
    heard = [each for each in subscriptions if "WebhooksHandler" in str(each["Properties"]["Endpoint"])]
    assert len(heard) == len(subscriptions) - 2 == (0 if STAGES[stage.name].network else 1)


def test_the_command_line_and_a_reader_of_readme_find_what_they_need(stage: Synthesized, root: Path) -> None:
    readme = (root / "README.md").read_text(encoding="utf-8")
    assert {"DataBucketName", "StateMachineArn"} <= set(re.findall(r"`(\w+)`", readme))
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
    addresses = [each for each in stage.templates["Api"]["Outputs"].values() if "execute-api" in str(each["Value"])]
    assert len(addresses) == 1


def test_the_role_that_logs_for_every_api_of_the_account_outlives_the_stage(stage: Synthesized) -> None:
    """The setting is one for the account and region: another stage, or another team, may log with our role."""
    (account,) = stage.resources("AWS::ApiGateway::Account").values()
    role = account["Properties"]["CloudWatchRoleArn"]["Fn::GetAtt"][0]
    kept = stage.resources("AWS::IAM::Role")[role]
    assert (account["DeletionPolicy"], kept["DeletionPolicy"]) == ("Retain", "Retain")


def test_production_stands_behind_a_firewall_whose_log_holds_no_key_and_no_address(prod: Synthesized) -> None:
    acl = prod.one("AWS::WAFv2::WebACL")
    rate, *managed = acl["Rules"]
    limit = STAGES["prod"].api.most_from_one_address
    assert rate["Statement"]["RateBasedStatement"] == {"AggregateKeyType": "IP", "Limit": limit}
    assert rate["Action"] == {"Block": {}}
    assert [rule["Priority"] for rule in acl["Rules"]] == list(range(len(acl["Rules"])))
    core = managed[-1]["Statement"]["ManagedRuleGroupStatement"]
    # A picture in a body is larger than the 8 KB that this rule allows.
    assert core["RuleActionOverrides"] == [{"Name": "SizeRestrictions_BODY", "ActionToUse": {"Count": {}}}]
    assert "stages/" in text(prod.one("AWS::WAFv2::WebACLAssociation")["ResourceArn"])
    logging = prod.one("AWS::WAFv2::LoggingConfiguration")
    headers = [{"SingleHeader": {"Name": name}} for name in ("x-api-key", "authorization")]
    assert logging["RedactedFields"] == [*headers, {"UriPath": {}}]
    (destination,) = logging["LogDestinationConfigs"]
    assert text(destination).endswith(":log-group:aws-waf-logs-atelier-prod")


def test_a_stage_may_want_signed_requests_besides_the_key() -> None:
    app = App(context=feature_flags())
    trial = STAGES["trial"]
    stacks = add_stacks(app, replace(trial, api=replace(trial.api, signed=True), page=None))
    template = Template.from_stack(stacks.api)
    methods = template.find_resources("AWS::ApiGateway::Method").values()
    wanted = {(method["Properties"]["AuthorizationType"], method["Properties"]["ApiKeyRequired"]) for method in methods}
    assert wanted == {("AWS_IAM", True)}
    (api,) = template.find_resources("AWS::ApiGateway::RestApi").values()
    # Authorization holds the signature, so nobody looks for a key there.
    assert api["Properties"]["ApiKeySourceType"] == "HEADER"
    assert not template.find_resources("AWS::ApiGateway::Authorizer")


def test_every_method_asks_the_authorizer_which_keeps_nothing(stage: Synthesized) -> None:
    authorizer = stage.one("AWS::ApiGateway::Authorizer")
    assert (authorizer["Type"], authorizer["AuthorizerResultTtlInSeconds"]) == ("REQUEST", 0)
    assert "IdentitySource" not in authorizer
    (name,) = stage.resources("AWS::ApiGateway::Authorizer")
    methods = [method["Properties"] for method in stage.resources("AWS::ApiGateway::Method").values()]
    methods = [method for method in methods if method["HttpMethod"] != "OPTIONS"]
    assert {(m["AuthorizationType"], m["AuthorizerId"]["Ref"], m["ApiKeyRequired"]) for m in methods} == {
        ("CUSTOM", name, True)
    }
    assert stage.one("AWS::ApiGateway::RestApi")["ApiKeySourceType"] == "AUTHORIZER"
