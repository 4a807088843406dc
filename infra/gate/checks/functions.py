"""Functions: runtimes that are patched, packages for their processor, logs that end, and no more time or memory than there is."""

from collections.abc import Iterator
from datetime import date
from functools import cache
from typing import Any

from cfnlint.data import AdditionalSpecs  # type: ignore[import-untyped]
from cfnlint.helpers import load_resource  # type: ignore[import-untyped]

from infra.config import STAGES
from infra.gate.assembly import Assembly, Resource
from infra.gate.finding import Finding
from infra.gate.functions import handlers
from infra.gate.sources import Sources

_NAME = "functions"
_RUNTIME, _PROCESSOR = "python3.13", "arm64"
"""What `make lambda-packages` fetches wheels for."""

_GATEWAY_SECONDS = 29
"""API Gateway waits no longer for an answer."""

_POWERTOOLS = {"POWERTOOLS_TRACER_CAPTURE_RESPONSE": "false", "POWERTOOLS_TRACER_CAPTURE_ERROR": "false"}
"""What a handler returns, and the text of its errors, can quote what a client sent."""


def check(assembly: Assembly, sources: Sources) -> Iterator[Finding]:
    """See the module."""
    for function in assembly.of("AWS::Lambda::Function"):
        runtime = str(function.properties.get("Runtime", ""))
        if runtime and _ended(runtime):
            yield function.finding(_NAME, f"{runtime} is at its end of life", "Use a runtime that Lambda patches")
    for name, function in handlers(assembly).items():
        for wrong, remedy in (*_built(assembly, function), *_watched(assembly, function), *_sized(name, function)):
            yield function.finding(_NAME, wrong, remedy)
    yield from _roles(assembly)
    yield from _logs(assembly)


def _built(assembly: Assembly, function: Resource) -> Iterator[tuple[str, str]]:
    properties = function.properties
    got = (properties.get("Runtime"), properties.get("Architectures"))
    if got != (_RUNTIME, [_PROCESSOR]):
        yield (
            f"it runs {got[0]} on {got[1]}, its packages are for {_RUNTIME} on {_PROCESSOR}",
            "Use those of components/packages.py",
        )
    layers = [
        each for each in assembly.referenced(properties.get("Layers", [])) if each.kind == "AWS::Lambda::LayerVersion"
    ]
    if not layers:
        yield "it has no layer, so Powertools and pydantic are missing", "Give it packages_layer()"
    for layer in layers:
        fits = (
            layer.properties.get("CompatibleArchitectures", [_PROCESSOR]),
            layer.properties.get("CompatibleRuntimes", [_RUNTIME]),
        )
        if fits != ([_PROCESSOR], [_RUNTIME]):
            yield f"its layer {layer.logical_id} is for {fits[1]} on {fits[0]}", "Use packages_layer()"


def _watched(assembly: Assembly, function: Resource) -> Iterator[tuple[str, str]]:
    properties = function.properties
    log = assembly.referenced(properties.get("LoggingConfig", {}).get("LogGroup", ""))
    if [each.kind for each in log] != ["AWS::Logs::LogGroup"]:
        yield "it has no log group of the stage, so its log never ends", "Give it log_group()"
    if properties.get("TracingConfig", {}).get("Mode") != "Active":
        yield "its calls are not traced", "Set tracing to Active"
    variables = properties.get("Environment", {}).get("Variables", {})
    wanted = {**_POWERTOOLS, "POWERTOOLS_SERVICE_NAME": f"atelier-{assembly.stage}"}
    for name, value in wanted.items():
        if variables.get(name) != value:
            yield (
                f"{name} is {variables.get(name)!r}, not {value!r}",
                "Set what observability() in components/handler.py gives",
            )
    if variables.get("POWERTOOLS_LOG_LEVEL") == "DEBUG":
        yield "it logs what clients send (DEBUG)", "Set POWERTOOLS_LOG_LEVEL to INFO"


def _sized(name: str, function: Resource) -> Iterator[tuple[str, str]]:
    seconds, memory = function.properties.get("Timeout", 3), function.properties.get("MemorySize", 128)
    if not 10 <= seconds <= 900:
        yield f"its Timeout is {seconds} s", "Use 10 to 900: a cold start alone takes seconds"
    if not 256 <= memory <= 10_240:
        yield f"its MemorySize is {memory} MiB", "Use 256 to 10240"
    if name == "api" and seconds > _GATEWAY_SECONDS:
        yield (
            f"its Timeout is {seconds} s, and API Gateway waits {_GATEWAY_SECONDS} s",
            f"Use at most {_GATEWAY_SECONDS}",
        )


def _roles(assembly: Assembly) -> Iterator[Finding]:
    owners: dict[str, Resource] = {}
    for function in assembly.of("AWS::Lambda::Function"):
        role = str(function.properties.get("Role"))
        if role in owners:
            wrong = f"it shares its role with {owners[role].logical_id}"
            yield function.finding(_NAME, wrong, "Give each function a role of its own")
        owners[role] = function


def _logs(assembly: Assembly) -> Iterator[Finding]:
    for group in assembly.of("AWS::Logs::LogGroup"):
        days = group.properties.get("RetentionInDays")
        if not isinstance(days, int):
            yield group.finding(_NAME, "it is kept for ever", "Give it RetentionInDays")
        elif assembly.stage in STAGES and days != STAGES[assembly.stage].log_days:
            wrong = f"it is kept for {days} days, the stage says {STAGES[assembly.stage].log_days}"
            yield group.finding(_NAME, wrong, "Take log_days of the stage")
        if [each.kind for each in assembly.referenced(group.properties.get("KmsKeyId", ""))] != ["AWS::KMS::Key"]:
            yield group.finding(_NAME, "it is not encrypted with the stage's key", "Make it with log_group()")


@cache
def _ended(runtime: str) -> bool:
    """Whether Lambda has stopped patching a runtime, as far as cfn-lint's table knows."""
    table: dict[str, Any] = load_resource(AdditionalSpecs, "LmbdRuntimeLifecycle.json")
    ends = table.get(runtime, {}).get("deprecated")
    return ends is not None and date.fromisoformat(ends) <= date.today()
