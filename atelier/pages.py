"""Lists of the API, a page at a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from urllib.parse import parse_qs, urlsplit

from pydantic import BaseModel, ConfigDict

from atelier.errors import UnexpectedAnswerError
from atelier.sending import call, query, send
from atelier.steps import HttpReply, Steps

Item = TypeVar("Item", bound=BaseModel)


@dataclass(frozen=True, kw_only=True)
class Listing(Generic[Item]):
    """Some of the things there are, newest first; ``cursor`` gives the next ones, and is empty on the last page."""

    results: Sequence[Item]
    cursor: str


class _Results(BaseModel):
    model_config = ConfigDict(extra="ignore")

    results: list[dict[str, Any]]
    next: str | None = None


def page(item: type[Item], path: str, *, limit: int, cursor: str) -> Steps[Listing[Item]]:
    """One page of the list at ``path``. Raises ApiError."""
    reply: HttpReply = yield from send(call("GET", query(path, {"limit": limit, "cursor": cursor})))
    try:
        listed = _Results.model_validate_json(reply.content)
        found = [item.model_validate(each, strict=False, extra="ignore") for each in listed.results]
    except ValueError as error:
        raise UnexpectedAnswerError(f"GET {path}: got no list of {item.__name__}: {error}") from error
    (after,) = parse_qs(urlsplit(listed.next or "").query).get("cursor", [""])
    return Listing(results=found, cursor=after)
