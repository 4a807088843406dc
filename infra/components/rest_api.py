"""The HTTP API in front of the ``api`` handler: keys, throttling, access log, and errors in one shape (RFC 9457)."""

from collections.abc import Mapping

from aws_cdk import RemovalPolicy
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_kms as kms
from constructs import Construct

from contracts.routes.table import ROUTES
from infra.components.access import REGION, URL_SUFFIX
from infra.components.clients import ClientKeys
from infra.components.gateway_answers import add_refusals
from infra.components.handler import Handler
from infra.components.log_retention import log_group
from infra.nag import accept
from infra.settings.api import Api

_BINARY = ["multipart/form-data", "image/*"]
"""What comes to the handler as bytes, in base64, and where it stands first in Accept, what leaves it so. Anything else is text, which would
change every byte that is no UTF-8."""

_KeySource = apigateway.ApiKeySourceType

STAGE = "live"
"""The API's only stage, with which each of its paths begins."""

UNROUTED = "/{proxy+}"
"""The path of every request that no route takes. The handler answers it with 404, or with 405 and the methods that the path has."""


class RestApi(Construct):
    """``url`` ends in a slash; it is that of ``path`` at ``host``. ``clients`` may call it, as often as ``limits`` says.

    ``name`` names the API, whose metrics are called by it, and what cannot be without a name. ``authorizer`` finds the key of a request;
    without one, where ``limits`` want signed requests, the key comes as ``x-api-key``, because ``Authorization`` holds the signature.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        name: str,
        handler: Handler,
        clients: ClientKeys,
        authorizer: apigateway.IAuthorizer | None,
        limits: Api,
        key: kms.IKey,
        log_days: int,
    ) -> None:
        super().__init__(scope, construct_id)
        self._limits, self._authorizer = limits, authorizer
        self._any_object: apigateway.Model | None = None
        self._integration = apigateway.LambdaIntegration(
            # One permission for the whole API: with one a method, those of fifty do not fit into the function's policy (20 KB).
            handler.function,
            scope_permission_to_method=False,
        )
        self.api = self._rest_api(name, key, log_days)
        self._validator = self.api.add_request_validator(
            "Validator", validate_request_body=True, validate_request_parameters=True
        )
        methods = self._add_routes()
        add_refusals(self.api, limits, authorized=authorizer is not None)
        self.url = self.api.url
        self.host, self.path = f"{self.api.rest_api_id}.execute-api.{REGION}.{URL_SUFFIX}", f"/{STAGE}"
        self.plan = self._plan(methods)
        clients.join(self.plan)
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
        api = apigateway.RestApi(
            self,
            "Api",
            # Its metrics are called by this name, which alarms and dashboard watch.
            rest_api_name=name,
            description="Atelier: predictions, trainings and files",
            binary_media_types=_BINARY,
            api_key_source_type=_KeySource.AUTHORIZER if self._authorizer else _KeySource.HEADER,
            endpoint_types=[apigateway.EndpointType.REGIONAL],
            cloud_watch_role=True,
            # Every REST API of the account and region logs with the role that was set last, and still does when our stack is gone.
            cloud_watch_role_removal_policy=RemovalPolicy.RETAIN,
            deploy_options=apigateway.StageOptions(
                stage_name=STAGE,
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
        # CDK's own output of the address, which the stack says by a name of ours.
        api.node.try_remove_child("Endpoint")
        return api

    def _add_routes(self) -> dict[str, apigateway.Method]:
        """The methods, by the names of their routes."""
        methods = {}
        for route in ROUTES:
            # API Gateway checks that a body is an object; the handler checks the rest, with better words.
            models = {"application/json": self._body()} if route.always_json else None
            methods[route.name] = self._add_method(route.path, route.method, models)
        # Without it API Gateway answers a wrong method of a known path as an unknown path, and cannot say which are allowed.
        self._add_method(UNROUTED, "ANY")
        if self._limits.origins:
            for path in sorted({route.path for route in ROUTES}):
                self._add_preflight(path)
        return methods

    def _add_preflight(self, path: str) -> None:
        """Let browsers ask what a page may send: they send no key with it, and the handler tells them nothing else."""
        method = self.api.root.resource_for_path(path).add_method(
            "OPTIONS",
            self._integration,
            api_key_required=False,
            authorization_type=apigateway.AuthorizationType.NONE,
            request_validator=self._validator,
        )
        open_to_all = "A preflight has neither key nor signature: https://fetch.spec.whatwg.org/#cors-preflight-fetch"
        accept(method, {"AwsSolutions-APIG4": open_to_all, "AwsSolutions-COG4": open_to_all})

    def _add_method(
        self, path: str, method: str, models: Mapping[str, apigateway.Model] | None = None
    ) -> apigateway.Method:
        return self.api.root.resource_for_path(path).add_method(
            method,
            self._integration,
            api_key_required=True,
            authorizer=self._authorizer,
            authorization_type=apigateway.AuthorizationType.IAM if self._limits.signed else None,
            request_validator=self._validator,
            request_models=models,
        )

    def _body(self) -> apigateway.Model:
        """What every body is that is JSON."""
        if self._any_object is None:
            schema = apigateway.JsonSchema(
                schema=apigateway.JsonSchemaVersion.DRAFT4, type=apigateway.JsonSchemaType.OBJECT
            )
            self._any_object = self.api.add_model("Body", content_type="application/json", schema=schema)
        return self._any_object

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

    def _plan(self, methods: Mapping[str, apigateway.Method]) -> apigateway.UsagePlan:
        """What each key may do."""
        limits = self._limits
        plan = self.api.add_usage_plan(
            "Plan",
            throttle=_throttle(limits.requests_per_second, limits.burst),
            quota=apigateway.QuotaSettings(limit=limits.requests_per_day, period=apigateway.Period.DAY),
        )
        costly = _throttle(limits.trainings.requests_per_second, limits.trainings.burst)
        own = [
            apigateway.ThrottlingPerMethod(method=methods[route.name], throttle=costly)
            for route in ROUTES
            if route.costly
        ]
        plan.add_api_stage(stage=self.api.deployment_stage, throttle=own)
        return plan


def _throttle(rate: float, burst: int) -> apigateway.ThrottleSettings:
    return apigateway.ThrottleSettings(rate_limit=rate, burst_limit=burst)
