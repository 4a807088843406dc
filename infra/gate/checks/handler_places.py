"""Handlers may reach the objects and the indexes that are meant, and no others: the table of ``intended_places``."""

import re
from collections.abc import Iterator

from infra.gate.assembly import Assembly, Resource
from infra.gate.finding import Finding
from infra.gate.functions import handlers
from infra.gate.intended_places import HANDLER_PLACES, HandlerPlaces
from infra.gate.roles import role_of, statements
from infra.gate.sources import Sources

_NAME = "handler places"
_ACTIONS = {
    "s3:GetObject": "reads",
    "s3:PutObject": "writes",
    "s3:DeleteObject": "deletes",
    "s3:DeleteObjectVersion": "purges",
    "dynamodb:Query": "queries",
}
_ASSETS = "-assets-"
"""What CDK's own bucket is called, in which a stage's models may lie beside its code."""

_OBJECT = re.compile(r"(?:Buckets(Data|Model|Media)\w*|PageFilesBucket\w*)\.Arn>/(.*)")
_INDEX = re.compile(r"\.Arn>/index/(.*)")


def check(assembly: Assembly, sources: Sources) -> Iterator[Finding]:
    """See the module."""
    for handler, function in handlers(assembly).items():
        role = role_of(assembly, function.properties.get("Role"))
        if role is not None:
            yield from _compared(assembly, role, HANDLER_PLACES.get(handler, HandlerPlaces()))


def _compared(assembly: Assembly, role: Resource, places: HandlerPlaces) -> Iterator[Finding]:
    for action, what in _ACTIONS.items():
        granting = [each for each in statements(assembly, role) if action in each.actions and each.effect == "Allow"]
        granted = {_place(name): each.policy for each in granting for name in each.resources if _ASSETS not in name}
        meant = set(getattr(places, what).split())
        remedy = f"Grant it on {', '.join(sorted(meant)) or 'nothing'}, or change infra/gate/intended_places.py"
        for name in sorted(meant - set(granted)):
            yield role.finding(_NAME, f"it may not {action} {name}", remedy)
        for name in sorted(set(granted) - meant):
            yield granted[name].finding(_NAME, f"it may {action} {name}, which nobody meant", remedy)


def _place(arn: str) -> str:
    """What an ARN names, in the words of the table; another one as it is."""
    if found := _OBJECT.search(arn):
        return f"{found[1].lower()}/{found[2]}" if found[1] else found[2]
    index = _INDEX.search(arn)
    return index[1] if index else arn
