"""What the names in our sources mean: definitions across modules, and the classes that parameters, fields and answers declare."""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from infra.gate.sources import Sources

_DONE = (ast.Expr, ast.For, ast.If, ast.With)
"""What a module does when it is imported, besides defining names."""

Symbol = tuple[str, str]
"""A module's name and what is called so in it; ``Class.method`` for a method."""


@dataclass(kw_only=True)
class Declarations:
    """A receiver whose type is not declared has none."""

    sources: Sources
    _names: dict[str, dict[str, Symbol]] = field(default_factory=dict)

    @cached_property
    def definitions(self) -> Mapping[Symbol, ast.AST]:
        """Every function, class, method and constant."""
        found: dict[Symbol, ast.AST] = {}
        for name, module in self.sources.modules.items():
            found[(name, "")] = ast.Module(body=[n for n in module.tree.body if isinstance(n, _DONE)], type_ignores=[])
            for node in module.tree.body:
                found |= {(name, key): value for key, value in _defined(node)}
        return found

    def named(self, module: str, name: str) -> Symbol | None:
        """What a name means in a module: something of its own, or what it imports."""
        symbol = self.imports(module).get(name, (module, name))
        return symbol if symbol in self.definitions else None

    def imports(self, module: str) -> Mapping[str, Symbol]:
        if module not in self._names:
            imported = (n for n in self.sources.modules[module].nodes if isinstance(n, ast.ImportFrom))
            self._names[module] = {
                alias.asname or alias.name: (str(node.module), alias.name) for node in imported for alias in node.names
            }
        return self._names[module]

    def types(self, symbol: Symbol, node: ast.AST) -> dict[str, Symbol]:
        """The classes of parameters and local names, where they are declared or made in place."""
        module, types = symbol[0], dict[str, Symbol]()
        owner, _, method = symbol[1].partition(".")
        if method:
            types["self"] = (module, owner)
        for inner in ast.walk(node):
            if isinstance(inner, ast.arg) and inner.annotation is not None:
                self._note(types, inner.arg, self._annotated(module, inner.annotation))
            elif isinstance(inner, ast.AnnAssign) and isinstance(inner.target, ast.Name):
                self._note(types, inner.target.id, self._annotated(module, inner.annotation))
            elif isinstance(inner, ast.Assign):
                self._note_assigned(module, types, inner)
        return types

    def _note_assigned(self, module: str, types: dict[str, Symbol], node: ast.Assign) -> None:
        target = node.targets[0]
        pairs = [(target, node.value)]
        if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
            pairs = list(zip(target.elts, node.value.elts, strict=False))
        for name, value in pairs:
            if isinstance(name, ast.Name):
                self._note(types, name.id, self.type(module, value, types))

    @staticmethod
    def _note(types: dict[str, Symbol], name: str, kind: Symbol | None) -> None:
        if kind:
            types[name] = kind

    def type(self, module: str, node: ast.AST, types: Mapping[str, Symbol]) -> Symbol | None:
        """The class of an expression's value, where it is known."""
        if isinstance(node, ast.Name):
            return types.get(node.id)
        if isinstance(node, ast.IfExp):
            return self.type(module, node.body, types) or self.type(module, node.orelse, types)
        if isinstance(node, ast.Attribute):
            owner = self.type(module, node.value, types)
            return self._field(owner, node.attr) if owner else None
        if isinstance(node, ast.Call):
            return self._returned(module, node.func, types)
        return None

    def _returned(self, module: str, function: ast.expr, types: Mapping[str, Symbol]) -> Symbol | None:
        if isinstance(function, ast.Name):
            symbol = self.named(module, function.id)
        elif isinstance(function, ast.Attribute):
            owner = self.type(module, function.value, types) or self._class(module, function.value)
            symbol = self.member(owner, function.attr) if owner else None
        else:
            symbol = None
        node = self.definitions.get(symbol) if symbol else None
        if isinstance(node, ast.ClassDef):
            return symbol
        returns = node.returns if isinstance(node, ast.FunctionDef) else None
        return self._annotated(symbol[0], returns) if symbol and returns is not None else None

    def _class(self, module: str, node: ast.expr) -> Symbol | None:
        symbol = self.named(module, node.id) if isinstance(node, ast.Name) else None
        return symbol if symbol and isinstance(self.definitions[symbol], ast.ClassDef) else None

    def _field(self, owner: Symbol, name: str) -> Symbol | None:
        """The class of an attribute: of a declared field, a property's value, or what ``__init__`` keeps of its parameters."""
        for symbol in self._line(owner):
            node = self.definitions[symbol]
            for inner in node.body if isinstance(node, ast.ClassDef) else ():
                if isinstance(inner, ast.AnnAssign) and ast.unparse(inner.target) == name:
                    return self._annotated(symbol[0], inner.annotation)
                if isinstance(inner, ast.FunctionDef) and inner.name == name and inner.returns is not None:
                    return self._annotated(symbol[0], inner.returns)
                if isinstance(inner, ast.FunctionDef) and inner.name == "__init__":
                    kept = self._kept(symbol, inner, name)
                    if kept:
                        return kept
        return None

    def _kept(self, symbol: Symbol, init: ast.FunctionDef, name: str) -> Symbol | None:
        types = self.types((symbol[0], f"{symbol[1]}.__init__"), init)
        assigned = (node for node in ast.walk(init) if isinstance(node, ast.Assign))
        values = (node.value for node in assigned if ast.unparse(node.targets[0]) == f"self.{name}")
        return next((kind for kind in (self.type(symbol[0], value, types) for value in values) if kind), None)

    def member(self, owner: Symbol, name: str) -> Symbol | None:
        found = ((module, f"{class_name}.{name}") for module, class_name in self._line(owner))
        return next((symbol for symbol in found if symbol in self.definitions), None)

    def _line(self, owner: Symbol) -> Iterator[Symbol]:
        """A class and its bases, as far as they are ours."""
        node = self.definitions.get(owner)
        if isinstance(node, ast.ClassDef):
            yield owner
            for base in node.bases:
                found = self.named(owner[0], ast.unparse(base))
                if found:
                    yield from self._line(found)

    def _annotated(self, module: str, node: ast.expr) -> Symbol | None:
        """The class of ours that an annotation names: ``Records``, ``Records | None``, ``Sequence[Records]``."""
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            node = ast.parse(node.value, mode="eval").body
        names = (inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name))
        found = (self.named(module, name) for name in names)
        return next((s for s in found if s and isinstance(self.definitions[s], ast.ClassDef)), None)


def _defined(node: ast.stmt) -> Iterator[tuple[str, ast.AST]]:
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        yield node.name, node
    if isinstance(node, ast.ClassDef):
        yield from ((f"{node.name}.{each.name}", each) for each in node.body if isinstance(each, ast.FunctionDef))
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    yield from ((target.id, node) for target in targets if isinstance(target, ast.Name))
