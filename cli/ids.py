"""What an id may be of: those of predictions and of batches look alike, and a batch that was started by hand is called as it was named."""

import re
from collections.abc import Callable, Mapping
from typing import TypeVar

from atelier.errors import NotFoundError
from cli.errors import CommandError
from contracts.layout import PREDICTION_ID

Found = TypeVar("Found")


def is_drawn(name: str) -> bool:
    """Whether it is an id of a prediction, or of a batch that the API took on."""
    return re.fullmatch(PREDICTION_ID, name) is not None


def first_of(name: str, asked: Mapping[str, Callable[[str], Found]]) -> Found:
    """The answer of the first kind of thing of which one is called so; ``asked`` says by kind whom to ask. Raises CommandError for none."""
    for ask in asked.values():
        try:
            return ask(name)
        except NotFoundError:
            continue
    raise CommandError(f"name: got {name}; allowed: that of a {' or a '.join(asked)} that is there for this API key")
