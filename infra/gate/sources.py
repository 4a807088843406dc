"""The sources behind the templates, as syntax trees: the handlers of the Lambdas and what they import of ours."""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

from infra.gate.finding import Finding

_ROOTS = {"atelier_ops": "lambdas/atelier_ops", "contracts": "contracts"}
_SERVER = {"atelier_inference": "inference/atelier_inference"}
HANDLERS = "atelier_ops.handlers."


@dataclass(frozen=True, kw_only=True)
class Module:
    """One Python file: ``name`` as it is imported, ``file`` relative to the repository."""

    name: str
    file: str
    tree: ast.Module

    @property
    def nodes(self) -> tuple[ast.AST, ...]:
        """Every node of the tree, in the order of ``ast.walk``, however many checks look at them walked once."""
        return _nodes(self.tree)

    def finding(self, check: str, node: ast.AST, wrong: str, remedy: str) -> Finding:
        """What is wrong at a node of this file."""
        return Finding(place=f"{self.file}:{getattr(node, 'lineno', 1)}", check=check, wrong=wrong, remedy=remedy)


@dataclass(frozen=True, kw_only=True)
class Sources:
    """``modules`` by dotted name. ``root`` is where everything else of the repository can be read."""

    root: Path
    modules: Mapping[str, Module]

    @classmethod
    def below(cls, root: Path) -> "Sources":
        """Read the files as they are now. A file that is no Python is left out: the linters name it."""
        return cls(root=root, modules={module.name: module for module in _modules(root, _ROOTS)})

    @cached_property
    def server(self) -> Mapping[str, Module]:
        """The modules of the model server, by dotted name."""
        return {module.name: module for module in _modules(self.root, _SERVER)}

    @property
    def handlers(self) -> Mapping[str, Module]:
        """The modules of the handlers, by the handler's name."""
        return {
            name.removeprefix(HANDLERS): module for name, module in self.modules.items() if name.startswith(HANDLERS)
        }


@cache
def spelt(node: ast.AST) -> str:
    """A node of a module's tree as source text, such as ``os.environ``; several checks ask about the same nodes."""
    return ast.unparse(node)


def _modules(root: Path, roots: Mapping[str, str]) -> Iterator[Module]:
    for package, folder in roots.items():
        for path in sorted((root / folder).rglob("*.py")):
            inner = path.relative_to(root / folder).with_suffix("").parts
            name = ".".join((package, *inner)).removesuffix(".__init__")
            tree = _parsed(path.read_text(encoding="utf-8"))
            if tree is not None:
                yield Module(name=name, file=str(path.relative_to(root)), tree=tree)


@cache
def _parsed(text: str) -> ast.Module | None:
    """By text: another variant of the sources shares the trees of the files that are the same."""
    try:
        return ast.parse(text)
    except SyntaxError:
        return None


@cache
def _nodes(tree: ast.Module) -> tuple[ast.AST, ...]:
    return tuple(ast.walk(tree))
