"""Reads the worked examples of docs/extending.md and carries them out in a copy of the project.

A section is ``## Add …``. In it, a fence with ``title="path"`` is a change of that file: of a whole new file, or, as ``diff``, of the one
place where its unchanged and removed lines stand. A line ``Tests: `path` …`` names what must pass afterwards.
"""

import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_FENCE = re.compile(r'^```(?P<kind>\w+) title="(?P<path>[^"]+)"\n(?P<text>.*?)^```$', re.MULTILINE | re.DOTALL)
_NOT_PRODUCTION = ("tests/", "docs/")


@dataclass(frozen=True, kw_only=True)
class Change:
    """One file's change; ``kind`` is ``diff`` or the language of a new file."""

    path: str
    kind: str
    text: str

    def make(self, root: Path) -> None:
        """Carry it out below ``root``. Raises ValueError where the file is not as the example says."""
        path = root / self.path
        if self.kind != "diff":
            if path.exists():
                raise ValueError(f"{self.path}: got a file; allowed: none, because the example makes it")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(self.text, encoding="utf-8")
            return
        lines = self.text.splitlines(keepends=True)
        before = "".join(line[1:] for line in lines if line[0] in " -")
        after = "".join(line[1:] for line in lines if line[0] in " +")
        content = path.read_text(encoding="utf-8")
        if content.count(before) != 1:
            raise ValueError(f"{self.path}: got {content.count(before)} places like\n{before}allowed: exactly one")
        path.write_text(content.replace(before, after), encoding="utf-8")


@dataclass(frozen=True, kw_only=True)
class Example:
    """One worked example: what is added, by which changes, and the tests that then pass."""

    name: str
    changes: tuple[Change, ...]
    tests: tuple[str, ...]

    @property
    def production_files(self) -> set[str]:
        """The files that a person touches, tests and docs not counted."""
        return {change.path for change in self.changes if not change.path.startswith(_NOT_PRODUCTION)}


def read_examples(page: Path) -> list[Example]:
    """The examples of a page, in its order."""
    return list(_examples(page.read_text(encoding="utf-8")))


def copy_project(root: Path, to: Path) -> None:
    """Copy what git tracks, as it is in the working tree."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True, text=True, check=True).stdout
    for name in filter(None, listed.split("\0")):
        target = to / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(root / name, target)
    # The installed packages and the Lambdas' layer lie here.
    (to / ".venv").symlink_to(root / ".venv")


def _examples(text: str) -> Iterator[Example]:
    for section in re.split(r"^## ", text, flags=re.MULTILINE)[1:]:
        fences = _FENCE.finditer(section)
        changes = tuple(Change(path=m["path"], kind=m["kind"], text=m["text"]) for m in fences)
        tests = re.search(r"^Tests: (.*)$", section, re.MULTILINE)
        if changes:
            named = tuple(re.findall(r"`([^`]+)`", tests[1])) if tests else ()
            yield Example(name=section.partition("\n")[0], changes=changes, tests=named)
