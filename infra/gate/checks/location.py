"""No region, account or partition is written out, but for those that the stage is pinned to: elsewhere it would be another's."""

import ast
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from infra.gate.assembly import Assembly
from infra.gate.finding import Finding
from infra.gate.location import Location
from infra.gate.sources import Sources

_NAME = "location"
_LITERAL = re.compile(
    r"\barn:(?P<partition>aws[a-z-]*):"
    r"|\b(?P<region>(?:af|ap|ca|cn|eu|il|me|mx|sa|us)(?:-gov|-iso[a-z]?)?-[a-z]+-[1-9])\b"
    r"|(?<![0-9A-Za-z])(?P<account>[0-9]{12})(?![0-9A-Za-z])"
)
_REMEDY = "Take Aws.PARTITION, Aws.REGION and Aws.ACCOUNT_ID, as access.arn does"
_AT_RUN_TIME = "Take it from an ARN that the code is given, or from its environment"
_ABOUT_A_REGION = {"contracts/prices.py"}
"""Modules that say of what region something is known."""


def check(assembly: Assembly, sources: Sources) -> Iterator[Finding]:
    """See the module."""
    for resource in assembly.resources.values():
        for wrong in _written_below(resource.body, assembly.location):
            yield resource.finding(_NAME, wrong, _REMEDY)
    for stack, template in assembly.templates.items():
        for wrong in _written_below(template.get("Outputs", {}), assembly.location):
            yield Finding(place=f"{assembly.stage} {stack}", check=_NAME, wrong=f"an output: {wrong}", remedy=_REMEDY)
    for module in sources.modules.values():
        if module.file not in _ABOUT_A_REGION:
            for node, wrong in _written_in(module.tree):
                yield module.finding(_NAME, node, wrong, _AT_RUN_TIME)


def _written_below(node: Any, here: Location) -> Iterator[str]:
    for text in _texts(node):
        yield from _written(text, here)


def _texts(node: Any) -> Iterator[str]:
    """Every text of a template, with what ``Fn::Join`` puts together in one piece."""
    if isinstance(node, str):
        yield node
    elif isinstance(node, list):
        for each in node:
            yield from _texts(each)
    elif isinstance(node, Mapping):
        if "Fn::Join" in node:
            between, parts = node["Fn::Join"]
            yield between.join(part if isinstance(part, str) else "<…>" for part in parts)
            node = {"others": [part for part in parts if not isinstance(part, str)]}
        yield from _texts(list(node.values()))


def _written(text: str, here: Location) -> Iterator[str]:
    """What a text names that is not where the stage is pinned to."""
    pinned = {here.pinned_account, here.pinned_region, here.partition if here.pinned_region else ""}
    for found in _LITERAL.finditer(text):
        kind = str(found.lastgroup)
        if found[kind] not in pinned:
            yield f"it names the {kind} {found[kind]}, in {text[max(0, found.start() - 30) : found.end() + 30]!r}"


@cache
def _written_in(tree: ast.Module) -> list[tuple[ast.Constant, str]]:
    """What the texts of a module name, its explanations left out. The same trees are asked about for every stage."""
    explained = {node.value for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    constants = (node for node in ast.walk(tree) if isinstance(node, ast.Constant) and node not in explained)
    texts = [node for node in constants if isinstance(node.value, str)]
    return [(node, wrong) for node in texts for wrong in _written(str(node.value), Location())]
