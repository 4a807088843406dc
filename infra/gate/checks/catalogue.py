"""Base models of hubs are pinned to a commit, and the architecture page knows every handler."""

import ast
import re
from collections.abc import Iterator

from infra.gate.assembly import Assembly
from infra.gate.finding import Finding
from infra.gate.functions import handlers
from infra.gate.sources import Sources

_NAME = "catalogue"
_CATALOGUE = "models/catalogue.py"
_PAGE = "docs/architecture.md"
_COMMIT = re.compile(r"[0-9a-f]{40}")
_ROW = re.compile(r"^\| `([a-z_]+)` \|", re.MULTILINE)


def check(assembly: Assembly, sources: Sources) -> Iterator[Finding]:
    """See the module."""
    file = sources.root / _CATALOGUE
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))) if file.exists() else []:
        if isinstance(node, ast.Call) and "HubSource" in ast.unparse(node):
            for keyword in node.keywords:
                value = keyword.value.value if isinstance(keyword.value, ast.Constant) else None
                if keyword.arg == "revision" and isinstance(value, str) and not _COMMIT.fullmatch(value):
                    place, wrong = (
                        f"{_CATALOGUE}:{node.lineno}",
                        f"revision {value} is no commit: what it means may change",
                    )
                    yield Finding(place=place, check=_NAME, wrong=wrong, remedy="Pin the commit that was tested")
    page = sources.root / _PAGE
    named = set(_ROW.findall(page.read_text(encoding="utf-8"))) if page.exists() else set()
    for name in sorted(set(handlers(assembly)) - named) if named else []:
        yield Finding(place=_PAGE, check=_NAME, wrong=f"it does not name the handler {name}", remedy="Write its row")
