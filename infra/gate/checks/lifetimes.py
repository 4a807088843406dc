"""What expires agrees: records outlive what waits for them, media outlives addresses, and DynamoDB deletes by what is written."""

import ast
from collections.abc import Iterator, Mapping

from infra.gate.assembly import Assembly
from infra.gate.constants import constant
from infra.gate.finding import Finding
from infra.gate.machines import machines
from infra.gate.sources import Sources

_NAME = "lifetimes"
_DAY = 86_400
_RECORDS: Mapping[str, tuple[str, str]] = {
    "DeployEndpoint": ("atelier_ops.logic.endpoint", "LONGEST_DEPLOYMENT"),
    "RequestApproval": ("atelier_ops.logic.approval", "SECONDS_TO_DECIDE"),
    "SmokeTest": ("atelier_ops.logic.smoke", "LONGEST_TEST"),
}
"""By state, the constant that says how long the record with its task token is kept."""

_ADDRESSES = (("atelier_ops.logic.predictions", "URL_SECONDS"), ("atelier_ops.logic.uploads", "URL_SECONDS"))
_MOST_ADDRESS_SECONDS = 12 * 3600
"""A presigned address ends with the credentials that signed it: a Lambda's last some hours."""

_ANSWER_SECONDS = 60
"""What a container of a real-time endpoint has for one."""


def check(assembly: Assembly, sources: Sources) -> Iterator[Finding]:
    """See the module."""
    yield from _tables(assembly, sources)
    yield from _tokens(assembly, sources)
    yield from _objects(assembly, sources)
    yield from _asking(assembly, sources)


def _tables(assembly: Assembly, sources: Sources) -> Iterator[Finding]:
    module = sources.modules.get("atelier_ops.gateways.records")
    texts = set(_written(module.tree)) if module else set()
    for table in assembly.of("AWS::DynamoDB::Table"):
        expiry = table.properties.get("TimeToLiveSpecification", {})
        if expiry.get("Enabled") is not True or expiry.get("AttributeName") not in texts:
            wrong = (
                f"it deletes by {expiry.get('AttributeName')} (enabled: {expiry.get('Enabled')}), which no record has"
            )
            yield table.finding(_NAME, wrong, "Name the attribute that gateways/records.py writes, expires_at")
        keys = [each.get("AttributeName") for each in table.properties.get("KeySchema", [])]
        for key in keys:
            if key not in texts:
                wrong = f"its key is {key}, which gateways/records.py does not write"
                yield table.finding(_NAME, wrong, "Name the key that it writes, pk")
        declared = {
            each.get("AttributeName"): each.get("AttributeType")
            for each in table.properties.get("AttributeDefinitions", [])
        }
        if any(declared.get(key) != "S" for key in keys):
            yield table.finding(_NAME, f"the types of its keys are {declared}, and records have texts", "Declare S")


def _written(tree: ast.AST) -> Iterator[str]:
    """Attributes that are written with a type, ``"pk": {"S": …}``. One that is only read says nothing of what is stored."""
    for node in ast.walk(tree):
        for key, value in zip(node.keys, node.values, strict=True) if isinstance(node, ast.Dict) else ():
            if isinstance(key, ast.Constant) and isinstance(key.value, str) and isinstance(value, ast.Dict):
                yield key.value


def _tokens(assembly: Assembly, sources: Sources) -> Iterator[Finding]:
    for machine in machines(assembly):
        for state, (module, name) in _RECORDS.items():
            kept, limit = constant(sources, module, name), machine.tasks.get(state, {}).get("TimeoutSeconds")
            if isinstance(kept, int) and isinstance(limit, int) and kept < limit:
                wrong = f"it waits {limit} s, but the record of its token is kept {kept} s ({module}.{name})"
                yield machine.finding(_NAME, state, wrong, "Keep the record at least as long")


def _asking(assembly: Assembly, sources: Sources) -> Iterator[Finding]:
    """Whoever asks a busy endpoint again and again still has the time of an answer."""
    busy = constant(sources, "atelier_ops.logic.real_time", "LONGEST_BUSY")
    for function in assembly.of("AWS::Lambda::Function"):
        if not str(function.properties.get("Handler")).endswith(".ask_endpoint.handler"):
            continue
        seconds = function.properties.get("Timeout", 3)
        if isinstance(busy, int) and seconds < busy + _ANSWER_SECONDS:
            wrong = f"it ends after {seconds} s, and asks a busy endpoint for {busy} s and then waits for its answer"
            yield function.finding(_NAME, wrong, f"Give it LONGEST_BUSY and {_ANSWER_SECONDS} s, or ask for less long")


def _objects(assembly: Assembly, sources: Sources) -> Iterator[Finding]:
    queue = constant(sources, "atelier_ops.gateways.inference", "WAIT_IN_QUEUE")
    addresses = {f"{module}.{name}": constant(sources, module, name) for module, name in _ADDRESSES}
    for name, seconds in addresses.items():
        if isinstance(seconds, int) and not 60 <= seconds <= _MOST_ADDRESS_SECONDS:
            wrong = f"{name} is {seconds} s"
            file = sources.modules[name.rpartition(".")[0]]
            yield file.finding(_NAME, file.tree, wrong, f"Presign for a minute to {_MOST_ADDRESS_SECONDS} s")
    for bucket in assembly.of("AWS::S3::Bucket"):
        if not bucket.logical_id.startswith("BucketsMedia"):
            continue
        rules = bucket.properties.get("LifecycleConfiguration", {}).get("Rules", [])
        days = min((rule["ExpirationInDays"] for rule in rules if "ExpirationInDays" in rule), default=0)
        for name, seconds in {**addresses, "atelier_ops.gateways.inference.WAIT_IN_QUEUE": queue}.items():
            if days and isinstance(seconds, int) and days * _DAY < seconds:
                wrong = f"it deletes after {days} days what {name} still promises for {seconds} s"
                yield bucket.finding(_NAME, wrong, "Keep media longer, or promise less")
