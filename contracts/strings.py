"""Contracts that SageMaker carries as strings: ``hyperparameters.json`` holds no other values."""

import json
import re
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
        return as_text(value) if field is not None and field.annotation is str else typed(value)


def as_string(value: object) -> str:
    """A value as ``from_strings`` and ``as_text`` read it back, in characters that SageMaker carries.

    A text is itself, unless it would lose its own quotes, is ``--``, which argparse drops wherever it stands, or has control characters
    or line separators: then it is a JSON string.
    """
    text = str(value)
    if text != "--" and not _is_quoted(text) and not _UNPRINTABLE.search(text):
        return text
    return _UNPRINTABLE.sub(lambda match: f"\\u{ord(match[0]):04x}", json.dumps(text, ensure_ascii=False))


def as_text(value: str) -> str:
    """The text that a string stands for. JumpStart sends texts as JSON strings, ``'"a photo"'``; what is none is the text itself."""
    with suppress(ValueError):
        return str(json.loads(value)) if _is_quoted(value) else value
    return value


_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def _is_quoted(value: str) -> bool:
    return len(value) > 1 and value.startswith('"') and value.endswith('"')


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
