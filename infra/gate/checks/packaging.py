"""What runs has what it imports: handlers their layer and each image its lock file; and settings are read where they are declared."""

import ast
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.metadata import packages_distributions

from infra.gate.assembly import Assembly
from infra.gate.checks.commands import pins
from infra.gate.finding import Finding
from infra.gate.sources import Sources, spelt

_NAME = "packaging"
_SHARED = {"contracts", "imaging", "diffusion"}
_ENVIRONMENT = ("os.environ", "os.getenv", "environ.get")
_READERS = {"contracts/settings.py"}
"""Where handlers' environment is read: each variable is a field of a handler's ``Settings``."""


def check(assembly: Assembly, sources: Sources) -> Iterator[Finding]:
    """See the module."""
    brought: Mapping[str, tuple[str, set[str], str]] = {
        # folder: its lock file, what else is there, what brings it
        "lambdas/atelier_ops": (
            "lambdas/requirements.lock",
            {"atelier_ops", "contracts", "boto3", "botocore"},
            "the layer",
        ),
        "training/atelier_training": (
            "training/requirements.lock",
            {"atelier_training", "torch", *_SHARED},
            "the image",
        ),
        "inference/atelier_inference": (
            "inference/requirements.lock",
            {"atelier_inference", "torch", *_SHARED},
            "the image",
        ),
    }
    for folder, (lock, own, what) in brought.items():
        locked = set(pins(sources.root / lock))
        for file in sorted((sources.root / folder).rglob("*.py")):
            place = str(file.relative_to(sources.root))
            for name, line in _imports(file.read_text(encoding="utf-8")):
                if name not in own and not _distributions(name) & locked and name not in sys.stdlib_module_names:
                    wrong = f"it imports {name}, which {what} does not hold ({lock})"
                    remedy = "Add it to requirements.txt and the lock, or import what is there"
                    yield Finding(place=f"{place}:{line}", check=_NAME, wrong=wrong, remedy=remedy)
    yield from _environment(sources)


@cache
def _imports(text: str) -> tuple[tuple[str, int], ...]:
    """The packages that a file imports, with the lines."""
    found: list[tuple[str, int]] = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            found += [(alias.name.split(".")[0], node.lineno) for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.append((node.module.split(".")[0], node.lineno))
    return tuple(found)


@cache
def _distributions(name: str) -> set[str]:
    """``PIL`` → ``pillow``."""
    known = _all_distributions().get(name, [name])
    return {each.lower().replace("_", "-").replace(".", "-") for each in known}


@cache
def _all_distributions() -> Mapping[str, list[str]]:
    return packages_distributions()


def _environment(sources: Sources) -> Iterator[Finding]:
    for module in sources.modules.values():
        if module.file in _READERS or not module.name.startswith(("atelier_ops.", "contracts.")):
            continue
        for node in module.nodes:
            if isinstance(node, ast.Attribute) and spelt(node) in _ENVIRONMENT:
                wrong = f"it reads {ast.unparse(node)}: what it reads is in no Settings, so nobody knows that it must be set"
                yield module.finding(
                    _NAME, node, wrong, "Add a field to the handler's Settings, and set it in its Spec"
                )
        if not module.name.startswith("atelier_ops.gateways."):
            for node in module.nodes:
                if isinstance(node, ast.Import) and {"boto3", "botocore"} & {alias.name for alias in node.names}:
                    wrong = "it makes clients of its own, whose calls no role is compared with"
                    yield module.finding(_NAME, node, wrong, "Call a class of atelier_ops.gateways, or add one")
