"""What containers are told: the model server reads every setting it gets and gets every one it reads; base models named are mirrored."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from contracts.hosting import Hosting
from infra.gate.assembly import Assembly, Resource
from infra.gate.finding import Finding
from infra.gate.functions import handlers
from infra.gate.sources import Sources

_NAME = "server settings"
_READ = re.compile(r"\bATELIER_[A-Z_]+\b")
_OF_LAPTOPS = {"ATELIER_HOST", "ATELIER_ML_ROOT"}
_BASE = re.compile(r"/base/([a-z0-9-]+@[A-Za-z0-9.]+)")
_COMMIT = re.compile(r"[0-9a-f]{40}")
_FOLDERS = {
    "ATELIER_STYLES_URI": "/styles/",
    "ATELIER_UPLOADS_URI": "/uploads/",
    "ATELIER_REQUESTS_URI": "/requests/",
    "ATELIER_PROGRESS_URI": "/progress/",
    "ATELIER_CERTIFICATES_URI": "/certificates/",
}


def check(assembly: Assembly, sources: Sources) -> Iterator[Finding]:
    """See the module."""
    read = _read(sources)
    for model in assembly.of("AWS::SageMaker::Model"):
        environment = model.properties.get("PrimaryContainer", {}).get("Environment", {})
        for wrong, remedy in _environment(environment, read):
            yield model.finding(_NAME, wrong, remedy)
    mirrored = {_reference(each): each for each in assembly.of("Custom::BaseModel")}
    for reference, resource in mirrored.items():
        entry = json.loads(str(resource.properties.get("Entry", "{}")))
        if entry.get("source", {}).get("kind") == "hub" and not _COMMIT.fullmatch(str(entry.get("revision"))):
            yield resource.finding(
                _NAME,
                f"{reference} is no commit, so what is mirrored may change",
                "Pin the commit in models/catalogue.py",
            )
        yield from _mirror_times(assembly, resource)
    for each in (*assembly.of("AWS::SageMaker::Model"), *assembly.of("AWS::Lambda::Function")):
        yield from _bases(each, set(mirrored))
    yield from _hosting(assembly, read)


def _read(sources: Sources) -> set[str]:
    folder = sources.root / "inference" / "atelier_inference"
    texts = (path.read_text(encoding="utf-8") for path in folder.rglob("*.py"))
    return {name for text in texts for name in _READ.findall(text)} - _OF_LAPTOPS


def _environment(environment: Mapping[str, Any], read: set[str]) -> Iterator[tuple[str, str]]:
    given = {name for name in environment if name.startswith("ATELIER_")}
    for name in sorted(read - given):
        yield f"the server reads {name}, which is not set", "Set it in the container's environment"
    for name in sorted(given - read):
        yield f"{name} is set, and the server does not read it", "Remove it, or spell it as the server does"
    for name, folder in _FOLDERS.items():
        if name in environment and not str(environment[name]).endswith(folder):
            yield f"{name} is {environment[name]}", f"Let it end in {folder}, where handlers write"


def _reference(resource: Resource) -> str:
    entry = json.loads(str(resource.properties.get("Entry", "{}")))
    return f"{entry.get('name')}@{entry.get('revision')}"


def _mirror_times(assembly: Assembly, resource: Resource) -> Iterator[Finding]:
    """CloudFormation waits until after the handler's own end, so that it hears why."""
    waits = int(str(resource.properties.get("ServiceTimeout", 0)))
    for function in assembly.referenced(resource.properties.get("ServiceToken", "")):
        seconds = int(function.properties.get("Timeout", 0))
        if waits <= seconds:
            wrong = f"CloudFormation waits {waits} seconds for {function.logical_id}, which may take {seconds}"
            yield resource.finding(_NAME, wrong, "Let ServiceTimeout be longer than the function's Timeout")


def _bases(resource: Resource, mirrored: set[str]) -> Iterator[Finding]:
    variables = resource.properties.get("Environment", {}).get("Variables", {})
    variable_names = ("BASE_MODELS", "DEFAULT_BASE_MODEL", "SEGMENTER", "UPSCALER", "CAPTIONER", "SERVED_BASE")
    listed = [variables.get(name, "") for name in variable_names]
    named = {part for text in listed for part in str(text).split(",") if part not in ("", "none")}
    named |= set(_BASE.findall(json.dumps(resource.properties)))
    for reference in sorted(named - mirrored):
        yield resource.finding(_NAME, f"it names {reference}, which is not mirrored", "Name a base model of the stage")


def _hosting(assembly: Assembly, read: set[str]) -> Iterator[Finding]:
    """Styles' endpoints are hosted as the shared one is."""
    function = handlers(assembly).get("deploy_endpoint")
    text = function.properties.get("Environment", {}).get("Variables", {}).get("HOSTING") if function else None
    if function is None or text is None:
        return
    try:
        hosting = Hosting.from_text(str(text))
    except Exception as error:  # noqa: BLE001 whatever is wrong with it, the handler could not read it either
        yield function.finding(_NAME, f"HOSTING cannot be read: {error}", "Write Hosting.to_json as text")
        return
    if not hosting.tags:
        wrong = "HOSTING: it has no tags, so what versions' endpoints cost cannot be allocated"
        yield function.finding(_NAME, wrong, "Hand the stage's tags to Hosting")
    for wrong, remedy in _environment(hosting.environment, read):
        yield function.finding(_NAME, f"HOSTING: {wrong}", remedy)
    for config in assembly.of("AWS::SageMaker::EndpointConfig"):
        yield from _alike(config, function, hosting)


def _alike(config: Resource, function: Resource, hosting: Hosting) -> Iterator[Finding]:
    wanted = hosting.endpoint_config("model")
    for key in ("ProductionVariants", "AsyncInferenceConfig"):
        wanted_part, got = _plain(wanted.get(key)), _plain(config.properties.get(key))
        for name in sorted(set(wanted_part) | set(got)):
            if wanted_part.get(name) != got.get(name):
                wrong = f"{key}: {name} is {got.get(name)} here and {wanted_part.get(name)} for styles' endpoints"
                yield config.finding(_NAME, f"{wrong} ({function.logical_id})", "Make both from one Hosting")


def _plain(node: Any, path: str = "") -> dict[str, Any]:
    """Every number and literal text by its path, without references, names, and how many instances there are at first."""
    if isinstance(node, Mapping):
        pairs = [(f"{path}.{key}".lstrip("."), value) for key, value in node.items()]
    elif isinstance(node, list):
        pairs = [(f"{path}.{index}".lstrip("."), value) for index, value in enumerate(node)]
    else:
        return {} if "<" in str(node) or path.endswith(("ModelName", "InitialInstanceCount")) else {path: node}
    return {key: found for name, value in pairs for key, found in _plain(value, name).items()}
