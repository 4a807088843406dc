"""Commands that are written down can be run: make targets that README and docs name, what targets need and run. Locks agree."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from infra.gate.assembly import Assembly
from infra.gate.finding import Finding
from infra.gate.sources import Sources

_NAME = "commands"
_TARGET = re.compile(r"^([a-z][a-z0-9-]*):([^=#]*)", re.MULTILINE)
_MAKE = re.compile(r"(?:^ *|`|\$ |\s&&\s|: )make ([a-z][a-z-]+)", re.MULTILINE)
_MODULE = re.compile(r"python -m ([a-z_]+(?:\.[a-z_]+)*)")
_PINNED = re.compile(r"^([A-Za-z0-9_.-]+)==([^\s;]+)", re.MULTILINE)
_OTHERS = {"pip", "venv", "pytest", "mypy"}


def check(assembly: Assembly, sources: Sources) -> Iterator[Finding]:
    """See the module."""
    makefile = sources.root / "Makefile"
    if not makefile.exists():
        return
    text = makefile.read_text(encoding="utf-8")
    targets = {name: needs.split() for name, needs in _TARGET.findall(text)}
    for name, needs in targets.items():
        for need in needs:
            if re.fullmatch(r"[a-z][a-z0-9-]*", need) and need not in targets:
                yield _finding(
                    "Makefile", text, f"{name}:", f"{name} needs {need}, which is no target", "Spell it as it is"
                )
    for module in _MODULE.findall(text.replace("$(BIN)/", "")):
        if module.split(".")[0] not in _OTHERS and not _there(sources.root, module):
            yield _finding("Makefile", text, module, f"there is no module {module}", "Name one that can be run")
    yield from _written(sources.root, targets)
    yield from _locks(sources.root)


def _there(root: Path, module: str) -> bool:
    path = root.joinpath(*module.split("."))
    known = (root / module.split(".")[0]).is_dir()
    return not known or path.with_suffix(".py").exists() or (path / "__main__.py").exists()


def _written(root: Path, targets: Mapping[str, object]) -> Iterator[Finding]:
    for file in (root / "README.md", root / "CONTRIBUTING.md", *sorted((root / "docs").glob("*.md"))):
        text = file.read_text(encoding="utf-8") if file.exists() else ""
        for name in sorted(set(_MAKE.findall(text)) - set(targets)):
            wrong = f"it says make {name}, and there is no such target"
            yield _finding(str(file.relative_to(root)), text, f"make {name}", wrong, "Name a target of the Makefile")


def _locks(root: Path) -> Iterator[Finding]:
    whole = _pins(root / "requirements.lock")
    file = "lambdas/requirements.lock"
    for name, version in _pins(root / file).items():
        if name in whole and whole[name] != version:
            wrong = f"{name} is {version} here and {whole[name]} in requirements.lock, which the tests ran with"
            yield Finding(place=file, check=_NAME, wrong=wrong, remedy="Lock the same version in both")


def _pins(file: Path) -> dict[str, str]:
    found = _PINNED.findall(file.read_text(encoding="utf-8")) if file.exists() else []
    return {name.lower().replace("_", "-").replace(".", "-"): version for name, version in found}


def _finding(file: str, text: str, words: str, wrong: str, remedy: str) -> Finding:
    line = text[: max(text.find(words), 0)].count("\n") + 1
    return Finding(place=f"{file}:{line}", check=_NAME, wrong=wrong, remedy=remedy)
