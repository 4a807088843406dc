"""Requests against botocore's models, more than its own validator looks at: enumerations, patterns and upper bounds too."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape

from infra.gate.values import Unknown

_TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "long": (int,),
    "float": (int, float),
    "double": (int, float),
    "boolean": (bool,),
    "timestamp": (str, int, float),
}


def problems(value: Any, shape: Shape, path: str = "") -> Iterator[str]:
    """What is wrong with a request or a part of it. ``Unknown`` values and blobs are passed over."""
    if isinstance(value, Unknown) or shape.type_name == "blob":
        return
    where = path or shape.name
    if isinstance(shape, StructureShape):
        yield from _structure(value, shape, where)
    elif isinstance(shape, ListShape):
        yield from _list(value, shape, where)
    elif isinstance(shape, MapShape):
        yield from _map(value, shape, where)
    else:
        yield from _scalar(value, shape, where)


def _structure(value: Any, shape: StructureShape, path: str) -> Iterator[str]:
    if not isinstance(value, Mapping):
        yield f"{path}: got {value!r}; allowed: an object"
        return
    for name in sorted(set(value) - set(shape.members)):
        yield f"{path}: got {name}; allowed: {', '.join(sorted(shape.members))}"
    for name in shape.required_members:
        if name not in value:
            yield f"{path}: {name} is missing, which the service requires"
    for name, member in value.items():
        if name in shape.members:
            yield from problems(member, shape.members[name], f"{path}.{name}")


def _list(value: Any, shape: ListShape, path: str) -> Iterator[str]:
    if not isinstance(value, list):
        yield f"{path}: got {value!r}; allowed: a list"
        return
    yield from _bounded(len(value), shape, path, "entries")
    for index, item in enumerate(value):
        yield from problems(item, shape.member, f"{path}[{index}]")


def _map(value: Any, shape: MapShape, path: str) -> Iterator[str]:
    if not isinstance(value, Mapping):
        yield f"{path}: got {value!r}; allowed: an object"
        return
    yield from _bounded(len(value), shape, path, "entries")
    for key, item in value.items():
        yield from problems(key, shape.key, f"{path} key")
        yield from problems(item, shape.value, f"{path}.{key}")


def _scalar(value: Any, shape: Shape, path: str) -> Iterator[str]:
    wanted = _TYPES.get(shape.type_name, (object,))
    if not isinstance(value, wanted) or (isinstance(value, bool) and bool not in wanted):
        yield f"{path}: got {value!r}; allowed: {shape.type_name}"
    elif isinstance(value, str):
        yield from _text(value, shape, path)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield from _bounded(value, shape, path, "")


def _text(value: str, shape: Shape, path: str) -> Iterator[str]:
    choices = shape.metadata.get("enum", [])
    if choices and value not in choices:
        some = " | ".join(choices[:12]) + (" | …" if len(choices) > 12 else "")
        yield f"{path}: got {value!r}; allowed: {some}"
    yield from _bounded(len(value), shape, path, "characters")
    pattern = shape.metadata.get("pattern")
    if pattern and not _matches(pattern, value):
        yield f"{path}: got {value!r}; allowed: {pattern}"


def _matches(pattern: str, value: str) -> bool:
    """AWS writes Java's patterns; one that Python cannot read decides nothing."""
    try:
        return (
            re.fullmatch(pattern.replace(r"\p{L}", "A-Za-z").replace(r"\p{N}", "0-9").replace(r"\p{Z}", r"\s"), value)
            is not None
        )
    except re.error:
        return True


def _bounded(value: float, shape: Shape, path: str, unit: str) -> Iterator[str]:
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    if (low is not None and value < low) or (high is not None and value > high):
        bounds = " ".join(
            [*([f"at least {low}"] if low is not None else []), *([f"at most {high}"] if high is not None else [])]
        )
        yield f"{path}: got {value} {unit}".rstrip() + f"; allowed: {bounds}"
