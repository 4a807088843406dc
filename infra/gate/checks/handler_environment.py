"""A function's environment is what its handler's Settings read; each variable names what its name says, and its role may use that."""

import ast
from collections.abc import Iterator, Mapping

from infra.config import STAGES
from infra.gate.assembly import Assembly, Resource
from infra.gate.finding import Finding
from infra.gate.functions import handlers
from infra.gate.kinds import asks_people, is_real_time
from infra.gate.networks import network_of
from infra.gate.roles import role_of, statements
from infra.gate.sources import Module, Sources

_NAME = "handler environment"
_KINDS: Mapping[str, tuple[str, str]] = {
    "API_FUNCTION": ("AWS::Lambda::Function", "Handler"),
    "DATA_BUCKET": ("AWS::S3::Bucket", "BucketsData"),
    "ENDPOINT_NAME": ("AWS::SageMaker::Endpoint", ""),
    "MEDIA_BUCKET": ("AWS::S3::Bucket", "BucketsMedia"),
    "MODEL_BUCKET": ("AWS::S3::Bucket", "BucketsModel"),
    "ERROR_TOPIC_ARN": ("AWS::SNS::Topic", "Error"),
    "SUCCESS_TOPIC_ARN": ("AWS::SNS::Topic", "Success"),
    "STATE_MACHINE_ARN": ("AWS::StepFunctions::StateMachine", "Workflow"),
    "REAL_TIME_FUNCTION": ("AWS::Lambda::Function", "CallerHandler"),
    "TABLE_NAME": ("AWS::DynamoDB::Table", ""),
    "TOPIC_ARN": ("AWS::SNS::Topic", "News"),
    "WEBHOOK_TOPIC_ARN": ("AWS::SNS::Topic", "WebhooksDue"),
}
"""The type of resource that a variable names, and how its logical id begins."""

_MACHINES = {"BATCH_MACHINE_ARN": "Batches"}
"""Variables that name a machine by an ARN as text, for a machine cannot be referred to by what it calls; how its logical id begins."""

_OUTWARD = {"deliver_webhooks"}
"""Handlers of stages only that are in no network of their own: what they do leads to the internet."""

_UNSIGNED = {"authorize"}
"""Handlers of stages only whose requests nobody signs: they look into the header that would hold the signature."""


_ASKING = {"ask_endpoint"}
"""Handlers of stages only whose endpoints have no queue."""


def check(assembly: Assembly, sources: Sources) -> Iterator[Finding]:
    """See the module."""
    deployed = handlers(assembly)
    elsewhere = (_OUTWARD if network_of(assembly) else set()) | (_UNSIGNED if is_signed(assembly) else set())
    elsewhere |= set() if is_real_time(assembly) else _ASKING
    elsewhere |= set() if assembly.of("Custom::Page") else {"page"}
    elsewhere |= {"authorize" if asks_people(assembly) else "authorize_people"}
    for handler, module in sources.handlers.items():
        if handler not in deployed and handler not in elsewhere:
            wrong = "no function runs it"
            yield module.finding(
                _NAME, module.tree, f"{assembly.stage}: {wrong}", "Give it a Spec beside what calls it, or remove it"
            )
    for handler, function in deployed.items():
        source = sources.handlers.get(handler)
        if source is None:
            wrong = f"its handler atelier_ops.handlers.{handler} does not exist"
            yield function.finding(_NAME, wrong, "Name a file of lambdas/atelier_ops/handlers")
            continue
        if not any(isinstance(node, ast.FunctionDef) and node.name == "handler" for node in source.tree.body):
            yield source.finding(
                _NAME, source.tree, "it has no function called handler", "Call what the Lambda runs handler"
            )
        yield from _variables(function, source)
        yield from _named(assembly, function)


def is_signed(assembly: Assembly) -> bool:
    """Whether the stage wants a signature of each request."""
    return assembly.stage in STAGES and STAGES[assembly.stage].api.signed


def settings(module: Module) -> set[str]:
    """The variables that a handler's ``Settings`` reads."""
    classes = (node for node in module.tree.body if isinstance(node, ast.ClassDef) and node.name == "Settings")
    fields = (field for node in classes for field in node.body if isinstance(field, ast.AnnAssign))
    return {ast.unparse(field.target).upper() for field in fields}


def environment(function: Resource) -> Mapping[str, str]:
    """The variables of a function, without those that Powertools reads."""
    found = function.properties.get("Environment", {}).get("Variables", {})
    return {name: str(value) for name, value in found.items() if not name.startswith("POWERTOOLS_")}


def _variables(function: Resource, module: Module) -> Iterator[Finding]:
    given, read = environment(function), settings(module)
    for name in sorted(read - set(given)):
        yield function.finding(_NAME, f"{module.file} reads {name}, which is not set", "Set it in the handler's Spec")
    for name in sorted(set(given) - read):
        wrong = f"{name} is set, but Settings in {module.file} does not read it"
        yield function.finding(_NAME, wrong, "Remove it from the handler's Spec, or add the field")
    for name in sorted(name for name, value in given.items() if not value.strip()):
        yield function.finding(_NAME, f"{name} is empty, which the handler takes as not set", "Give it a value")


def _named(assembly: Assembly, function: Resource) -> Iterator[Finding]:
    role = role_of(assembly, function.properties.get("Role"))
    granted = (
        {each.name for each in assembly.referenced([s.resources for s in statements(assembly, role)])}
        if role
        else set()
    )
    for name, value in environment(function).items():
        if name in _MACHINES and value.rpartition(":")[2] not in _machine_names(assembly, _MACHINES[name]):
            wrong = f"{name} is {value}, which is no state machine {_MACHINES[name]}"
            yield function.finding(_NAME, wrong, "Set it to the machine that its name says")
        if name not in _KINDS or (name == "REAL_TIME_FUNCTION" and not is_real_time(assembly) and value == "none"):
            continue
        kind, start = _KINDS[name]
        found = assembly.referenced(value)
        if len(found) != 1 or found[0].kind != kind or not found[0].logical_id.startswith(start):
            names = ", ".join(each.name for each in found) or repr(value)
            wrong = f"{name} is {names}, which is no {kind} {start}".rstrip()
            yield function.finding(_NAME, wrong, "Set it to the resource that its name says")
        elif kind in ("AWS::S3::Bucket", "AWS::DynamoDB::Table", "AWS::SNS::Topic") and found[0].name not in granted:
            wrong = f"{name} is {found[0].name}, on which its role may do nothing"
            yield function.finding(_NAME, wrong, "Grant what the handler does with it, in its Spec")


def _machine_names(assembly: Assembly, start: str) -> set[str]:
    found = assembly.of("AWS::StepFunctions::StateMachine")
    return {str(each.properties.get("StateMachineName")) for each in found if each.logical_id.startswith(start)}
