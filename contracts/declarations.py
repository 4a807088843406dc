"""How a contract declares a field: bounds, meaning and unit, inside ``Annotated``, once.

``steps: Annotated[int, bounds(1, 500, "denoising steps")] = 50`` is all there is to say about a field. Validation, the text of an
error, JSON Schema and the tables of the docs are read from it.
"""

from collections.abc import Sequence
from typing import Any

from pydantic import Field


def about(description: str, *, unit: str = "", examples: Sequence[Any] = ()) -> Any:
    """What a field is for; for choices, truth values, objects and lists, whose types already say what is allowed."""
    return Field(**_stated(description=description, examples=list(examples), json_schema_extra=_unit(unit)))


def bounds(low: float, high: float, description: str = "", *, unit: str = "", multiple_of: int | None = None) -> Any:
    """A number in ``[low, high]``; the type beside it says whether it is an integer."""
    stated = _stated(multiple_of=multiple_of, description=description, json_schema_extra=_unit(unit))
    return Field(ge=low, le=high, **stated)


def text(meaning: str, *, longest: int, pattern: str | None = None) -> Any:
    """A text of 1 to ``longest`` characters, not only spaces, that matches ``pattern`` in full; ``meaning`` is what errors call it.

    Where such a field's default is ``""``, ``""`` is the same as leaving it out.
    """
    full = rf"^(?:{pattern})$" if pattern else NOT_BLANK
    return Field(title=meaning, min_length=1, max_length=longest, pattern=full)


NOT_BLANK = r"[^\s\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]"
"""Matches a text in which something stands that is seen: neither space nor one of Unicode's marks without width."""


def listed(description: str = "") -> Any:
    """A tuple that JSON writes as a list."""
    return Field(strict=False, **_stated(description=description))


def _unit(unit: str) -> dict[str, Any]:
    return {"x-unit": unit} if unit else {}


def _stated(**attributes: Any) -> dict[str, Any]:
    """What is said; an attribute that is given, even as None, would replace what another declaration says of the same field."""
    return {name: value for name, value in attributes.items() if value}
