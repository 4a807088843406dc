"""The words of a job's command line: what Prepare writes is what the image's parser takes, and what it requires is written."""

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from infra.gate.assembly import Assembly
from infra.gate.finding import Finding
from infra.gate.sources import Module, Sources

_NAME = "job arguments"
_PARSER = "training/atelier_training/arguments.py"
_WRITERS = ("atelier_ops.logic.plan", "atelier_ops.logic.pretraining")
_WORD = re.compile(r"--[a-z][a-z-]+")


def check(assembly: Assembly, sources: Sources) -> Iterator[Finding]:
    """See the module."""
    known = _known(sources.root / _PARSER)
    writers = [sources.modules[name] for name in _WRITERS if name in sources.modules]
    if not known or not writers:
        return
    written: dict[str, tuple[Module, ast.AST]] = {}
    for module in writers:
        for node in module.nodes:
            written |= dict.fromkeys(_words(node), (module, node))
    for word, (module, node) in written.items():
        if word not in known:
            wrong = f"no command of the training image takes {word}"
            yield module.finding(_NAME, node, wrong, f"It takes {', '.join(sorted(known))} ({_PARSER})")
    for word, (line, required) in known.items():
        if required and word not in written:
            wrong = f"{word} is required, and {' and '.join(module.file for module in writers)} do not write it"
            remedy = "Write it in the plan's arguments, or give it a default"
            yield Finding(place=f"{_PARSER}:{line}", check=_NAME, wrong=wrong, remedy=remedy)


def _words(node: ast.AST) -> list[str]:
    """``["--task", task]``, ``_argument("instance_prompt", words)`` and ``in_parts("--safety=", words)``."""
    if isinstance(node, ast.List):
        texts = (each.value for each in node.elts if isinstance(each, ast.Constant))
        return [text for text in texts if isinstance(text, str) and _WORD.fullmatch(text)]
    if isinstance(node, ast.Call) and ast.unparse(node.func) in ("_argument", "in_parts") and node.args:
        name = getattr(node.args[0], "value", None)
        if isinstance(name, str) and _WORD.fullmatch(name.removesuffix("=")):
            return [name.removesuffix("=")]
        return [f"--{name.replace('_', '-')}"] if isinstance(name, str) else []
    return []


def _known(file: Path) -> Mapping[str, tuple[int, bool]]:
    """By word of the parser, its line and whether it is required."""
    found: dict[str, tuple[int, bool]] = {}
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))) if file.exists() else ():
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "add_argument" and node.args:
            word = getattr(node.args[0], "value", None)
            required = any(each.arg == "required" and getattr(each.value, "value", False) for each in node.keywords)
            if isinstance(word, str) and word.startswith("--"):
                found[word] = node.lineno, required
    return found
