"""What CONTEXT of make says. ``python -m infra.context stage=trial owner=me`` prints it as the JSON that the CDK takes."""

import json
import sys
from collections.abc import Sequence
from dataclasses import fields

from infra.settings.placement import Placement

NAMES = ("stage", *(field.name for field in fields(Placement) if field.name != "protected"), "contact", "network")


def read(words: Sequence[str]) -> dict[str, str]:
    """The values by their names. Raises ValueError that lists all that is wrong.

    A misspelt ``account`` that is passed over would let any account have the stage.
    """
    values: dict[str, str] = {}
    problems = []
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or name not in NAMES:
            problems.append(f"CONTEXT: got {word!r}; allowed: name=value, the name one of {', '.join(NAMES)}")
        elif values.get(name, value) != value:
            problems.append(f"CONTEXT: got {values[name]!r} and {value!r} for {name}; allowed: one value")
        values[name] = value
    if problems:
        quoted = """a value with spaces in quotes of its own: CONTEXT='owner="one and all"'"""
        raise ValueError("\n".join([*problems, quoted]))
    return values


def main() -> None:
    """Print it; what is wrong ends it with a sentence."""
    try:
        print(json.dumps(read(sys.argv[1:])))
    except ValueError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
