"""The HTTP API in front of the ``api`` handler: keys, throttling, access log, and errors in one shape (RFC 9457)."""

import json
from collections.abc import Mapping
from typing import Any

from aws_cdk import RemovalPolicy
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_kms as kms
from constructs import Construct

from contracts.routes import ROUTES
from infra.components.handler import Handler
from infra.components.log_retention import log_group
from infra.nag import accept
from infra.settings.api import Api

_PROBLEMS: Mapping[str, tuple[apigateway.ResponseType, str, str]] = {
    "BadBody": (apigateway.ResponseType.BAD_REQUEST_BODY, "400", "The body is not a JSON object"),
    "Unauthorized": (apigateway.ResponseType.INVALID_API_KEY, "401", "Missing or unknown API key"),
    "NoRoute": (apigateway.ResponseType.MISSING_AUTHENTICATION_TOKEN, "404", "No such resource"),
    "TooLarge": (apigateway.ResponseType.REQUEST_TOO_LARGE, "413", "Request larger than 10 MB: use POST /v1/files"),
    "Throttled": (apigateway.ResponseType.THROTTLED, "429", "Too many requests"),
    "QuotaExceeded": (apigateway.ResponseType.QUOTA_EXCEEDED, "429", "The key's daily quota is used up"),
    "ServerError": (apigateway.ResponseType.DEFAULT_5_XX, "500", "The service failed"),
}
"""What API Gateway answers by itself, before the handler is asked."""


_COSTLY = ("create_training", "create_version")
"""Routes that have a throttle of their own: each call costs a job, or makes a version that stays."""


class RestApi(Construct):
    """``url`` (ending in a slash) and ``key_id``, the id of the one API key; its value is chosen by API Gateway.

    ``name`` names the API, whose metrics are called by it, and what cannot be without a name.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        name: str,
        handler: Handler,
        limits: Api,
        key: kms.IKey,
        log_days: int,
    ) -> None:
        super().__init__(scope, construct_id)
        self._limits = limits
        self._integration = apigateway.LambdaIntegration(handler.function, allow_test_invoke=False)
        self.api = self._rest_api(name, key, log_days)
        self._validator = self.api.add_request_validator(
            "Validator", validate_request_body=True, validate_request_parameters=True
        )
        methods = self._add_routes()
        self._add_problems()
        self.url, self.key_id = self.api.url, self._api_key(methods).key_id
        self._accept_findings()
        if limits.most_from_one_address:
            # Most stages have none, and AWS WAF is a large part of CDK to import.
            from infra.components.firewall import Firewall

            Firewall(
                self,
                "Firewall",
                name=name,
                stage_arn=self.api.deployment_stage.stage_arn,
                most=limits.most_from_one_address,
                key=key,
                log_days=log_days,
            )

    def _rest_api(self, name: str, key: kms.IKey, log_days: int) -> apigateway.RestApi:
        access_log = log_group(self, "AccessLog", log_days, key)
        return apigateway.RestApi(
            self,
            "Api",
            # Its metrics are called by this name, which alarms and dashboard watch.
            rest_api_name=name,
            description="Atelier: predictions, trainings and files",
            api_key_source_type=apigateway.ApiKeySourceType.HEADER,
            endpoint_types=[apigateway.EndpointType.REGIONAL],
            cloud_watch_role=True,
            # Every REST API of the account and region logs with the role that was set last, and still does when our stack is gone.
            cloud_watch_role_removal_policy=RemovalPolicy.RETAIN,
            deploy_options=apigateway.StageOptions(
                stage_name="live",
                access_log_destination=apigateway.LogGroupLogDestination(access_log),
                access_log_format=apigateway.AccessLogFormat.json_with_standard_fields(
                    caller=False,
                    http_method=True,
                    ip=True,
                    protocol=True,
                    request_time=True,
                    resource_path=True,
                    response_length=True,
                    status=True,
                    user=False,
                ),
                logging_level=apigateway.MethodLoggingLevel.ERROR,
                tracing_enabled=True,
            ),
        )

    def _add_routes(self) -> dict[str, apigateway.Method]:
        """The methods, by the names of their routes."""
        methods, root = {}, self.api.root
        for route in ROUTES:
            # API Gateway checks that a body is an object; the handler checks the rest, with better words.
            models = {"application/json": self._model(route.path.rpartition("/")[2])} if route.body else None
            methods[route.name] = root.resource_for_path(route.path).add_method(
                route.method,
                self._integration,
                api_key_required=True,
                authorization_type=apigateway.AuthorizationType.IAM if self._limits.signed else None,
                request_validator=self._validator,
                request_models=models,
            )
        return methods

    def _model(self, name: str) -> apigateway.Model:
        schema = apigateway.JsonSchema(
            schema=apigateway.JsonSchemaVersion.DRAFT4, type=apigateway.JsonSchemaType.OBJECT
        )
        return self.api.add_model(f"{name.capitalize()}Body", content_type="application/json", schema=schema)

    def _add_problems(self) -> None:
        for construct_id, (kind, status, title) in _PROBLEMS.items():
            headers = {"Retry-After": "'1'"} if status == "429" else None
            self.api.add_gateway_response(
                construct_id,
                type=kind,
                status_code=status,
                response_headers=headers,
                templates={"application/json": _problem(int(status), title)},
            )

    def _accept_findings(self) -> None:
        keys = (
            "Every method needs an API key of the usage plan; callers are a team's own programs, not users who sign in."
        )
        policy = "Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs"
        firewall = "Keys, throttling and a daily quota bound what anybody can do; a web ACL is a monthly cost that a team may add."
        reasons = {
            "AwsSolutions-APIG4": keys,
            "AwsSolutions-COG4": keys,
            "AwsSolutions-APIG3": firewall,
            f"AwsSolutions-IAM4[{policy}]": "The managed policy is the one that API Gateway's own account setting asks for.",
        }
        accept(self.api, reasons)

    def _api_key(self, methods: Mapping[str, apigateway.Method]) -> apigateway.IApiKey:
        limits = self._limits
        key = self.api.add_api_key("Key", description="Atelier's first API key")
        plan = self.api.add_usage_plan(
            "Plan",
            throttle=_throttle(limits.requests_per_second, limits.burst),
            quota=apigateway.QuotaSettings(limit=limits.requests_per_day, period=apigateway.Period.DAY),
        )
        plan.add_api_key(key)
        costly = _throttle(limits.trainings.requests_per_second, limits.trainings.burst)
        own = [apigateway.ThrottlingPerMethod(method=methods[name], throttle=costly) for name in _COSTLY]
        plan.add_api_stage(stage=self.api.deployment_stage, throttle=own)
        return key


def _throttle(rate: float, burst: int) -> apigateway.ThrottleSettings:
    return apigateway.ThrottleSettings(rate_limit=rate, burst_limit=burst)


def _problem(status: int, title: str) -> str:
    problem: dict[str, Any] = {"type": "about:blank", "title": title, "status": status}
    # API Gateway fills in the variable: JSON text with its quotes.
    return f'{json.dumps(problem)[:-1]}, "detail": $context.error.messageString}}'
