"""Nothing that is delivered without somebody waiting for it gets lost: each such delivery has a queue that takes what failed for good."""

from collections.abc import Iterator

from infra.gate.assembly import Assembly, Resource
from infra.gate.finding import Finding
from infra.gate.roles import listed
from infra.gate.sources import Sources

_NAME = "dead letters"
_QUEUE = "AWS::SQS::Queue"
_LONG_SECONDS = 7 * 86_400
_HANDED_TO = "REAL_TIME_FUNCTION"
"""The variable of handlers that names the function which gateways/inference.py calls without waiting."""


def check(assembly: Assembly, sources: Sources) -> Iterator[Finding]:
    """See the module."""
    for subscription in assembly.of("AWS::SNS::Subscription"):
        if subscription.properties.get("Protocol") == "lambda":
            target = subscription.properties.get("RedrivePolicy", {}).get("deadLetterTargetArn", "")
            yield from _delivered(
                assembly, subscription, target, "sns.amazonaws.com", str(subscription.properties.get("TopicArn"))
            )
    for rule in assembly.of("AWS::Events::Rule"):
        for target in rule.properties.get("Targets", []):
            queue = target.get("DeadLetterConfig", {}).get("Arn", "")
            yield from _delivered(assembly, rule, queue, "events.amazonaws.com", f"<{rule.name}.Arn>")
    for function in _called_without_waiting(assembly):
        if not _own_queue(assembly, function):
            wrong = "it is called without anybody waiting, and what it fails at three times is lost"
            yield function.finding(_NAME, wrong, "Give it an EventInvokeConfig whose OnFailure is a queue")
    for queue in assembly.of(_QUEUE):
        kept = queue.properties.get("MessageRetentionPeriod", 4 * 86_400)
        if kept < _LONG_SECONDS:
            yield queue.finding(
                _NAME, f"it keeps messages for {kept} s, less than a holiday", f"Keep them {_LONG_SECONDS} s or more"
            )


def _delivered(assembly: Assembly, resource: Resource, target: str, service: str, source: str) -> Iterator[Finding]:
    queues = [each for each in assembly.referenced(target) if each.kind == _QUEUE]
    if not queues:
        yield resource.finding(_NAME, "what it cannot deliver is lost", "Give it a queue of dead letters")
    for queue in queues:
        if not any(_allows(policy, service, source) for policy in _policies(assembly, queue)):
            wrong = f"{queue.logical_id} does not take messages of {service} for {source}"
            yield resource.finding(
                _NAME, wrong, "Allow sqs:SendMessage to that service and source in the queue's policy"
            )


def _policies(assembly: Assembly, queue: Resource) -> list[Resource]:
    return [
        p for p in assembly.of("AWS::SQS::QueuePolicy") if queue in assembly.referenced(p.properties.get("Queues", []))
    ]


def _allows(policy: Resource, service: str, source: str) -> bool:
    return any(
        statement.get("Effect") == "Allow"
        and "sqs:SendMessage" in listed(statement.get("Action"))
        and service in listed(statement.get("Principal", {}).get("Service"))
        and source in str(statement.get("Condition"))
        for statement in listed(policy.properties.get("PolicyDocument", {}).get("Statement"))
    )


def _called_without_waiting(assembly: Assembly) -> list[Resource]:
    """The functions that SNS and EventBridge call, and the one that handlers hand requests to."""
    callers = [each.properties.get("Endpoint") for each in assembly.of("AWS::SNS::Subscription")]
    callers += [
        target.get("Arn") for rule in assembly.of("AWS::Events::Rule") for target in rule.properties.get("Targets", [])
    ]
    callers += [
        function.properties.get("Environment", {}).get("Variables", {}).get(_HANDED_TO)
        for function in assembly.of("AWS::Lambda::Function")
    ]
    found = {each.name: each for each in assembly.referenced(callers) if each.kind == "AWS::Lambda::Function"}
    return list(found.values())


def _own_queue(assembly: Assembly, function: Resource) -> bool:
    configs = assembly.of("AWS::Lambda::EventInvokeConfig")
    own = [each for each in configs if function in assembly.referenced(each.properties.get("FunctionName", ""))]
    targets = [each.properties.get("DestinationConfig", {}).get("OnFailure", {}) for each in own]
    targets.append(function.properties.get("DeadLetterConfig", {}))
    return any(each.kind == _QUEUE for each in assembly.referenced(targets))
