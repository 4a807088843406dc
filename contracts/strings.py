"""Contracts that SageMaker carries as strings: ``hyperparameters.json`` holds no other values."""

import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Self

from contracts.model import Contract


class StringContract(Contract):
    """A contract whose values also travel as strings."""

    @classmethod
    def from_strings(cls, data: Mapping[str, str], *, where: str = "") -> Self:
        """Read SageMaker's string values: ``"2e-06"``, ``'"2e-06"'``, ``"True"``, ``"None"``. Raises InvalidInputError."""
        return cls.from_json({name: cls._typed(name, value) for name, value in data.items()}, where=where)

    def to_strings(self) -> dict[str, str]:
        """The same settings as SageMaker wants them: every value a string, an empty text left out."""
        return {name: as_string(value) for name, value in self.model_dump().items() if value != ""}

    @classmethod
    def _typed(cls, name: str, value: str) -> Any:
        field = cls.model_fields.get(name)
        return _unquoted(value) if field is not None and field.annotation is str else typed(value)


def as_string(value: object) -> str:
    """A value as ``from_strings`` reads it back: a text in quotes gets JumpStart's around them, or it would lose its own."""
    text = str(value)
    return json.dumps(text) if _is_quoted(text) else text


def _is_quoted(value: str) -> bool:
    return len(value) > 1 and value.startswith('"') and value.endswith('"')


def _unquoted(value: str) -> str:
    """JumpStart sends texts as JSON strings: ``'"a photo"'``; what is no JSON string is the text itself."""
    with suppress(ValueError):
        return str(json.loads(value)) if _is_quoted(value) else value
    return value


def typed(value: str) -> Any:
    """Undo JumpStart's quoting: a JSON string holding a number, Python's ``True`` and ``None``."""
    literal = {"True": True, "False": False, "None": None}
    unquoted = value.strip().strip('"')
    if unquoted in literal:
        return literal[unquoted]
    try:
        return json.loads(unquoted)
    except (ValueError, RecursionError):
        return unquoted
