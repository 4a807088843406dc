"""No two of our classes share a name: whoever reads one knows which it is."""

import ast
from collections.abc import Iterable, Mapping
from pathlib import Path

FOLDERS = (
    "atelier",
    "contracts",
    "imaging",
    "diffusion",
    "lambdas",
    "training",
    "inference",
    "models",
    "infra",
    "local",
    "cli",
    "docs",
    "bench",
    "notebooks",
    "lessons",
)
SHARED = {
    "Dependencies": "what one handler, route or mode needs; no module imports two of them by this name",
    "Settings": "the environment variables of one entry point, read where it starts",
}
"""Names that several classes have on purpose, and why nobody confuses them."""


def places_by_name(texts: Mapping[str, str]) -> dict[str, list[str]]:
    """Where each class at the top level of a module is declared, by its name; private classes stay in their module."""
    places: dict[str, list[str]] = {}
    for name, text in texts.items():
        for node in ast.parse(text).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places.setdefault(node.name, []).append(name)
    return places


def clashes(places: Mapping[str, list[str]], shared: Iterable[str] = ()) -> dict[str, list[str]]:
    """The names that more than one class has, but for the shared ones."""
    return {name: files for name, files in places.items() if len(files) > 1 and name not in shared}


def sources(root: Path) -> dict[str, str]:
    files = [file for folder in FOLDERS for file in sorted((root / folder).rglob("*.py"))]
    return {str(file.relative_to(root)): file.read_text(encoding="utf-8") for file in files}


def test_no_two_classes_share_a_name(root: Path) -> None:
    assert clashes(places_by_name(sources(root)), SHARED) == {}


def test_a_name_is_called_shared_only_while_it_is(root: Path) -> None:
    assert clashes(places_by_name(sources(root))).keys() == SHARED.keys()


def test_a_clash_is_seen() -> None:
    texts = {"a.py": "class Job: ...\nclass _Own: ...", "b.py": "class Job: ...\nclass _Own: ...\nclass Task: ..."}
    assert clashes(places_by_name(texts)) == {"Job": ["a.py", "b.py"]}
    assert clashes(places_by_name(texts), {"Job"}) == {}
