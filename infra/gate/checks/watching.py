"""Whatever can fail without anybody waiting for it has an alarm that tells the topic of news, soon and at the first failure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from infra.gate.assembly import Assembly, Resource
from infra.gate.finding import Finding
from infra.gate.functions import handlers
from infra.gate.kinds import is_real_time
from infra.gate.sources import Sources

_NAME = "watching"
_SOONEST, _LATEST = 10, 2 * 3600
"""Seconds from a failure to its alarm."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """An alarm that a resource needs: the dimension holds ``attribute`` of the resource (empty: its Ref; ``=``: a property's text)."""

    namespace: str
    metric: str
    dimension: str
    attribute: str = ""
    most: float = 1
    why: str


_MACHINE: Sequence[Wanted] = tuple(
    Wanted(namespace="AWS/States", metric=metric, dimension="StateMachineArn", why=f"a run {why} and nobody hears")
    for metric, why in (("ExecutionsFailed", "fails"), ("ExecutionsTimedOut", "times out"))
)
_FUNCTION = Wanted(
    namespace="AWS/Lambda", metric="Errors", dimension="FunctionName", why="it fails and nobody waits for its answer"
)
_QUEUE = Wanted(
    namespace="AWS/SQS",
    metric="ApproximateNumberOfMessagesVisible",
    dimension="QueueName",
    attribute="QueueName",
    why="dead letters are looked at by nobody",
)
_API = Wanted(
    namespace="AWS/ApiGateway",
    metric="5XXError",
    dimension="ApiName",
    attribute="=Name",
    most=10,
    why="callers get 5xx",
)
_ENDPOINT: Sequence[Wanted] = tuple(
    Wanted(
        namespace="AWS/SageMaker", metric=metric, dimension="EndpointName", attribute="EndpointName", most=most, why=why
    )
    for metric, most, why in (
        ("ApproximateAgeOfOldestRequest", 3600, "requests wait and no instance comes"),
        ("InvocationFailures", 10, "predictions fail"),
        ("ExpiredRequests", 1, "requests expire in the queue"),
        ("NotificationFailures", 1, "answers are told to nobody"),
    )
)
_REAL_TIME = Wanted(
    namespace="AWS/SageMaker",
    metric="Invocation5XXErrors",
    dimension="EndpointName",
    attribute="EndpointName",
    most=10,
    why="predictions fail",
)
_KINDS: Mapping[str, Sequence[Wanted]] = {
    "AWS::StepFunctions::StateMachine": _MACHINE,
    "AWS::SQS::Queue": (_QUEUE,),
    "AWS::ApiGateway::RestApi": (_API,),
    "AWS::SageMaker::Endpoint": _ENDPOINT,
}
_UNATTENDED = ("record_failure", "ask_endpoint")
"""Handlers that a state machine or another handler calls, and whose failure these cannot report."""


def check(assembly: Assembly, sources: Sources) -> Iterator[Finding]:
    """See the module."""
    alarms = [each for each in assembly.of("AWS::CloudWatch::Alarm") if _tells(assembly, each)]
    for kind, wanted in _KINDS.items():
        for resource in assembly.of(kind):
            for each in (_REAL_TIME,) if wanted is _ENDPOINT and is_real_time(assembly) else wanted:
                yield from _watched(resource, each, alarms)
    for function in _unattended(assembly):
        yield from _watched(function, _FUNCTION, alarms)
    if assembly.of("AWS::Lambda::Function") and not any(_is(each, "AWS/Lambda", "Throttles", 1) for each in alarms):
        place = f"{assembly.stage} Monitoring"
        wrong = "no alarm tells that Lambda refuses calls (AWS/Lambda Throttles, without a dimension)"
        yield Finding(place=place, check=_NAME, wrong=wrong, remedy="Add it to infra/monitoring/alarms.py")


def _unattended(assembly: Assembly) -> list[Resource]:
    """What events, topics, schedules and API Gateway call, and those that report failures."""
    called = [each.properties.get("FunctionName") for each in assembly.of("AWS::Lambda::Permission")]
    known = {each.name: each for each in handlers(assembly).values()}
    found = {each.name for each in assembly.referenced(called)}
    found |= {each.name for name, each in handlers(assembly).items() if name in _UNATTENDED}
    return [each for name, each in known.items() if name in found]


def _tells(assembly: Assembly, alarm: Resource) -> bool:
    actions = assembly.referenced(alarm.properties.get("AlarmActions", []))
    return any(each.kind == "AWS::SNS::Topic" for each in actions)


def _watched(resource: Resource, wanted: Wanted, alarms: Sequence[Resource]) -> Iterator[Finding]:
    value = _value(resource, wanted)
    if any(_is(each, wanted.namespace, wanted.metric, wanted.most, (wanted.dimension, value)) for each in alarms):
        return
    near = [each.name for each in alarms if each.properties.get("MetricName") == wanted.metric]
    wrong = (
        f"no alarm on {wanted.namespace} {wanted.metric} with {wanted.dimension} {value} tells a topic: {wanted.why} "
        f"({', '.join(near) or 'none watches that metric'})"
    )
    remedy = (
        f"Add one to infra/monitoring/alarms.py, or mend it: threshold at most {wanted.most:g}, "
        f"within {_LATEST // 3600} hours, with that dimension and the topic as its action"
    )
    yield resource.finding(_NAME, wrong, remedy)


def _value(resource: Resource, wanted: Wanted) -> str:
    if wanted.attribute.startswith("="):
        return str(resource.properties.get(wanted.attribute[1:]))
    return f"<{resource.name}.{wanted.attribute}>" if wanted.attribute else f"<{resource.name}>"


def _is(alarm: Resource, namespace: str, metric: str, most: float, dimension: tuple[str, str] | None = None) -> bool:
    """Whether an alarm goes off when the metric reaches ``most`` or less, in time."""
    properties = alarm.properties
    known = {str(each.get("Name")): str(each.get("Value")) for each in properties.get("Dimensions", [])}
    seconds = properties.get("Period", 0) * properties.get("EvaluationPeriods", 0)
    return (
        (properties.get("Namespace"), properties.get("MetricName")) == (namespace, metric)
        and (not known if dimension is None else known.get(dimension[0]) == dimension[1])
        and str(properties.get("ComparisonOperator")).startswith("GreaterThan")
        and 0 < float(properties.get("Threshold", 0)) <= most
        and _SOONEST <= seconds <= _LATEST
    )
