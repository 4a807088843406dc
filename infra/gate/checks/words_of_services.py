"""Words and numbers that our sources compare with a service's are the service's: statuses, error codes, limits of botocore's models."""

import ast
from collections.abc import Iterator, Sequence
from typing import Any

from infra.gate.assembly import Assembly
from infra.gate.constants import constant
from infra.gate.finding import Finding
from infra.gate.services import errors, service
from infra.gate.sources import Module, Sources, spelt

_NAME = "words of services"
_STATUSES: Sequence[tuple[str, str, str, str, bool]] = (
    # module, name, service, its enumeration, whether all of it is meant
    ("atelier_ops.logic.endpoint", "IN_SERVICE", "sagemaker", "EndpointStatus", False),
    ("atelier_ops.logic.endpoint", "UNDER_WAY", "sagemaker", "EndpointStatus", False),
    ("atelier_ops.logic.trainings", "STATUSES", "stepfunctions", "ExecutionStatus", True),
)
_COMPARED: Sequence[tuple[str, str, str, str]] = (
    # module, what is compared, service, its enumeration
    ("atelier_ops.logic.approval", "status", "sagemaker", "ModelApprovalStatus"),
    ("atelier_ops.logic.endpoint", "state.status", "sagemaker", "EndpointStatus"),
    ("atelier_ops.logic.trainings", "execution.status", "stepfunctions", "ExecutionStatus"),
)
_CODES: Sequence[tuple[str, str, str]] = (("atelier_ops.gateways.workflow", "NOBODY_WAITS", "stepfunctions"),)
_NUMBERS: Sequence[tuple[str, str, int, int, str]] = (
    (
        "atelier_ops.gateways.workflow",
        "LONGEST_CAUSE",
        1_000,
        32_768,
        "Step Functions takes causes of 32,768 characters",
    ),
    ("atelier_ops.gateways.topic", "LONGEST_SUBJECT", 50, 100, "SNS takes subjects of 100 characters"),
    ("atelier_ops.gateways.inference", "WAIT_IN_QUEUE", 3_600, 21_600, "SageMaker keeps a request for six hours"),
    (
        "atelier_ops.gateways.inference",
        "LONGEST_RUN",
        300,
        3_600,
        "a picture takes minutes, and SageMaker waits an hour",
    ),
    ("atelier_ops.logic.names", "LONGEST_NAME", 40, 63, "SageMaker's names have 63 characters"),
)
"""Module, name, the least and the most, why."""

_RETRIES = {"legacy", "standard", "adaptive"}


def check(assembly: Assembly, sources: Sources) -> Iterator[Finding]:
    """See the module."""
    for module_name, name, service_name, shape, whole in _STATUSES:
        for module, node in _assigned(sources, module_name, name):
            yield from _words(module, node, name, _enumeration(service_name, shape), whole=whole)
    for module_name, what, service_name, shape in _COMPARED:
        compared = sources.modules.get(module_name)
        for found in compared.nodes if compared else ():
            if compared and isinstance(found, ast.Compare) and spelt(found.left) == what:
                for other in found.comparators:
                    yield from _words(compared, other, what, _enumeration(service_name, shape), whole=False)
    for module_name, name, service_name in _CODES:
        for module, node in _assigned(sources, module_name, name):
            yield from _words(module, node, name, errors(service_name), whole=False)
    for module_name, name, least, most, why in _NUMBERS:
        got = constant(sources, module_name, name)
        for module, node in _assigned(sources, module_name, name) if isinstance(got, int) else ():
            if not least <= got <= most:
                yield module.finding(_NAME, node, f"{name} is {got}: {why}", f"Use {least} to {most}")
    yield from _client(sources)


def _assigned(sources: Sources, module_name: str, name: str) -> Iterator[tuple[Module, ast.expr]]:
    module = sources.modules.get(module_name)
    for node in module.tree.body if module else ():
        if module and isinstance(node, ast.Assign) and [spelt(each) for each in node.targets] == [name]:
            yield module, node.value
        if module and isinstance(node, ast.AnnAssign) and spelt(node.target) == name and node.value:
            yield module, node.value


def _words(module: Module, node: ast.expr, name: str, known: set[str], *, whole: bool) -> Iterator[Finding]:
    inner = node.keys if isinstance(node, ast.Dict) else list(ast.walk(node))
    words = {each.value for each in inner if isinstance(each, ast.Constant) and isinstance(each.value, str)}
    for word in sorted(words - known) if known else ():
        yield module.finding(
            _NAME, node, f"{name} names {word}, which the service never says", f"It says {_some(known)}"
        )
    for word in sorted(known - words) if whole else ():
        yield module.finding(
            _NAME, node, f"{name} does not know {word}, which the service may say", "Say what it means"
        )


def _some(known: set[str]) -> str:
    return ", ".join(sorted(known)[:12])


def _enumeration(service_name: str, shape: str) -> set[str]:
    model = service(service_name)
    return set(model.shape_for(shape).metadata.get("enum", [])) if model else set()


def _client(sources: Sources) -> Iterator[Finding]:
    """How boto3's clients try again, and for how long they wait."""
    for module, node in _assigned(sources, "atelier_ops.gateways.aws", "SETTINGS"):
        settings: Any = ast.literal_eval(node)
        if settings.get("retries", {}).get("mode") not in _RETRIES:
            wrong = f"retries are {settings.get('retries')}"
            yield module.finding(_NAME, node, wrong, f"boto3 knows the modes {', '.join(sorted(_RETRIES))}")
        for key in ("connect_timeout", "read_timeout"):
            if not 1 <= settings.get(key, 60) <= 60:
                wrong = f"{key} is {settings[key]} s, longer than handlers may run"
                yield module.finding(_NAME, node, wrong, "Wait for 1 to 60 s")
