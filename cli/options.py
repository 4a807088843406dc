"""Command-line options of an execution: one for each field of its contract, with the contract's own names and explanations."""

import argparse
import json
from collections.abc import Collection, Iterator
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from contracts.model import Contract

_METAVARS = {str: "TEXT", int: "INTEGER", float: "NUMBER", bool: "{true,false}"}


def add_options(parser: argparse.ArgumentParser, contract: type[Contract], *, without: Collection[str] = ()) -> None:
    """Add an option for each field of ``contract`` except those ``without``; a nested contract's field has a dotted name."""
    group = parser.add_argument_group("the execution's input", "What is left out has its default.")
    for name, field in _fields(contract):
        if name not in without:
            explanation = (field.description or "").replace("%", "%%")
            group.add_argument(f"--{name}", metavar=_metavar(field), default=argparse.SUPPRESS, help=explanation)


def read_options(arguments: argparse.Namespace, contract: type[Contract]) -> dict[str, Any]:
    """The given options as the JSON object that ``contract`` reads; the contract checks their values."""
    values: dict[str, Any] = {}
    for name, field in _fields(contract):
        if name in arguments:
            *parents, last = name.split(".")
            inner = values
            for parent in parents:
                inner = inner.setdefault(parent, {})
            inner[last] = _value(getattr(arguments, name), field)
    return values


def _fields(contract: type[Contract], prefix: str = "") -> Iterator[tuple[str, FieldInfo]]:
    for name, field in contract.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, Contract):
            yield from _fields(field.annotation, f"{prefix}{name}.")
        else:
            yield prefix + name, field


def _types(field: FieldInfo) -> tuple[Any, ...]:
    """The field's types, without None."""
    union = get_origin(field.annotation) in (Union, UnionType)
    return tuple(
        kind for kind in (get_args(field.annotation) if union else (field.annotation,)) if kind is not type(None)
    )


def _metavar(field: FieldInfo) -> str:
    kind, *others = _types(field)
    if get_origin(kind) is Literal:
        return "{" + ",".join(map(str, get_args(kind))) + "}"
    return "JSON" if others else _METAVARS.get(kind, "JSON")


def _value(text: str, field: FieldInfo) -> Any:
    """A text's JSON value, unless the field is a text; what is no JSON stays a text, which the contract refuses by the field's name."""
    if any(kind is str or get_origin(kind) is Literal for kind in _types(field)):
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text
