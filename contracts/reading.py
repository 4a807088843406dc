"""pydantic's complaints as problems: what / got / allowed, the last read from the declaration of the field."""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from pydantic_core import ErrorDetails, InitErrorDetails, PydanticCustomError, ValidationError

from contracts.errors import InvalidInputError, Problem
from contracts.schema import Schema, subschema
from contracts.wording import allowed

REFUSED = "refused"
"""The type of an error that carries its own words."""

MOST_PROBLEMS = 100
"""Problems that one error lists: an answer must stay far below the 6 MB that a Lambda may give, whatever the body."""

_LONGEST_KEY = 100
"""Characters of an unknown key that are compared with the known ones."""


def refusal(problem: Problem) -> InitErrorDetails:
    """A problem of our own as an error of pydantic's, so that it gets its place in the document."""
    reason = PydanticCustomError(REFUSED, "{allowed}", {"got": problem.got, "allowed": problem.allowed})
    return {"type": reason, "loc": tuple(problem.what.split(".")), "input": problem.got}


def line_errors(error: ValidationError) -> list[InitErrorDetails]:
    """The errors of one validation, to be raised again among others."""
    return [_again(details) for details in error.errors(include_url=False)]


def problems(error: ValidationError, schema: Schema, where: str) -> list[Problem]:
    """What ``error`` found wrong with a document of ``schema`` that is called ``where``: the first ``MOST_PROBLEMS``, and how many more."""
    errors = error.errors(include_url=False)
    found = [_problem(details, schema, where) for details in errors[:MOST_PROBLEMS]]
    more = len(errors) - len(found)
    return [*found, Problem(_path(where, ()), f"{more} more problems", "none")] if more else found


def _again(details: ErrorDetails) -> InitErrorDetails:
    kind: Any = details["type"]
    context = details.get("ctx", {})
    if kind == REFUSED:
        kind = PydanticCustomError(REFUSED, "{allowed}", context)
    return {"type": kind, "loc": details["loc"], "input": details["input"], "ctx": context}


def _problem(details: ErrorDetails, schema: Schema, where: str) -> Problem:
    place = tuple(part for part in details["loc"] if part != "[key]")
    got = details["input"]
    if details["type"] == "missing":
        present = sorted(got) if isinstance(got, Mapping) else got
        return Problem(f"{_path(where, place[:-1])}: missing key {place[-1]!r}", present, f"{place[-1]} is required")
    if details["type"] == "extra_forbidden":
        known = subschema(schema, place[:-1]).get("properties", {})
        return Problem(f"{_path(where, place[:-1])}: unknown key", place[-1], _known(str(place[-1]), known))
    declared = subschema(schema, place)
    if declared.get("contentEncoding") and isinstance(got, str):
        got = f"{len(got)} characters"
    return _stated(details, _path(where, place), got) or Problem(_path(where, place), got, allowed(declared))


def _stated(details: ErrorDetails, path: str, got: object) -> Problem | None:
    """The problem in the words of the check that found it, where it has words of its own."""
    context = details.get("ctx", {})
    if details["type"] == REFUSED:
        return Problem(path, context["got"], context["allowed"])
    reason = context.get("error")
    return Problem(path, got, reason.allowed) if isinstance(reason, InvalidInputError) else None


def _known(key: str, names: Mapping[str, Any]) -> str:
    near = get_close_matches(key[:_LONGEST_KEY], names, n=1)
    return ", ".join(sorted(names)) + (f"; nearest: {near[0]}" if near else "")


def _path(where: str, place: Sequence[str | int]) -> str:
    path = where + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place)
    return path.removeprefix(".") or "body"
