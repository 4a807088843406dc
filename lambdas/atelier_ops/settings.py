"""A handler's settings, read once from its environment: each field of its ``Settings`` is the variable of the same name in capitals."""

import os
from collections.abc import Mapping
from dataclasses import fields
from typing import Any, TypeVar, get_type_hints

from contracts.errors import InvalidInputError

Settings = TypeVar("Settings")


def read_settings(cls: type[Settings], environment: Mapping[str, str] | None = None) -> Settings:
    """Fill the dataclass ``cls`` (fields of ``str``, ``int`` or ``tuple[str, ...]``, the last comma-separated).

    Raises InvalidInputError naming the variable that is missing, empty or not a number.
    """
    source = os.environ if environment is None else environment
    kinds = get_type_hints(cls)
    names = [field.name for field in fields(cls)]  # type: ignore[arg-type]
    return cls(**{name: _read(name.upper(), kinds[name], source) for name in names})


def _read(variable: str, kind: Any, source: Mapping[str, str]) -> Any:
    value = source.get(variable, "").strip()
    if not value:
        raise InvalidInputError(f"environment variable {variable}", got=source.get(variable), allowed="a value")
    if kind is int:
        return _integer(variable, value)
    if kind is str:
        return value
    return tuple(part.strip() for part in value.split(",") if part.strip())


def _integer(variable: str, value: str) -> int:
    try:
        return int(value)
    except ValueError as error:
        raise InvalidInputError(f"environment variable {variable}", got=value, allowed="a whole number") from error
