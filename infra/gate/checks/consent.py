"""Resource policies: the services that write to a topic, a key or a bucket may, for this account only, and nobody else may at all."""

from collections.abc import Iterator, Mapping
from typing import Any

from infra.gate.assembly import Assembly, Resource
from infra.gate.finding import Finding
from infra.gate.roles import listed
from infra.gate.sources import Sources

_NAME = "consent"
_CLOUDWATCH, _BUDGETS, _LOGGING = "cloudwatch.amazonaws.com", "budgets.amazonaws.com", "logging.s3.amazonaws.com"
_ENCRYPTING = ("kms:Decrypt", "kms:GenerateDataKey")
_OPEN = {
    "AWS::S3::BucketPolicy": "PolicyDocument",
    "AWS::SNS::TopicPolicy": "PolicyDocument",
    "AWS::SQS::QueuePolicy": "PolicyDocument",
    "AWS::ApiGateway::RestApi": "Policy",
}
"""What may say who else may use a resource, and in which property."""


def check(assembly: Assembly, sources: Sources) -> Iterator[Finding]:
    """See the module."""
    for (topic, service), who in sorted(_publishers(assembly).items()):
        yield from _may_publish(assembly, assembly.resources[topic], service, who)
    for bucket in assembly.of("AWS::S3::Bucket"):
        logging = bucket.properties.get("LoggingConfiguration", {}).get("DestinationBucketName", "")
        for target in assembly.referenced(logging):
            statements = _statements(assembly, target, "AWS::S3::BucketPolicy", "Bucket")
            if not any(_allows(each, _LOGGING, "s3:PutObject") for each in statements):
                yield target.finding(
                    _NAME, f"{_LOGGING} may not write {bucket.logical_id}'s log to it", "Allow it s3:PutObject"
                )
    for kind, key in _OPEN.items():
        for resource in assembly.of(kind):
            for statement in listed(resource.properties.get(key, {}).get("Statement")):
                yield from _open(resource, statement)


def _publishers(assembly: Assembly) -> dict[tuple[str, str], str]:
    """The services that publish by themselves, by topic; and one resource for which they do."""
    found = dict[tuple[str, str], str]()
    for alarm in assembly.of("AWS::CloudWatch::Alarm"):
        for action in assembly.referenced(alarm.properties.get("AlarmActions", [])):
            if action.kind == "AWS::SNS::Topic":
                found[action.name, _CLOUDWATCH] = alarm.name
    for budget in assembly.of("AWS::Budgets::Budget"):
        for topic in assembly.referenced(budget.properties.get("NotificationsWithSubscribers", [])):
            found[topic.name, _BUDGETS] = budget.name
    return found


def _may_publish(assembly: Assembly, topic: Resource, service: str, who: str) -> Iterator[Finding]:
    statements = _statements(assembly, topic, "AWS::SNS::TopicPolicy", "Topics")
    if not any(_allows(each, service, "sns:Publish") and _of_account(each) for each in statements):
        wrong = f"{service} may not publish to it for this account, as {who} wants"
        yield topic.finding(_NAME, wrong, "Allow it sns:Publish where aws:SourceAccount is the account")
    for key in assembly.referenced(topic.properties.get("KmsMasterKeyId", "")):
        own = listed(key.properties.get("KeyPolicy", {}).get("Statement"))
        for action in _ENCRYPTING:
            if not any(_allows(each, service, action) for each in own):
                wrong = f"{service} publishes to {topic.logical_id}, as {who} wants, and may not {action} with its key"
                yield key.finding(_NAME, wrong, f"Allow {service} {' and '.join(_ENCRYPTING)} in the key's policy")


def _statements(assembly: Assembly, resource: Resource, kind: str, names: str) -> list[Mapping[str, Any]]:
    policies = (each for each in assembly.of(kind) if resource in assembly.referenced(each.properties.get(names, "")))
    return [one for each in policies for one in listed(each.properties.get("PolicyDocument", {}).get("Statement"))]


def _allows(statement: Mapping[str, Any], service: str, action: str) -> bool:
    principal = statement.get("Principal")
    services = listed(principal.get("Service")) if isinstance(principal, Mapping) else []
    actions = [str(each).removesuffix("*") for each in listed(statement.get("Action"))]
    return (
        statement.get("Effect") == "Allow" and service in services and any(action.startswith(each) for each in actions)
    )


def _of_account(statement: Mapping[str, Any]) -> bool:
    return "aws:SourceAccount" in str(statement.get("Condition", "")) or "aws:SourceArn" in str(
        statement.get("Condition")
    )


def _open(resource: Resource, statement: Mapping[str, Any]) -> Iterator[Finding]:
    principal = statement.get("Principal")
    everybody = "*" in (principal, *(listed(principal.get("AWS")) if isinstance(principal, Mapping) else ()))
    if statement.get("Effect") == "Allow" and everybody and not statement.get("Condition"):
        wrong = f"everybody may {', '.join(map(str, listed(statement.get('Action'))))}"
        yield resource.finding(_NAME, wrong, "Name the service or the account in Principal")
    if statement.get("Effect") == "Deny" and everybody and not statement.get("Condition"):
        wrong = f"nobody may {', '.join(map(str, listed(statement.get('Action'))))}"
        yield resource.finding(_NAME, wrong, "Deny under a condition only")
