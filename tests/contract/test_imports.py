"""Imports go one way, as docs/architecture.md says."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGES = {
    "contracts": "contracts",
    "imaging": "imaging",
    "diffusion": "diffusion",
    "atelier_ops": "lambdas/atelier_ops",
    "atelier_training": "training/atelier_training",
    "atelier_inference": "inference/atelier_inference",
    "models": "models",
    "infra": "infra",
    "local": "local",
    "cli": "cli",
}
MAY_IMPORT = {
    "contracts": set(),
    "imaging": {"contracts"},
    "diffusion": {"contracts"},
    "atelier_ops": {"contracts"},
    "atelier_training": {"contracts", "imaging", "diffusion"},
    "atelier_inference": {"contracts", "imaging", "diffusion"},
    "models": {"contracts", "imaging", "diffusion"},
    "infra": {"contracts", "models"},
    "local": {"contracts"},
    "cli": {"contracts", "imaging", "local"},
}
FORBIDDEN_NAMES = ("utils", "helpers", "common")


def imported(path: Path) -> Iterator[str]:
    """Every module a file imports, absolute names only."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield str(node.module)


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_imports_only_what_lies_below_it(package: str, root: Path) -> None:
    files = list((root / PACKAGES[package]).rglob("*.py"))
    assert files, f"{package} has no files"
    allowed = MAY_IMPORT[package] | {package}
    wrong = [
        f"{file.relative_to(root)} imports {module}"
        for file in files
        for module in imported(file)
        if module.split(".")[0] in PACKAGES and module.split(".")[0] not in allowed
    ]
    assert wrong == []


@pytest.mark.parametrize(
    ("package", "carried"),
    [
        ("contracts", {"pydantic", "pydantic_core"}),
        ("atelier_ops", {"atelier_ops", "boto3", "botocore", "aws_lambda_powertools"}),
    ],
)
def test_what_lambdas_carry_needs_no_other_third_party_package(package: str, carried: set[str], root: Path) -> None:
    allowed = set(sys.stdlib_module_names) | {"contracts"} | carried
    used = {module.split(".")[0] for file in (root / PACKAGES[package]).rglob("*.py") for module in imported(file)}
    assert used - allowed == set()


def test_nothing_is_named_after_nothing(root: Path) -> None:
    named = [str(p) for folder in PACKAGES.values() for p in (root / folder).rglob("*") if p.stem in FORBIDDEN_NAMES]
    assert named == []
