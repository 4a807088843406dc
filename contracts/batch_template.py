"""What a row is painted with: a prediction's input in whose texts {column} is the row's value."""

import json
import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from contracts.batches import Row
from contracts.errors import InvalidInputError
from contracts.model import json_schema
from contracts.prediction import PredictionInput

_PART = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")
_TEXT = "string"


def fill_input(template: Mapping[str, Any], row: Row) -> dict[str, Any]:
    """The input of a row. A number may be a text in the list; an empty value leaves a field out. Raises InvalidInputError."""
    return {
        name: _typed(PredictionInput.aliases.get(name, name), fill(f"input.{name}", value, row))
        for name, value in template.items()
    }


def fill(where: str, template: Any, row: Row) -> Any:
    """A text with the row's values, or the value itself where the text is nothing but a column. Raises InvalidInputError."""
    if not isinstance(template, str):
        return template
    whole = _PART.fullmatch(template)
    if whole and whole[1] is not None:
        return _value(where, whole[1], row)

    def put(found: re.Match[str]) -> str:
        if found[1] is not None:
            value = _value(where, found[1], row)
            return "" if value is None else str(value)
        if len(found[0]) == 1:
            raise InvalidInputError(where, got=template, allowed="{column}, or {{ and }} for braces")
        return found[0][0]

    return _PART.sub(put, template)


def _value(where: str, column: str, row: Row) -> Any:
    if column.strip() not in row:
        raise InvalidInputError(where, got=f"{{{column}}}", allowed=f"a column: {', '.join(row) or 'there is none'}")
    return row[column.strip()]


def _typed(field: str, value: Any) -> Any:
    """The value as the field's type, where a list can hold it only as a text, or as a number."""
    kind = _kinds().get(field, _TEXT)
    if not isinstance(value, str):
        return json.dumps(value) if kind == _TEXT and isinstance(value, int | float) else value
    if kind == _TEXT:
        return value
    try:
        return json.loads(value.lower()) if value else None
    except ValueError:
        return value


@cache
def _kinds() -> Mapping[str, str]:
    """The JSON type of each field."""
    properties = json_schema(PredictionInput)["properties"]
    return {name: str(declared.get("type", _TEXT)) for name, declared in properties.items()}
