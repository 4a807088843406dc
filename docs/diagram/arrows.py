"""The arrows of a stage's picture: who may do what with whom, as roles, permissions, rules, subscriptions and alarms say."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from docs.diagram.boxes import FUNCTION, JOBS, MACHINE, Box, Boxes
from infra.gate.roles import role_of, statements

CALLER = Box(stack="", service="", titles=("client",))

VERBS: Mapping[str, str] = {
    "s3:GetObject": "reads",
    "s3:PutObject": "writes",
    "s3:DeleteObject": "deletes",
    "dynamodb:GetItem": "reads",
    "dynamodb:PutItem": "writes",
    "lambda:InvokeFunction": "calls",
    "sagemaker:CreateProcessingJob": "starts",
    "sagemaker:CreateTrainingJob": "starts",
    "sagemaker:CreateHyperParameterTuningJob": "starts",
    "sagemaker:CreateEndpoint": "creates",
    "sagemaker:DeleteEndpoint": "removes",
    "sagemaker:CreateModelPackage": "registers",
    "sagemaker:UpdateModelPackage": "approves",
    "sagemaker:InvokeEndpointAsync": "invokes",
    "sns:Publish": "tells",
    "sqs:SendMessage": "failures",
    "states:StartExecution": "starts",
    "states:SendTaskSuccess": "answers",
}
"""The actions that are drawn, and how; others (describing, logging, keys, tags) belong to one of these."""

EVENTS, FAILURES = "events", "failures"
_MODEL = "AWS::SageMaker::Model"

Arrows = Mapping[tuple[Box, Box], tuple[str, ...]]


def arrows(boxes: Boxes) -> Arrows:
    """The verbs by who does it and to what. Boxes of one stack and service that do the same to the same are one box."""
    found: dict[tuple[Box, Box], set[str]] = defaultdict(set)
    for source, verb, target in (*_granted(boxes), *_called(boxes), *_told(boxes)):
        if source != target:
            found[source, target].add(verb)
    return _joined({pair: tuple(sorted(verbs)) for pair, verbs in found.items()})


def _granted(boxes: Boxes) -> Iterator[tuple[Box, str, Box]]:
    """What roles allow those who act as them."""
    for role, actors in _actors(boxes).items():
        for statement in statements(boxes.assembly, boxes.assembly.resources[role]):
            verbs = [VERBS[action] for action in statement.actions if action in VERBS]
            targets = [target for text in statement.resources for target in boxes.meant(text)] if verbs else []
            yield from ((actor, verb, target) for actor in actors for verb in verbs for target in targets)


def _actors(boxes: Boxes) -> Mapping[str, list[Box]]:
    """Who acts as a role, by its name: jobs as the one that the machines pass, every endpoint as that of the shared one's model."""
    assembly, of = boxes.assembly, boxes.of
    acting = [(each.properties["Role"], of[each.name]) for each in assembly.of(FUNCTION)]
    acting += [(each.properties["ExecutionRoleArn"], boxes.made["endpoint"]) for each in assembly.of(_MODEL)]
    for machine in assembly.of(MACHINE):
        arn = machine.properties["RoleArn"]
        acting.append((arn, of[machine.name]))
        role = role_of(assembly, arn)
        passing = [each for each in statements(assembly, role) if "iam:PassRole" in each.actions] if role else []
        acting += [(passed, JOBS) for each in passing for passed in each.resources]
    found: dict[str, list[Box]] = defaultdict(list)
    for arn, actor in acting:
        if role := role_of(assembly, arn):
            found[role.name].append(actor)
    return found


def _called(boxes: Boxes) -> Iterator[tuple[Box, str, Box]]:
    """Whom services may call, and which events lead there."""
    assembly, of = boxes.assembly, boxes.of
    yield from ((CALLER, "calls", of[each.name]) for each in assembly.of("AWS::ApiGateway::RestApi"))
    for distribution in assembly.of("AWS::CloudFront::Distribution"):
        yield CALLER, "calls", of[distribution.name]
        for origin in distribution.properties["DistributionConfig"]["Origins"]:
            verb = "calls" if "CustomOriginConfig" in origin else "reads"
            yield from ((of[distribution.name], verb, target) for target in boxes.meant(str(origin["DomainName"])))
    for permission in assembly.of("AWS::Lambda::Permission"):
        (function,) = assembly.referenced(permission.properties["FunctionName"])
        for source in assembly.referenced(permission.properties["SourceArn"]):
            if source.name in of:
                yield of[source.name], "calls", of[function.name]
            for emitter in _emitters(boxes, source.properties.get("EventPattern", {})):
                yield emitter, EVENTS, of[function.name]


def _emitters(boxes: Boxes, pattern: Mapping[str, Any]) -> list[Box]:
    """Whose events a rule takes: a bucket's, or those of what runs make, ``SageMaker Model Package State Change``."""
    kinds = [str(kind).lower().replace(" ", "-") for kind in pattern.get("detail-type", [])]
    made = [box for name, box in boxes.made.items() if f"sagemaker-{name}-state-change" in kinds]
    return [*made, *boxes.meant(str(pattern.get("detail", {}).get("bucket", "")))]


def _told(boxes: Boxes) -> Iterator[tuple[Box, str, Box]]:
    """Whom alarms and budgets tell."""
    for alarm in boxes.assembly.of("AWS::CloudWatch::Alarm", "AWS::Budgets::Budget"):
        told = alarm.properties.get("AlarmActions") or alarm.properties.get("NotificationsWithSubscribers") or []
        yield from ((boxes.of[alarm.name], "tells", target) for target in boxes.meant(str(told)))


def _joined(found: Arrows) -> Arrows:
    """The same with boxes joined that do the same, buckets excepted; once two are, others may be alike."""
    alike: dict[object, list[Box]] = defaultdict(list)
    for actor in dict.fromkeys(source for source, _ in found):
        done = frozenset((target, verbs) for (source, target), verbs in found.items() if source == actor)
        alike[actor.stack, actor.service, actor.titles if actor.service == "S3" else (), done].append(actor)
    new = {box: _one(same) for same in alike.values() for box in same}
    joined: dict[tuple[Box, Box], set[str]] = defaultdict(set)
    for (source, target), verbs in found.items():
        joined[new[source], new.get(target, target)] |= set(verbs)
    fewer = {pair: tuple(sorted(verbs)) for pair, verbs in joined.items()}
    return fewer if len(set(new.values())) == len(new) else _joined(fewer)


def _one(same: list[Box]) -> Box:
    titles = tuple(title for box in same for title in box.titles)
    return replace(same[0], titles=tuple(sorted(titles)), facts=tuple(fact for box in same for fact in box.facts))
