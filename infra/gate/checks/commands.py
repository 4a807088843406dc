"""Commands that are written down can be run: make targets that README and docs name, what targets need and run. Locks agree."""

import json
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
_PINNED = re.compile(r"^([A-Za-z0-9_.-]+)(?:\[[^\]]*\])?==([^\s;]+)", re.MULTILINE)
_QUOTED = re.compile(r'"([A-Za-z0-9_.-]+)(?:\[[^\]]*\])?==([^\s;"]+)"')
_LOCKED = ("lambdas", "training", "inference")
_NEEDED: Mapping[str, set[str]] = {
    "check": {"lint", "types", "templates", "test"},
    "bootstrap": {"synth"},
    "deploy": {"synth"},
    "diff": {"synth"},
    "destroy": {"synth"},
}
"""What a target does first: whoever relies on it cannot see that it is missing."""

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
    for name, needed in _NEEDED.items():
        for need in sorted(needed - set(targets.get(name, []))):
            wrong = f"{name} does not need {need}"
            yield _finding("Makefile", text, f"{name}:", wrong, f"Let it run {need} first")
    for line in re.findall(r"^\t(-.*python -m infra\.gate.*)$", text, re.MULTILINE):
        yield _finding("Makefile", text, line, "what the gate finds is passed over", "Remove the hyphen in front")
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
    """What is asked for is locked, at that version, and what runs is what the tests ran with."""
    whole = pins(root / "requirements.lock")
    for folder in _LOCKED:
        file = f"{folder}/requirements.lock"
        locked = pins(root / file)
        for name, version in locked.items():
            if name in whole and whole[name] != version:
                wrong = f"{name} is {version} here and {whole[name]} in requirements.lock, which the tests ran with"
                yield Finding(place=file, check=_NAME, wrong=wrong, remedy="Lock the same version in both")
        for name, version in pins(root / f"{folder}/requirements.txt").items():
            if locked.get(name) != version:
                wrong = f"{name} is {version} in requirements.txt and {locked.get(name, 'not')} in {file}"
                yield Finding(
                    place=file, check=_NAME, wrong=wrong, remedy="Write the same version in both, or make lock"
                )
        yield from _exact(root, file)
    yield from _exact(root, "requirements.lock")
    package = root / "package.json"
    read = json.loads(package.read_text(encoding="utf-8")) if package.exists() else {}
    for name, version in {**read.get("dependencies", {}), **read.get("devDependencies", {})}.items():
        if not re.fullmatch(r"\d+\.\d+\.\d+", version):
            wrong = f"{name} {version} is no exact version"
            yield Finding(place="package.json", check=_NAME, wrong=wrong, remedy="Write the version that the lock has")
    for name, version in pins(root / "pyproject.toml", _QUOTED).items():
        if name in whole and whole[name] != version:
            wrong = f"{name} is {version} here and {whole[name]} in requirements.lock"
            yield Finding(place="pyproject.toml", check=_NAME, wrong=wrong, remedy="Write the same version in both")


def _exact(root: Path, file: str) -> Iterator[Finding]:
    path = root / file
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines() if path.exists() else [], start=1):
        if line.strip() and not line.lstrip().startswith(("#", "-")) and "==" not in line:
            wrong = f"{line.strip()} is no exact version"
            yield Finding(place=f"{file}:{number}", check=_NAME, wrong=wrong, remedy="Lock name==version")


def pins(file: Path, pattern: re.Pattern[str] = _PINNED) -> dict[str, str]:
    """The exact versions in a lock or a list of requirements, by name."""
    found = pattern.findall(file.read_text(encoding="utf-8")) if file.exists() else []
    return {name.lower().replace("_", "-").replace(".", "-"): version for name, version in found}


def _finding(file: str, text: str, words: str, wrong: str, remedy: str) -> Finding:
    line = text[: max(text.find(words), 0)].count("\n") + 1
    return Finding(place=f"{file}:{line}", check=_NAME, wrong=wrong, remedy=remedy)
