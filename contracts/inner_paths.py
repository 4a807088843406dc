"""Names of files that a document gives: each stays in the folder that it is relative to.

A manifest is only as trustworthy as whoever may write beside it, and ``folder / name`` leaves the folder for ``/etc/passwd`` and ``../x``.
"""

from collections.abc import Iterable, Iterator

from contracts.errors import Problem

ALLOWED = "no folder without a name, and none called . or .."


def is_inner(name: str) -> bool:
    """Whether a name is a path that stays inside the folder it is relative to."""
    return "\0" not in name and not any(part in ("", ".", "..") for part in name.split("/"))


def leaving(what: str, names: Iterable[str]) -> Iterator[Problem]:
    """A problem for each name that does not stay inside."""
    for name in names:
        if not is_inner(name):
            yield Problem(what, name, ALLOWED)
