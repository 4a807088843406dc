"""Pages of other sites: where a stage names origins, browsers may ask, and read answers and pictures; where it names none, none may."""

from collections.abc import Iterator

from contracts.routes.table import ROUTES
from infra.config import STAGES
from infra.gate.assembly import Assembly, Resource
from infra.gate.checks.callers import path_of
from infra.gate.finding import Finding
from infra.gate.functions import handlers
from infra.gate.sources import Sources

_NAME = "cross origin"
_ALLOWED = "gatewayresponse.header.Access-Control-Allow-Origin"
_METHODS = {"GET", "HEAD", "PUT"}
_FOR_PAGES = ("BucketsData", "BucketsMedia", "BucketsModel")
"""Buckets whose objects have presigned addresses."""


def check(assembly: Assembly, sources: Sources) -> Iterator[Finding]:
    """See the module."""
    origins = STAGES[assembly.stage].api.origins if assembly.stage in STAGES else ()
    for api in assembly.of("AWS::ApiGateway::RestApi"):
        yield from _preflights(assembly, api, wanted=bool(origins))
    function = handlers(assembly).get("api")
    if function is not None:
        told = function.properties.get("Environment", {}).get("Variables", {}).get("ORIGINS")
        if told != (",".join(origins) or "none"):
            yield function.finding(_NAME, f"ORIGINS is {told!r}, the stage says {origins}", "Take it from the stage")
    for response in assembly.of("AWS::ApiGateway::GatewayResponse"):
        told = response.properties.get("ResponseParameters", {}).get(_ALLOWED)
        if told != ("'*'" if origins else None):
            yield response.finding(_NAME, f"it lets pages of {told} read it", "Say '*' where the stage names origins")
    for bucket in assembly.of("AWS::S3::Bucket"):
        meant = {*origins, *_page(assembly)} if bucket.logical_id.startswith(_FOR_PAGES) else set()
        yield from _rules(bucket, meant)


def _page(assembly: Assembly) -> tuple[str, ...]:
    """The stage's own page, which calls the API at its own address, and puts and gets at the buckets'."""
    page = STAGES[assembly.stage].page if assembly.stage in STAGES else None
    return page.origins if page and assembly.of("AWS::CloudFront::Distribution") else ()


def is_preflight(method: Resource) -> bool:
    """Whether it answers what browsers ask before they send anything."""
    return method.properties.get("HttpMethod") == "OPTIONS"


def _preflights(assembly: Assembly, api: Resource, *, wanted: bool) -> Iterator[Finding]:
    asked = {
        path_of(assembly, str(method.properties.get("ResourceId"))): method
        for method in assembly.of("AWS::ApiGateway::Method")
        if is_preflight(method)
    }
    paths = {route.path for route in ROUTES} if wanted else set()
    for path in sorted(paths - set(asked)):
        yield api.finding(_NAME, f"no page may call {path}: it has no OPTIONS", "Add it for every path of the routes")
    for path, method in asked.items():
        if path not in paths:
            yield method.finding(_NAME, "the stage names no origin that may call it", "Remove it, or name origins")
        if method.properties.get("ApiKeyRequired") or method.properties.get("AuthorizationType") != "NONE":
            yield method.finding(_NAME, "browsers ask it without a key", "Let it need neither key nor signature")


def _rules(bucket: Resource, origins: set[str]) -> Iterator[Finding]:
    rules = bucket.properties.get("CorsConfiguration", {}).get("CorsRules", [])
    told = {origin for rule in rules for origin in rule.get("AllowedOrigins", [])}
    if told != origins:
        yield bucket.finding(
            _NAME, f"pages of {sorted(told)} may read it, the stage says {sorted(origins)}", "Follow it"
        )
    for rule in rules:
        heard = (rule.get("AllowedHeaders"), rule.get("ExposedHeaders"))
        if heard != (["*"], ["ETag"]):
            wrong = f"pages may send the headers {heard[0]} and read {heard[1]}"
            yield bucket.finding(_NAME, wrong, "A PUT has the headers that it was signed with, and answers an ETag")
        if set(rule.get("AllowedMethods", [])) != _METHODS:
            wrong = f"pages may {rule.get('AllowedMethods')}"
            yield bucket.finding(_NAME, wrong, f"Presigned addresses are for {', '.join(sorted(_METHODS))}")
