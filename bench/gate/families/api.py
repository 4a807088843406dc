"""The HTTP API."""

from bench.gate.changes import drop, put, swap
from bench.gate.mutant import Defect

_POST = "Api/RestApiv1predictionsPOST1"
_STAGE = "Api/RestApiDeploymentStagelive"
_AUTHORIZER = "Api/KeysAuthorizer"
_PLAN = "Api/RestApiPlanE"

MUTANTS = (
    Defect(name="a method needs no key", at=_POST, change=put("Properties.ApiKeyRequired", False)),
    Defect(name="a method's body is not looked at", at=_POST, change=drop("Properties.RequestValidatorId")),
    Defect(name="a method has no model of its body", at=_POST, change=drop("Properties.RequestModels")),
    Defect(
        name="a method calls its Lambda by GET",
        at=_POST,
        change=put("Properties.Integration.IntegrationHttpMethod", "GET"),
    ),
    Defect(name="a method maps what a proxy hands through", at=_POST, change=put("Properties.Integration.Type", "AWS")),
    Defect(
        name="a method calls another handler",
        at=_POST,
        change=swap("HandlerFunction0D87A48C", "AnswersHandlerFunction310BE575"),
    ),
    Defect(name="a method is of another verb than its route", at=_POST, change=put("Properties.HttpMethod", "PUT")),
    Defect(name="a route is gone", at="Api/RestApiv1filesPOSTB"),
    Defect(name="a route has another path", at="Api/RestApiv1filesC", change=put("Properties.PathPart", "file")),
    Defect(
        name="a path's variable is called otherwise than the handler reads",
        at="Api/RestApiv1predictionsid0",
        change=put("Properties.PathPart", "{name}"),
    ),
    Defect(name="the permission to call the handler is gone", at="Api/RestApiApiPermission"),
    Defect(
        name="the API is not deployed after a method was added", at="Api/RestApiDeployment4", change=drop("DependsOn")
    ),
    Defect(name="keys may call without limit", at=_PLAN, change=drop("Properties.Throttle")),
    Defect(name="a day's quota is a month's", at=_PLAN, change=put("Properties.Quota.Period", "MONTH")),
    Defect(name="the quota is another than the stage says", at=_PLAN, change=put("Properties.Quota.Limit", 10)),
    Defect(name="the plan is of no stage", at=_PLAN, change=drop("Properties.ApiStages")),
    Defect(name="the key is in no plan", at="Api/RestApiPlanUsagePlanKey"),
    Defect(name="the key is off", at="Api/RestApiKey7", change=put("Properties.Enabled", False)),
    Defect(name="calls are not logged", at=_STAGE, change=drop("Properties.AccessLogSetting")),
    Defect(
        name="what clients send is logged", at=_STAGE, change=put("Properties.MethodSettings.0.DataTraceEnabled", True)
    ),
    Defect(name="calls are not traced", at=_STAGE, change=put("Properties.TracingEnabled", False)),
    Defect(
        name="the account's logging role goes with one stage",
        at="Api/RestApiCloudWatchRole",
        change=put("DeletionPolicy", "Delete"),
    ),
    Defect(
        name="the account's logging setting goes with one stage",
        at="Api/RestApiAccount",
        change=put("DeletionPolicy", "Delete"),
    ),
    Defect(
        name="a problem is answered with another status than it says",
        at="Api/RestApiThrottled",
        change=put("Properties.StatusCode", "503"),
    ),
    Defect(name="a problem is no JSON", at="Api/RestApiTooLarge", change=swap('"title":', '"title"')),
    Defect(
        name="a gateway response of no such kind",
        at="Api/RestApiNoRoute",
        change=put("Properties.ResponseType", "NOT_FOUND"),
    ),
    Defect(
        name="the API is served from the edge",
        at="Api/RestApi79",
        change=put("Properties.EndpointConfiguration.Types", ["EDGE"]),
    ),
    Defect(
        name="the key is read from another place",
        at="Api/RestApi79",
        change=put("Properties.ApiKeySourceType", "HEADER"),
    ),
    Defect(name="a method asks nobody for the key", at=_POST, change=put("Properties.AuthorizationType", "NONE")),
    Defect(name="a method has no authorizer", at=_POST, change=drop("Properties.AuthorizerId")),
    Defect(name="the authorizer sees one header only", at=_AUTHORIZER, change=put("Properties.Type", "TOKEN")),
    Defect(
        name="the authorizer wants a header that half the clients do not send",
        at=_AUTHORIZER,
        change=put("Properties.IdentitySource", "method.request.header.Authorization"),
    ),
    Defect(
        name="what the authorizer said of one client is kept for the next",
        at=_AUTHORIZER,
        change=drop("Properties.AuthorizerResultTtlInSeconds"),
    ),
    Defect(
        name="the API's own handler is asked for keys",
        at=_AUTHORIZER,
        change=swap("KeysHandlerFunction", "HandlerFunction"),
    ),
    Defect(name="the permission to ask the authorizer is gone", at="Api/KeysHandlerFunctionApi"),
    Defect(
        name="pictures are compressed once more", at="Api/RestApi79", change=put("Properties.BinaryMediaTypes", ["*/*"])
    ),
    Defect(name="a body's model takes any JSON", at="Api/RestApiBody", change=put("Properties.Schema", {})),
    Defect(
        name="the API writes its log where its role may not",
        at=_STAGE,
        change=put(
            "Properties.AccessLogSetting.DestinationArn", "arn:aws:logs:us-east-1:123456789012:log-group:elsewhere"
        ),
    ),
)
