"""Which AWS operations a handler can reach: its code is followed from function to function, by the types that it declares.

A receiver whose type is not declared is followed nowhere. Functions that are handed on as values count as called.
"""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from infra.gate.services import operations
from infra.gate.sources import HANDLERS, Module, Sources

CLIENT = "client"
"""The function of ``gateways/aws.py`` that makes a client of the service that it is given."""

MANAGED: Mapping[str, tuple[str, ...]] = {
    "copy": ("GetObject", "HeadObject", "PutObject", "CreateMultipartUpload", "AbortMultipartUpload"),
    "upload_fileobj": ("PutObject", "CreateMultipartUpload", "AbortMultipartUpload"),
}
"""boto3's own methods of an S3 client, and the operations that they may call."""

_DONE = (ast.Expr, ast.For, ast.If, ast.With)
"""What a module does when it is imported, besides defining names."""

Symbol = tuple[str, str]
"""A module's name and what is called so in it; ``Class.method`` for a method."""


@dataclass(frozen=True, kw_only=True)
class Call:
    """One call of a boto3 client: ``operation`` as the service's model names it."""

    service: str
    operation: str
    module: Module
    node: ast.expr


@dataclass(kw_only=True)
class Calls:
    """What each handler reaches."""

    sources: Sources
    _names: dict[str, dict[str, Symbol]] = field(default_factory=dict)
    _uses: dict[Symbol, list[Symbol]] = field(default_factory=dict)
    _of: dict[str, list[Call]] = field(default_factory=dict)

    def of(self, handler: str) -> list[Call]:
        """The calls that a handler can make."""
        if handler not in self._of:
            self._of[handler] = self._found(handler)
        return self._of[handler]

    def _found(self, handler: str) -> list[Call]:
        reached = self._reached((f"{HANDLERS}{handler}", "handler"))
        words = self._words(reached)
        return [call for symbol in reached for call in self._made(symbol, words.get(symbol[0], set()))]

    @cached_property
    def _definitions(self) -> Mapping[Symbol, ast.AST]:
        """Every function, class, method and constant."""
        found: dict[Symbol, ast.AST] = {}
        for name, module in self.sources.modules.items():
            found[(name, "")] = ast.Module(body=[n for n in module.tree.body if isinstance(n, _DONE)], type_ignores=[])
            for node in module.tree.body:
                found |= {(name, key): value for key, value in _defined(node)}
        return found

    def _reached(self, start: Symbol) -> list[Symbol]:
        known, waiting = dict.fromkeys([start]), [start]
        while waiting:
            name = waiting.pop()
            if name not in self._uses:
                self._uses[name] = list(self._used(name))
            for symbol in self._uses[name]:
                if symbol not in known:
                    known[symbol] = None
                    waiting.append(symbol)
        return list(known)

    def _used(self, symbol: Symbol) -> Iterator[Symbol]:
        """The definitions that one definition's code names, and what its module does when it is imported."""
        node = self._definitions[symbol]
        if ".gateways." not in symbol[0]:
            yield symbol[0], ""
        if isinstance(node, ast.ClassDef):
            yield from self._members(symbol, node)
            return
        types = self._types(symbol, node)
        for inner in ast.walk(node):
            if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Load):
                found = self._named(symbol[0], inner.id)
                if found and inner.id not in types:
                    yield found
            elif isinstance(inner, ast.Attribute):
                found = self._attribute(symbol[0], inner, types)
                if found:
                    yield found

    def _attribute(self, module: str, node: ast.Attribute, types: Mapping[str, Symbol]) -> Symbol | None:
        """The method of a value, or what lies in a module, that ``value.name`` means."""
        owner = self._type(module, node.value, types)
        if owner:
            return self._member(owner, node.attr)
        if isinstance(node.value, ast.Name):
            found = (".".join(self._imports(module).get(node.value.id, ())), node.attr)
            return found if found in self._definitions else None
        return None

    def _members(self, symbol: Symbol, node: ast.ClassDef) -> Iterator[Symbol]:
        """A class that is used: all its methods; of a gateway only how it is made, for its calls are followed one by one."""
        gateway = ".gateways." in symbol[0]
        for inner in node.body:
            if isinstance(inner, ast.FunctionDef) and (not gateway or inner.name == "__init__"):
                yield symbol[0], f"{symbol[1]}.{inner.name}"
        for base in node.bases:
            found = self._named(symbol[0], ast.unparse(base))
            if found:
                yield found

    def _named(self, module: str, name: str) -> Symbol | None:
        """What a name means in a module: something of its own, or what it imports."""
        symbol = self._imports(module).get(name, (module, name))
        return symbol if symbol in self._definitions else None

    def _imports(self, module: str) -> Mapping[str, Symbol]:
        if module not in self._names:
            imported = (n for n in ast.walk(self.sources.modules[module].tree) if isinstance(n, ast.ImportFrom))
            self._names[module] = {
                alias.asname or alias.name: (str(node.module), alias.name) for node in imported for alias in node.names
            }
        return self._names[module]

    def _types(self, symbol: Symbol, node: ast.AST) -> dict[str, Symbol]:
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
                self._note(types, name.id, self._type(module, value, types))

    @staticmethod
    def _note(types: dict[str, Symbol], name: str, kind: Symbol | None) -> None:
        if kind:
            types[name] = kind

    def _type(self, module: str, node: ast.AST, types: Mapping[str, Symbol]) -> Symbol | None:
        """The class of an expression's value, where it is known."""
        if isinstance(node, ast.Name):
            return types.get(node.id)
        if isinstance(node, ast.IfExp):
            return self._type(module, node.body, types) or self._type(module, node.orelse, types)
        if isinstance(node, ast.Attribute):
            owner = self._type(module, node.value, types)
            return self._field(owner, node.attr) if owner else None
        if isinstance(node, ast.Call):
            return self._returned(module, node.func, types)
        return None

    def _returned(self, module: str, function: ast.expr, types: Mapping[str, Symbol]) -> Symbol | None:
        if isinstance(function, ast.Name):
            symbol = self._named(module, function.id)
        elif isinstance(function, ast.Attribute):
            owner = self._type(module, function.value, types) or self._class(module, function.value)
            symbol = self._member(owner, function.attr) if owner else None
        else:
            symbol = None
        node = self._definitions.get(symbol) if symbol else None
        if isinstance(node, ast.ClassDef):
            return symbol
        returns = node.returns if isinstance(node, ast.FunctionDef) else None
        return self._annotated(symbol[0], returns) if symbol and returns is not None else None

    def _class(self, module: str, node: ast.expr) -> Symbol | None:
        symbol = self._named(module, node.id) if isinstance(node, ast.Name) else None
        return symbol if symbol and isinstance(self._definitions[symbol], ast.ClassDef) else None

    def _field(self, owner: Symbol, name: str) -> Symbol | None:
        """The class of an attribute: of a declared field, a property's value, or what ``__init__`` keeps of its parameters."""
        for symbol in self._line(owner):
            node = self._definitions[symbol]
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
        types = self._types((symbol[0], f"{symbol[1]}.__init__"), init)
        assigned = (node for node in ast.walk(init) if isinstance(node, ast.Assign))
        values = (node.value for node in assigned if ast.unparse(node.targets[0]) == f"self.{name}")
        return next((kind for kind in (self._type(symbol[0], value, types) for value in values) if kind), None)

    def _member(self, owner: Symbol, name: str) -> Symbol | None:
        found = ((module, f"{class_name}.{name}") for module, class_name in self._line(owner))
        return next((symbol for symbol in found if symbol in self._definitions), None)

    def _line(self, owner: Symbol) -> Iterator[Symbol]:
        """A class and its bases, as far as they are ours."""
        node = self._definitions.get(owner)
        if isinstance(node, ast.ClassDef):
            yield owner
            for base in node.bases:
                found = self._named(owner[0], ast.unparse(base))
                if found:
                    yield from self._line(found)

    def _annotated(self, module: str, node: ast.expr) -> Symbol | None:
        """The class of ours that an annotation names: ``Records``, ``Records | None``, ``Sequence[Records]``."""
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            node = ast.parse(node.value, mode="eval").body
        names = (inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name))
        found = (self._named(module, name) for name in names)
        return next((s for s in found if s and isinstance(self._definitions[s], ast.ClassDef)), None)

    def _words(self, reached: list[Symbol]) -> dict[str, set[str]]:
        """By module, the texts in its reached functions: a method's name may be handed on as one."""
        words: dict[str, set[str]] = {}
        for symbol in reached:
            node = self._definitions[symbol]
            if isinstance(node, ast.FunctionDef):
                texts = (inner.value for inner in ast.walk(node) if isinstance(inner, ast.Constant))
                words.setdefault(symbol[0], set()).update(text for text in texts if isinstance(text, str))
        return words

    def _made(self, symbol: Symbol, words: set[str]) -> Iterator[Call]:
        """The calls in one function's own code."""
        node = self._definitions[symbol]
        if isinstance(node, ast.FunctionDef):
            module = self.sources.modules[symbol[0]]
            for inner in ast.walk(node):
                for service, operation in _operations(inner, words):
                    assert isinstance(inner, ast.expr)
                    yield Call(service=service, operation=operation, module=module, node=inner)


