"""Facts that our sources state and no template contradicts: literals of the contracts, read as they are written."""

import ast
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from infra.gate.assembly import Assembly
from infra.gate.finding import Finding
from infra.gate.sources import Sources

_NAME = "facts"
_HOSTING = "https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ProductionVariant.html"
_VALUES: Sequence[tuple[str, str, Any, str]] = (
    (
        "contracts/machines.py",
        "GPU_AMI",
        "al2023-ami-sagemaker-inference-gpu-4-1",
        f"its driver runs CUDA 13: {_HOSTING}",
    ),
    ("contracts/hosting.py", "VARIANT", "AllTraffic", "running endpoints have it, and a scalable target names it"),
    ("lambdas/atelier_ops/logic/uploads.py", "URL_SECONDS", 3_600, "an upload's address is for the request after it"),
    ("lambdas/atelier_ops/logic/output_addresses.py", "URL_SECONDS", 3_600, "whoever has an address has the picture"),
)
"""File, name, value, why."""

_NVME = {"g5", "g6", "g6e", "p5", "p5e", "p5en"}
"""Families with local disks. https://docs.aws.amazon.com/sagemaker/latest/dg/host-instance-storage.html"""

_PRICES: Mapping[str, float] = {
    "ml.g4dn.xlarge": 0.736,
    "ml.g5.xlarge": 1.408,
    "ml.g5.2xlarge": 1.515,
    "ml.g5.12xlarge": 7.09,
    "ml.g6.xlarge": 1.127,
    "ml.m5.xlarge": 0.23,
    "ml.p4d.24xlarge": 25.25,
    "ml.p5.48xlarge": 63.30,
}
"""us-east-1, US dollars an hour, as read in 2026; a price may move by half before it is taken for a slip."""

_MOST_MOVED = 1.5


def check(assembly: Assembly, sources: Sources) -> Iterator[Finding]:
    """See the module."""
    for file, name, meant, why in _VALUES:
        found = _literals(sources.root / file)
        if name in found and found[name][0] != meant:
            value, line = found[name]
            yield _finding(file, line, f"{name} is {value!r}: {why}", f"Make it {meant!r}")
    yield from _machines(sources.root)
    yield from _prices(sources.root)


def _machines(root: Path) -> Iterator[Finding]:
    file = root / "contracts/machines.py"
    for node in ast.parse(file.read_text(encoding="utf-8")).body if file.exists() else []:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "_LOCAL_DISKS":
            listed = {each.value for each in ast.walk(node.value) if isinstance(each, ast.Constant)}
            for family in sorted(_NVME - listed):
                wrong = f"{family} has local NVMe and is not listed"
                yield _finding(
                    "contracts/machines.py", node.lineno, wrong, "SageMaker refuses a volume's key there: add it"
                )


def _prices(root: Path) -> Iterator[Finding]:
    file = "contracts/prices.py"
    for value, line in _literals(root / file).values():
        if not isinstance(value, dict):
            continue
        for machine, dollars in _PRICES.items():
            got = value.get(machine)
            if got is None:
                yield _finding(file, line, f"{machine} has no price", "Look it up, and write when")
            elif not dollars / _MOST_MOVED <= got <= dollars * _MOST_MOVED:
                yield _finding(file, line, f"{machine} costs {got} dollars, and was {dollars}", "Look it up again")


def _literals(file: Path) -> dict[str, tuple[Any, int]]:
    """The names that a file sets to literals, with their lines."""
    found: dict[str, tuple[Any, int]] = {}
    if not file.exists():
        return found
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        )
        value = getattr(node, "value", None)
        for target in targets:
            if isinstance(target, ast.Name) and value is not None:
                literal = _literal(value)
                if literal is not None:
                    found[target.id] = (literal, node.lineno)
    return found


def _literal(value: ast.expr) -> Any:
    try:
        return ast.literal_eval(value)
    except ValueError:
        return None


def _finding(file: str, line: int, wrong: str, remedy: str) -> Finding:
    return Finding(place=f"{file}:{line}", check=_NAME, wrong=wrong, remedy=remedy)
