"""Pages of other sites, and how callers are told of limits and of keys."""

from functools import partial
from typing import Any

from bench.gate.changes import Change, drop, put, swap
from bench.gate.mutant import Defect, Slip

_Page = partial(Defect, stage="local")
"""A stage whose pages may ask: the others name no origin."""

_PREFLIGHT = "Api/RestApiv1predictionsOPTIONS"
_HANDLER = "Api/HandlerFunction"
_MEDIA, _DATA, _LOG = "Storage/BucketsMedia5", "Storage/BucketsData9", "Storage/BucketsLogB"
_RULE = "Properties.CorsConfiguration.CorsRules.0"
_VARIABLES = "Properties.Environment.Variables"
_PLAN = "Api/RestApiPlanE"
_AUTHORIZER, _AUTHORIZE = "Api/KeysAuthorizer", "Api/KeysHandlerFunctionF"
_CREDENTIALS = "lambdas/atelier_ops/logic/credentials.py"


def _header(name: str, value: str | None) -> Change:
    """Set a header of a response of the gateway's own, or drop it: its name has dots."""

    def change(body: dict[str, Any]) -> None:
        parameters = body["Properties"]["ResponseParameters"]
        key = f"gatewayresponse.header.{name}"
        if parameters.get(key) == value:
            raise ValueError(f"{key} is {value!r} already")
        parameters.pop(key, None)
        parameters.update({key: value} if value else {})

    return change


