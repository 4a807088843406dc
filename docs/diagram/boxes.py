"""The boxes of a stage's picture: what of its templates does something, and what its runs make."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from infra.gate.assembly import Assembly, Resource

FUNCTION, MACHINE = "AWS::Lambda::Function", "AWS::StepFunctions::StateMachine"
_GENERAL = {"Api", "Bucket", "Machine", "Queue", "Table"}
"""The last words of construct paths that say no more than the type does."""

_WATCHING = "CloudWatch, Budgets"
_WORDS = {"workflow": "fine-tuning"}


@dataclass(frozen=True, kw_only=True)
class Box:
    """A box; ``facts`` are lines below its title. Resources whose boxes are equal are in one box."""

    stack: str
    service: str
    titles: tuple[str, ...]
    facts: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Its title."""
        return ", ".join(self.titles)


JOBS = Box(stack="Training", service="SageMaker", titles=("jobs",))
REGISTRY = Box(stack="Training", service="SageMaker", titles=("model registry",))


class Boxes:
    """The boxes of one stage."""

    def __init__(self, assembly: Assembly) -> None:
        self.assembly = assembly
        self.of = {each.name: _BOXES[each.kind](assembly, each) for each in assembly.of(*_BOXES)}
        """By the resource's name."""
        (endpoint,) = assembly.of("AWS::SageMaker::Endpoint")
        # A style's own endpoint is in the box of the shared one.
        made = {
            "training-job": JOBS,
            "processing-job": JOBS,
            "model-package": REGISTRY,
            "endpoint": self.of[endpoint.name],
        }
        self.made = made
        """What runs make and no template has, by the kind that its ARN says."""

    def meant(self, text: str) -> list[Box]:
        """The boxes that resolved text means: by references, by a state machine's name, or as ARNs of what runs make."""
        found = [self.of[each.name] for each in self.assembly.referenced(text) if each.name in self.of]
        machines = self.assembly.of(MACHINE)
        found += [self.of[m.name] for m in machines if text.endswith(f":{m.properties['StateMachineName']}")]
        return found or [box for kind, box in self.made.items() if f":{kind}/" in text]


def _named(service: str, *facts: str) -> Callable[[Assembly, Resource], Box]:
    """A box that is called by its construct's path: ``Storage/Buckets/Media`` is ``media``."""

    def box(assembly: Assembly, resource: Resource) -> Box:
        name = [part for part in resource.path.split("/") if part not in _GENERAL][-1]
        words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower()
        return Box(stack=resource.stack, service=service, titles=(_WORDS.get(words, words),), facts=facts)

    return box


def _api(assembly: Assembly, resource: Resource) -> Box:
    guards = ["API key"] if assembly.of("AWS::ApiGateway::ApiKey") else []
    guards += ["web ACL"] if assembly.of("AWS::WAFv2::WebACL") else []
    return Box(stack=resource.stack, service="API Gateway", titles=("HTTP API",), facts=(", ".join(guards),))


def _page(assembly: Assembly, resource: Resource) -> Box:
    return Box(stack=resource.stack, service="CloudFront", titles=("web page",))


def _function(assembly: Assembly, resource: Resource) -> Box:
    """A handler; those that nobody but the state machines may call are in one box."""
    if _called(assembly, resource):
        name = str(resource.properties["Handler"]).split(".")[-2]
        return Box(stack=resource.stack, service="Lambda", titles=(name,), facts=_schedule(assembly, resource))
    steps = [each for each in assembly.of(FUNCTION) if not _called(assembly, each) and each.stack == resource.stack]
    return Box(
        stack=resource.stack, service="Lambda", titles=("handlers of steps",), facts=(f"{len(steps)} functions",)
    )


def _called(assembly: Assembly, function: Resource) -> bool:
    """Whether anything but a state machine calls a function: a service with its permission, or CloudFormation."""
    called = [each.properties["FunctionName"] for each in assembly.of("AWS::Lambda::Permission")]
    called += [each.properties["ServiceToken"] for each in assembly.of("Custom::BaseModel", "Custom::Page")]
    return any(each.name == function.name for each in assembly.referenced(called))


def _schedule(assembly: Assembly, function: Resource) -> tuple[str, ...]:
    rules = [each.properties for each in assembly.of("AWS::Events::Rule") if "ScheduleExpression" in each.properties]
    mine = [rule for rule in rules if function in assembly.referenced(rule["Targets"])]
    return tuple(re.sub(r"rate\((?:1 )?(.+)\)", r"every \1", str(rule["ScheduleExpression"])) for rule in mine)


def _endpoint(assembly: Assembly, resource: Resource) -> Box:
    (config,) = assembly.of("AWS::SageMaker::EndpointConfig")
    (variant,) = config.properties["ProductionVariants"]
    (target,) = assembly.of("AWS::ApplicationAutoScaling::ScalableTarget")
    facts = [f"{target.properties['MinCapacity']} to {target.properties['MaxCapacity']} instances"]
    # Which types these are depends on the region.
    facts += ["of another type where one is short"] if len(variant.get("InstancePools", [])) > 1 else []
    opened = [each["ScalableTargetAction"] for each in target.properties.get("ScheduledActions", [])]
    facts += [f"at least {max(each['MinCapacity'] for each in opened)} in office hours"] if opened else []
    facts.append("and a style's own by its run")
    return Box(stack=resource.stack, service="SageMaker", titles=("asynchronous endpoint",), facts=tuple(facts))


def _alarm(assembly: Assembly, resource: Resource) -> Box:
    return Box(
        stack="Monitoring", service=_WATCHING, titles=("alarms",), facts=(f"{len(assembly.of(resource.kind))} alarms",)
    )


def _budget(assembly: Assembly, resource: Resource) -> Box:
    limit = resource.properties["Budget"]["BudgetLimit"]
    return Box(stack="Monitoring", service=_WATCHING, titles=("budget",), facts=(f"${limit['Amount']} a month",))


_BOXES: Mapping[str, Callable[[Assembly, Resource], Box]] = {
    "AWS::ApiGateway::RestApi": _api,
    "AWS::CloudFront::Distribution": _page,
    FUNCTION: _function,
    "AWS::S3::Bucket": _named("S3"),
    "AWS::DynamoDB::Table": _named("DynamoDB"),
    "AWS::SNS::Topic": _named("SNS"),
    "AWS::SQS::Queue": _named("SQS"),
    MACHINE: _named("Step Functions"),
    "AWS::SageMaker::Endpoint": _endpoint,
    "AWS::CloudWatch::Alarm": _alarm,
    "AWS::Budgets::Budget": _budget,
}
"""The types that are drawn: roles, policies, rules, permissions and the like are arrows or words."""
