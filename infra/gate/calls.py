"""Which AWS operations a handler can reach: its code is followed from function to function, by the types that it declares.

A receiver whose type is not declared is followed nowhere. Functions that are handed on as values count as called.
"""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from infra.gate.declarations import Declarations, Symbol
from infra.gate.services import operations
from infra.gate.sources import HANDLERS, Module, Sources

CLIENT = "client"
"""The function of ``gateways/aws.py`` that makes a client of the service that it is given."""

MANAGED: Mapping[str, tuple[str, ...]] = {
    "copy": ("GetObject", "HeadObject", "PutObject", "CreateMultipartUpload", "AbortMultipartUpload"),
    "upload_fileobj": ("PutObject", "CreateMultipartUpload", "AbortMultipartUpload"),
}
"""boto3's own methods of an S3 client, and the operations that they may call."""


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
    _uses: dict[Symbol, list[Symbol]] = field(default_factory=dict)
    _of: dict[str, list[Call]] = field(default_factory=dict)

    @cached_property
    def _declared(self) -> Declarations:
        return Declarations(sources=self.sources)

    def of(self, handler: str) -> list[Call]:
        """The calls that a handler can make."""
        if handler not in self._of:
            self._of[handler] = self._found(handler)
        return self._of[handler]

    def _found(self, handler: str) -> list[Call]:
        reached = self._reached((f"{HANDLERS}{handler}", "handler"))
        words = self._words(reached)
        return [call for symbol in reached for call in self._made(symbol, words.get(symbol[0], set()))]

    def _reached(self, start: Symbol) -> list[Symbol]:
        waiting = [start] if start in self._declared.definitions else []
        known = dict.fromkeys(waiting)
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
        node = self._declared.definitions[symbol]
        if ".gateways." not in symbol[0]:
            yield symbol[0], ""
        if isinstance(node, ast.ClassDef):
            yield from self._members(symbol, node)
            return
        types = self._declared.types(symbol, node)
        for inner in ast.walk(node):
            if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Load):
                found = self._declared.named(symbol[0], inner.id)
                if found and inner.id not in types:
                    yield found
            elif isinstance(inner, ast.Attribute):
                found = self._attribute(symbol[0], inner, types)
                if found:
                    yield found

    def _attribute(self, module: str, node: ast.Attribute, types: Mapping[str, Symbol]) -> Symbol | None:
        """The method of a value, or what lies in a module, that ``value.name`` means."""
        owner = self._declared.type(module, node.value, types)
        if owner:
            return self._declared.member(owner, node.attr)
        if isinstance(node.value, ast.Name):
            found = (".".join(self._declared.imports(module).get(node.value.id, ())), node.attr)
            return found if found in self._declared.definitions else None
        return None

    def _members(self, symbol: Symbol, node: ast.ClassDef) -> Iterator[Symbol]:
        """A class that is used: all its methods; of a gateway only how it is made, for its calls are followed one by one."""
        gateway = ".gateways." in symbol[0]
        for inner in node.body:
            if isinstance(inner, ast.FunctionDef) and (not gateway or inner.name == "__init__"):
                yield symbol[0], f"{symbol[1]}.{inner.name}"
        for base in node.bases:
            found = self._declared.named(symbol[0], ast.unparse(base))
            if found:
                yield found

    def _words(self, reached: list[Symbol]) -> dict[str, set[str]]:
        """By module, the texts in its reached functions: a method's name may be handed on as one."""
        words: dict[str, set[str]] = {}
        for symbol in reached:
            node = self._declared.definitions[symbol]
            if isinstance(node, ast.FunctionDef):
                texts = (inner.value for inner in ast.walk(node) if isinstance(inner, ast.Constant))
                words.setdefault(symbol[0], set()).update(text for text in texts if isinstance(text, str))
        return words

    def _made(self, symbol: Symbol, words: set[str]) -> Iterator[Call]:
        """The calls in one function's own code."""
        node = self._declared.definitions[symbol]
        if isinstance(node, ast.FunctionDef):
            module = self.sources.modules[symbol[0]]
            for inner in ast.walk(node):
                for service, operation in _operations(inner, words):
                    assert isinstance(inner, ast.expr)
                    yield Call(service=service, operation=operation, module=module, node=inner)


def _operations(node: ast.AST, words: set[str]) -> Iterator[tuple[str, str]]:
    """The operations that an expression calls: ``client("s3").put_object``, or ``getattr(client("s3"), name)`` of a known name."""
    if isinstance(node, ast.Attribute):
        service = service_of(node.value)
        methods = operations(service) if service else {}
        if node.attr in methods:
            yield service, methods[node.attr]
        elif service == "s3" and node.attr in MANAGED:
            yield from ((service, operation) for operation in MANAGED[node.attr])
        elif node.attr in ("get_paginator", "generate_presigned_url", "get_waiter"):
            yield from ((service, methods[word]) for word in sorted(words & set(methods)))
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "getattr" and node.args:
        service = service_of(node.args[0])
        methods = operations(service) if service else {}
        yield from ((service, methods[word]) for word in sorted(words & set(methods)))


def service_of(node: ast.AST) -> str:
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
