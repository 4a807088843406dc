"""The fields of a form, as their contract reads them."""

from collections.abc import Sequence

from contracts.errors import InvalidInputError, Problem
from contracts.multipart import FormPart
from contracts.requests import Form

_CHARSETS = ("", "utf-8", "utf8", "us-ascii")


def read_fields(parts: Sequence[FormPart], form: type[Form]) -> dict[str, str | bytes]:
    """What each part says: files as they are, texts as UTF-8. Raises InvalidInputError where one is no text, or comes more than once."""
    names = [part.name for part in parts]
    twice = sorted({name for name in names if names.count(name) > 1})
    problems = [Problem(name, f"{names.count(name)} of them", "one") for name in twice]
    fields: dict[str, str | bytes] = {}
    for part in parts:
        declared = form.model_fields.get(part.name)
        if not declared or declared.annotation is bytes:
            fields[part.name] = part.body  # of what nobody knows only the name will be told
            continue
        try:
            fields[part.name] = part.body.decode()
        except UnicodeDecodeError:
            problems.append(Problem(part.name, f"{len(part.body)} bytes that are no text", "UTF-8"))
            continue
        if part.charset not in _CHARSETS:
            problems.append(Problem(part.name, f"text in {part.charset}", "UTF-8"))
    if problems:
        raise InvalidInputError.of(problems)
    return fields
