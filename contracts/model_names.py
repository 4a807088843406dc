"""How clients in Replicate's style name what paints: ``owner/name`` and ``owner/name:version``."""

import re

from contracts.execution import BASE

OWNER = "atelier"
"""The owner in what the API answers. In what it is asked any owner will do: a stage has one namespace of styles."""

_OWNERS = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


def qualified(version: str) -> str:
    """``atelier/skirt:skirt@3`` for the version ``skirt@3``: its id stands by itself, because clients send it without the rest."""
    return f"{OWNER}/{version.partition('@')[0]}:{version}"


def plain(reference: str) -> str:
    """``skirt`` for ``owner/skirt``, ``skirt@3`` for ``owner/skirt:skirt@3`` and ``owner/skirt:3``; any other text as it is."""
    owner, _, rest = reference.partition("/")
    name, colon, version = rest.partition(":")
    if not _OWNERS.fullmatch(owner) or not name or "/" in rest:
        return reference
    if version.isdecimal():
        return f"{name}@{version}"
    if not colon or version in (name, BASE):
        return version or name
    return version if version.startswith(f"{name}@") else reference
