"""Whether settings are of the kinds that their classes declare: a text of digits is no number, and a text no list of names."""

from collections.abc import Mapping
from dataclasses import fields
from functools import cache
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from infra.settings.validation import check


def check_kinds(settings: Any, part: str) -> None:
    """Raises ValueError for the first field, called ``part.field``, whose value is of no kind that its class declares."""
    kind: Any = type(settings)
    hints = _hints(kind)
    for field in fields(settings):
        value = getattr(settings, field.name)
        check(_is(value, hints[field.name]), f"{part}.{field.name}", got=value, allowed=_said(hints[field.name]))


@cache
def _hints(kind: Any) -> dict[str, Any]:
    return get_type_hints(kind)


def _is(value: object, kind: Any) -> bool:
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        return any(_is(value, each) for each in inner)
    if origin is Literal:
        return value in inner
    if origin is tuple:
        if not isinstance(value, tuple):
            return False
        wanted = inner[:1] * len(value) if inner[1:] == (...,) else inner
        return len(value) == len(wanted) and all(_is(each, part) for each, part in zip(value, wanted, strict=True))
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return isinstance(value, Mapping) and all(_is(k, inner[0]) and _is(v, inner[1]) for k, v in value.items())
    if kind is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    return isinstance(value, kind) and (kind is not int or not isinstance(value, bool))


_WORDS = {int: "a whole number", float: "a number", str: "a text", bool: "True or False", NoneType: "None"}


def _said(kind: Any) -> str:
    """A kind in words, and in Python's, since that is where settings stand."""
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        return " or ".join(map(_said, inner))
    if origin is Literal:
        return " | ".join(map(repr, inner))
    if origin is tuple and inner[1:] == (...,):
        return f"a tuple, each of it {_said(inner[0])}: (…,)"
    if origin is tuple:
        return f"({', '.join(map(_said, inner))})"
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return f"a mapping of {_said(inner[0])} to {_said(inner[1])}"
    return _WORDS.get(kind, getattr(kind, "__name__", str(kind)))
