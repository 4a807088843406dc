"""Whose a style is: a client's, who claimed its name before anybody made something of it, or the house's (ADR 0031).

What another client made is for a client as if it were not there: the same 404, and no name of it in any error or list. A style that
nobody claimed and that is there was made by the account's own people; every client uses it, and one that manages changes it.
"""

from collections.abc import Mapping
from typing import Any, Protocol

from atelier_ops.gateways.records import NEVER, Record, Records
from atelier_ops.gateways.storage import ObjectStore
from atelier_ops.logic.http import Dependencies, ProblemError, Request
from atelier_ops.logic.versions import published_versions
from contracts.layout import STYLES, dataset_prefix, style_prefix

CLAIMED = "claimed"
"""The status of the record of a style that is a client's."""

MOST_NAMES = 20
"""Styles that an error lists."""

_AT_ONCE = 100
"""Records that are read in one call."""


class StyleSources(Protocol):
    """Where it is written which styles there are, and whose."""

    @property
    def records(self) -> Records:
        """Who has claimed which name."""
        ...

    @property
    def models(self) -> ObjectStore:
        """What is published."""
        ...

    @property
    def commercial(self) -> bool:
        """Whether the stage's pictures are used commercially."""
        ...


def owns(data: Mapping[str, Any], request: Request) -> bool:
    """Whether a record's data are the client's own. What says of nobody whose it is, as the oldest records do, is the managing clients'."""
    return data["client"] in request.names if "client" in data else request.manages


def claim(style: str, request: Request, dependencies: Dependencies) -> None:
    """Let the client have the name from now on, if nobody has it. Repeating it changes nothing.

    Raises ProblemError 409 where it is another client's, or the house's and the client does not manage.
    """
    new = Record(key=claim_key(style), status=CLAIMED, expires_at=NEVER, data={"client": request.client})
    while require_claimable(style, request, dependencies) and not dependencies.records.add(new):
        pass  # another came first, or the name was given up this moment


def require_claimable(style: str, request: Request, dependencies: Dependencies) -> bool:
    """Whether there is anything to claim: the name may also be the client's already, or the house's which it manages.

    Raises ProblemError 409 where ``claim`` would, and while a style of this name is being deleted.
    """
    if dependencies.records.get(deletion_key(style)) is not None:
        raise ProblemError(
            409, f"style: got {style}, which is being deleted; allowed: another, or this one in some minutes"
        )
    found = dependencies.records.get(claim_key(style))
    free = found is None and not _is_there(style, dependencies)
    if not free and not (owns(found.data, request) if found else request.manages):
        raise ProblemError(409, f"style: got {style}; allowed: a name that is not taken")
    return free


def is_claimed(style: str, dependencies: Dependencies) -> bool:
    """Whether it is a client's: the asking one's, where that may read it."""
    return dependencies.records.get(claim_key(style)) is not None


def may_read(style: str, request: Request, dependencies: StyleSources) -> bool:
    """Whether the client may know of the style, if there is one: it is its own, or nobody's own."""
    found = dependencies.records.get(claim_key(style))
    return found is None or owns(found.data, request)


def require_readable(style: str, request: Request, dependencies: Dependencies) -> None:
    """Raise ProblemError 404 for another client's style, as for one that is not there."""
    if not may_read(style, request, dependencies):
        raise unknown_style(style, request, dependencies)


def require_changeable(style: str, request: Request, dependencies: Dependencies) -> None:
    """Raise ProblemError 404 for another client's style, and 403 for the house's where the client does not manage."""
    found = dependencies.records.get(claim_key(style))
    if found is not None and not owns(found.data, request):
        raise unknown_style(style, request, dependencies)
    if found is None and not request.manages:
        raise ProblemError(403, f"style: got {style}, which is the house's; allowed: one of the client's own")


def require_approver(style: str, request: Request, dependencies: Dependencies) -> None:
    """Raise ProblemError 403 or 404 unless the client may say of a result of the style that it is good.

    Where the stage wants a person to approve every result, that is a managing client, of its own styles and the house's. Others wait
    for the account's own people.
    """
    require_changeable(style, request, dependencies)
    if dependencies.rules.approval == "manual" and not request.manages:
        raise ProblemError(403, f"client: got {request.client}; allowed: one that manages, because a person approves")


def visible_styles(request: Request, dependencies: StyleSources) -> list[str]:
    """The names of the published styles that the client may read, in order."""
    names = dependencies.models.folders(STYLES)
    pages = (names[start : start + _AT_ONCE] for start in range(0, len(names), _AT_ONCE))
    claims = [record for page in pages for record in dependencies.records.get_each([claim_key(name) for name in page])]
    others = {record.key for record in claims if not owns(record.data, request)}
    return [name for name in names if claim_key(name) not in others]


def styles_in_words(request: Request, dependencies: StyleSources) -> str:
    """The first of the styles that the client may read, for an error."""
    names = visible_styles(request, dependencies)
    rest = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
    # Of one that is being deleted, or is not published to the end, there is a folder and nothing that could be named.
    named = [name for name in names[:MOST_NAMES] if published_versions(name, dependencies.models)]
    return " | ".join(named) + rest if named or rest else "no style is published yet"


def unknown_style(style: str, request: Request, dependencies: Dependencies) -> ProblemError:
    """What is answered of a style that is not there, or is another client's."""
    return ProblemError(404, f"style: got {style}; allowed: {styles_in_words(request, dependencies)}")


def claim_key(style: str) -> str:
    """The record that says whose a style is."""
    return f"style#{style}"


def deletion_key(name: str) -> str:
    """The record that says that a style is being deleted, or one version of it."""
    return f"deletion#{name}"


def _is_there(style: str, dependencies: Dependencies) -> bool:
    """Whether anybody has published a version of it, or put pictures of it."""
    return dependencies.models.has(style_prefix(style)) or dependencies.data.has(dataset_prefix(style))