MUTANTS = (
    _Page(name="a page's question needs a key", at=_PREFLIGHT, change=put("Properties.ApiKeyRequired", True)),
    _Page(
        name="a page's question needs a signature", at=_PREFLIGHT, change=put("Properties.AuthorizationType", "AWS_IAM")
    ),
    _Page(name="no page may ask for predictions", at=_PREFLIGHT),
    _Page(
        name="a page's question is answered by nobody",
        at=_PREFLIGHT,
        change=swap("HandlerFunction0D87A48C", "AnswersHandlerFunction310BE575"),
    ),
    _Page(
        name="the handler knows another page",
        at=_HANDLER,
        change=put(f"{_VARIABLES}.ORIGINS", "http://localhost:3000"),
    ),
    _Page(name="the handler lets every page read", at=_HANDLER, change=put(f"{_VARIABLES}.ORIGINS", "*")),
    _Page(
        name="a refusal of the gateway's own reaches no page",
        at="Api/RestApiThrottled",
        change=_header("Access-Control-Allow-Origin", None),
    ),
    _Page(
        name="a refusal of the gateway's own reaches one page only",
        at="Api/RestApiNoKey",
        change=_header("Access-Control-Allow-Origin", "'http://localhost:3000'"),
    ),
    _Page(
        name="a page may not read when to come again",
        at="Api/RestApiQuotaExceeded",
        change=_header("Access-Control-Expose-Headers", None),
    ),
    _Page(
        name="a page may read another header than it needs",
        at="Api/RestApiLateAnswer",
        change=_header("Access-Control-Expose-Headers", "'RateLimit-Policy'"),
    ),
    _Page(name="no page may put a picture", at=_MEDIA, change=put(f"{_RULE}.AllowedMethods", ["GET", "HEAD"])),
    _Page(
        name="a page may delete pictures",
        at=_MEDIA,
        change=put(f"{_RULE}.AllowedMethods", ["GET", "HEAD", "PUT", "DELETE"]),
    ),
    _Page(name="every page may read pictures", at=_MEDIA, change=put(f"{_RULE}.AllowedOrigins", ["*"])),
    _Page(name="a page may send no header with a picture", at=_MEDIA, change=drop(f"{_RULE}.AllowedHeaders")),
    _Page(name="no page may put a dataset", at=_DATA, change=drop("Properties.CorsConfiguration")),
    _Page(
        name="pages may read the access log",
        at=_LOG,
        change=put(
            "Properties.CorsConfiguration",
            {"CorsRules": [{"AllowedMethods": ["GET", "HEAD", "PUT"], "AllowedOrigins": ["http://localhost:3000"]}]},
        ),
    ),
    Defect(
        name="a page may ask where the stage names none",
        at=_HANDLER,
        change=put(f"{_VARIABLES}.ORIGINS", "https://shop.example"),
    ),
    Defect(
        name="every page may read refusals where the stage names none",
        at="Api/RestApiThrottled",
        change=_header("Access-Control-Allow-Origin", "'*'"),
    ),
    Defect(
        name="clients are told another rate than their plan's",
        at=_HANDLER,
        change=put(f"{_VARIABLES}.RATE_POLICY", '"steady";q=100;w=1, "daily";q=10000;w=86400'),
    ),
    Defect(
        name="clients are told the common rate of what costs more",
        at=_HANDLER,
        change=put(f"{_VARIABLES}.COSTLY_RATE_POLICY", '"steady";q=10;w=1, "daily";q=10000;w=86400'),
    ),
    Defect(
        name="who is throttled is not told how often it may come",
        at="Api/RestApiThrottled",
        change=_header("RateLimit-Policy", None),
    ),
    Defect(
        name="who is throttled is told another rate than its plan's",
        at="Api/RestApiThrottled",
        change=_header("RateLimit-Policy", "'\"steady\";q=99;w=1'"),
    ),
    Defect(
        name="who is throttled is not told when to come again",
        at="Api/RestApiThrottled",
        change=_header("Retry-After", None),
    ),
    Defect(
        name="whose day is used up is told to come again at once",
        at="Api/RestApiQuotaExceeded",
        change=_header("Retry-After", "'0'"),
    ),
    Defect(
        name="who meets no authorizer is not told when to come again",
        at="Api/RestApiAuthorizerFailed",
        change=_header("Retry-After", None),
    ),
    Defect(
        name="who is told to come again is told a date that is none",
        at="Api/RestApiServerError",
        change=_header("Retry-After", "'soon'"),
    ),
    Defect(
        name="batches are started as often as anything is asked",
        at=_PLAN,
        change=drop("Properties.ApiStages.0.Throttle./v1/batches/POST"),
    ),
    Defect(
        name="a costly route is throttled by a path that is none",
        at=_PLAN,
        change=swap("/v1/batches/POST", "/v1/batch/POST"),
    ),
    Defect(
        name="a route that costs little is throttled as a costly one",
        at=_PLAN,
        change=put("Properties.ApiStages.0.Throttle./v1/predictions/POST", {"BurstLimit": 5, "RateLimit": 0.02}),
    ),
    Defect(
        name="what an authorizer said is kept for a while",
        at=_AUTHORIZER,
        change=put("Properties.AuthorizerResultTtlInSeconds", 300),
    ),
    Defect(name="the authorizer is another API's", at=_AUTHORIZER, change=put("Properties.RestApiId", "a1b2c3")),
    Defect(
        name="the authorizer knows what it has no use for",
        at=_AUTHORIZE,
        change=put("Properties.Environment", {"Variables": {"TABLE_NAME": "records"}}),
    ),
    Defect(
        name="the authorizer runs another handler",
        at=_AUTHORIZE,
        change=put("Properties.Handler", "atelier_ops.handlers.api.handler"),
    ),
    Defect(
        name="the authorizer has longer than a request",
        at=_AUTHORIZE,
        change=put("Properties.Timeout", 60),
    ),
    Defect(
        name="who has no key is told so as a fault of ours",
        at="Api/RestApiNotAuthorized",
        change=put("Properties.StatusCode", "500"),
    ),
    Defect(
        name="who has no key is not told how one is shown",
        at="Api/RestApiUnauthorized",
        change=_header("WWW-Authenticate", None),
    ),
    Defect(name="an authorizer that fails is told as API Gateway does", at="Api/RestApiAuthorizerFailed"),
    Slip(
        name="the authorizer's answer names no key",
        at=_CREDENTIALS,
        old='{"usageIdentifierKey": key}',
        new='{"usageIdentifier": key}',
    ),
    Slip(
        name="the authorizer lets everybody in",
        at=_CREDENTIALS,
        old='"Allow" if key else "Deny"',
        new='"Allow"',
    ),
    Slip(
        name="the authorizer's policy covers one path only",
        at=_CREDENTIALS,
        old='f"{api}/{stage}/*"',
        new='str(event["methodArn"])',
    ),
    Slip(name="the authorizer knows no Bearer", at=_CREDENTIALS, old='("bearer", "token")', new='("Bearer", "Token")'),
    Slip(
        name="the authorizer reads headers as they are spelt",
        at=_CREDENTIALS,
        old="name.lower(): value.strip()",
        new="name: value.strip()",
    ),
    Slip(
        name="the authorizer logs the event",
        at="lambdas/atelier_ops/handlers/authorize.py",
        old="    return authorize(event)",
        new="    print(event)\n    return authorize(event)",
    ),
)
