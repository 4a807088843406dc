"""Settings that a process reads from its environment, once: every problem at once, by the name of the variable."""

import os
import re
from collections.abc import Mapping
from typing import Any, ClassVar, Self, get_origin

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from contracts.errors import InvalidInputError, Problem
from contracts.model import Contract, json_schema
from contracts.schema import subschema
from contracts.wording import allowed

_DIGITS = re.compile(r"-?[0-9]{1,18}")


class EnvironmentSettings(Contract):
    """Each field is the variable of the same name in capitals, or the one that ``variables`` names.

    A variable that is empty is left out. A tuple is written with commas, a number in digits, a switch as ``true`` or
    ``false``. Other variables are not looked at.
    """

    variables: ClassVar[Mapping[str, str]] = {}

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Self:
        """Read ``environment``, or this process's own. Raises InvalidInputError."""
        source = os.environ if environment is None else environment
        texts = {name: source.get(cls.variable(name), "").strip() for name in cls.model_fields}
        try:
            return cls.model_validate({name: cls._typed(name, text) for name, text in texts.items() if text})
        except ValidationError as error:
            refusals = [cls._problem(details, texts) for details in error.errors(include_url=False)]
        raise InvalidInputError.of(refusals)

    @classmethod
    def _problem(cls, details: ErrorDetails, texts: Mapping[str, str]) -> Problem:
        name = str(details["loc"][0])
        reason = details.get("ctx", {}).get("error")
        stated = reason.allowed if isinstance(reason, InvalidInputError) else ""
        declared = allowed(subschema(json_schema(cls), [name]))
        return Problem(f"environment variable {cls.variable(name)}", texts[name] or None, stated or declared)

    @classmethod
    def variable(cls, field: str) -> str:
        """The variable of a field."""
        return cls.variables.get(field, field.upper())

    @classmethod
    def _typed(cls, name: str, text: str) -> Any:
        kind = cls.model_fields[name].annotation
        if get_origin(kind) is tuple:
            return tuple(part.strip() for part in text.split(",") if part.strip())
        if kind is bool and text in ("true", "false"):
            return text == "true"
        return int(text) if kind is int and _DIGITS.fullmatch(text) else text
