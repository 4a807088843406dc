"""Imports go one way, as docs/architecture.md says."""

import ast
import sys
from collections.abc import Iterator, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

PACKAGES = {
    "atelier": "atelier",
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
    "docs": "docs",
    "bench": "bench",
    "notebooks": "notebooks",
    "lessons": "lessons",
}
MAY_IMPORT = {
    "atelier": {"contracts"},
    "contracts": set(),
    "imaging": {"contracts"},
    "diffusion": {"contracts"},
    "atelier_ops": {"contracts"},
    "atelier_training": {"contracts", "imaging", "diffusion"},
    "atelier_inference": {"contracts", "imaging", "diffusion"},
    "models": {"contracts", "imaging", "diffusion"},
    "infra": {"contracts", "models"},
    "local": {"contracts"},
    "cli": {"atelier", "atelier_ops", "contracts", "imaging", "infra", "local", "models"},
    "docs": {"cli", "contracts", "infra"},
    "bench": {
        *(
            "contracts",
            "imaging",
            "diffusion",
            "models",
            "atelier_training",
            "atelier_inference",
            "atelier_ops",
            "cli",
            "infra",
            "local",
        ),
    },
    "notebooks": {"cli", "local"},
    "lessons": {"atelier_training", "bench", "contracts", "diffusion", "imaging", "models"},
}
NOT_CHECKED = {"tests", "node_modules", "out", "cdk.out"}
FORBIDDEN_NAMES = ("utils", "helpers", "common")


def imported(path: Path) -> Iterator[str]:
    """Every module a file imports, absolute names only."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield str(node.module)


def statements(body: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    """What runs when a module is imported: no bodies of functions, and nothing that only type checkers see."""
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
            yield from statements(node.orelse)
            continue
        yield node
        inner = [child for child in ast.iter_child_nodes(node) if isinstance(child, ast.stmt)]
        for handler in getattr(node, "handlers", []):
            inner += handler.body
        yield from statements(inner)


def module_names(root: Path) -> Mapping[str, Path]:
    """Every module of ours, by the name that it is imported by."""
    names = {}
    for package, folder in PACKAGES.items():
        for file in (root / folder).rglob("*.py"):
            parts = [package, *file.relative_to(root / folder).with_suffix("").parts]
            names[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = file
    return names


def imports_at_start(text: str, modules: Mapping[str, Path]) -> set[str]:
    """The modules of ours that must be complete before this module's text can run."""
    return names_at_start(text, modules) & modules.keys()


def names_at_start(text: str, modules: Mapping[str, Path]) -> set[str]:
    """The same with other people's modules."""
    names = set()
    for node in statements(ast.parse(text).body):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            members = {f"{node.module}.{alias.name}" for alias in node.names}
            names |= {member if member in modules else str(node.module) for member in members}
    return names


def circle(texts: Mapping[str, str], modules: Mapping[str, Path]) -> list[str]:
    """Modules that import each other in a circle, the first one again at the end; empty where there are none."""
    graph = {name: imports_at_start(text, modules) for name, text in texts.items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def test_no_modules_import_each_other_in_a_circle(root: Path) -> None:
    modules = module_names(root)
    assert len(modules) > 300
    assert circle({name: file.read_text(encoding="utf-8") for name, file in modules.items()}, modules) == []


@pytest.mark.parametrize(
    ("text", "closes"),
    [
        ("from cli import main", True),
        ("import cli.main", True),
        ("try:\n    import cli.main\nexcept ImportError:\n    pass", True),
        ("try:\n    pass\nexcept ImportError:\n    import cli.main", True),
        ("class A:\n    from cli.main import b", True),
        ("def a():\n    import cli.main", False),
        ("class A:\n    def a(self):\n        import cli.main", False),
        ("if TYPE_CHECKING:\n    import cli.main", False),
        ("if typing.TYPE_CHECKING:\n    pass\nelse:\n    import cli.main", True),
    ],
)
def test_a_circle_is_seen(text: str, closes: bool) -> None:
    modules = {"cli.main": Path("main.py"), "cli.follow": Path("follow.py")}
    assert bool(circle({"cli.main": "from cli.follow import a", "cli.follow": text}, modules)) is closes


def packages_at_start(name: str, modules: Mapping[str, Path]) -> set[str]:
    """Other people's packages that one module of ours imports, by itself or through others of ours."""
    seen, found, waiting = {name}, set(), [name]
    while waiting:
        names = names_at_start(modules[waiting.pop()].read_text(encoding="utf-8"), modules)
        found |= {each.split(".")[0] for each in names - modules.keys()}
        waiting += (names & modules.keys()) - seen
        seen |= names
    return found


@pytest.mark.parametrize(
    ("module", "needs", "without"),
    [
        ("atelier_training.jobs.segment", {"PIL"}, {"torch", "transformers", "diffusers", "peft"}),
        ("atelier_training.data.garments", {"torch", "transformers"}, {"diffusers", "peft"}),
        ("atelier_training.jobs.shard", {"PIL"}, {"torch", "transformers", "diffusers", "peft"}),
        ("atelier_training.jobs.fine_tune", {"torch", "diffusers", "peft"}, {"aws_cdk"}),
    ],
)
def test_a_job_waits_for_no_library_that_it_does_not_use(
    module: str, needs: set[str], without: set[str], root: Path
) -> None:
    found = packages_at_start(module, module_names(root))
    assert needs <= found
    assert found & without == set()


def test_every_package_is_checked(root: Path) -> None:
    folders = {file.parent.relative_to(root) for file in (*root.glob("*/*.py"), *root.glob("*/*/__init__.py"))}
    checked = {Path(folder) for folder in PACKAGES.values()}
    ours = {folder for folder in folders if folder.parts[0] not in NOT_CHECKED and not folder.parts[0].startswith(".")}
    assert [str(folder) for folder in sorted(ours) if not checked & {folder, *folder.parents}] == []
    assert MAY_IMPORT.keys() == PACKAGES.keys()


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