def _defined(node: ast.stmt) -> Iterator[tuple[str, ast.AST]]:
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        yield node.name, node
    if isinstance(node, ast.ClassDef):
        yield from ((f"{node.name}.{each.name}", each) for each in node.body if isinstance(each, ast.FunctionDef))
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    yield from ((target.id, node) for target in targets if isinstance(target, ast.Name))


def _operations(node: ast.AST, words: set[str]) -> Iterator[tuple[str, str]]:
    """The operations that an expression calls: ``client("s3").put_object``, or ``getattr(client("s3"), name)`` of a known name."""
    if isinstance(node, ast.Attribute):
        service = _client(node.value)
        methods = operations(service) if service else {}
        if node.attr in methods:
            yield service, methods[node.attr]
        elif service == "s3" and node.attr in MANAGED:
            yield from ((service, operation) for operation in MANAGED[node.attr])
        elif node.attr in ("get_paginator", "generate_presigned_url", "get_waiter"):
            yield from ((service, methods[word]) for word in sorted(words & set(methods)))
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "getattr" and node.args:
        service = _client(node.args[0])
        methods = operations(service) if service else {}
        yield from ((service, methods[word]) for word in sorted(words & set(methods)))


def _client(node: ast.AST) -> str:
    """The service of ``client("s3")``; empty for anything else."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == CLIENT and node.args:
        first = node.args[0]
        return str(first.value) if isinstance(first, ast.Constant) else ""
    return ""


def calls(sources: Sources) -> Calls:
    """The calls of these sources; known already where they were asked about last."""
    key = tuple(sorted((name, id(module.tree)) for name, module in sources.modules.items()))
    if key not in _ANSWERED:
        _ANSWERED.clear()
        _ANSWERED[key] = Calls(sources=sources)
    return _ANSWERED[key]


_ANSWERED: dict[tuple[tuple[str, int], ...], Calls] = {}
