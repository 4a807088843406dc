"""Records are read and written as the table is made: its key, the types of attributes, the index, no reserved word; objects have no ACL."""

import ast
import re
from collections.abc import Iterator, Mapping

from infra.gate.assembly import Assembly
from infra.gate.constants import constant
from infra.gate.finding import Finding
from infra.gate.sources import Module, Sources

_NAME = "record calls"
_MODULE = "atelier_ops.gateways.records"
_TYPES: Mapping[str, str] = {"pk": "S", "status": "S", "expires_at": "N", "data": "S", "client": "S", "created": "S"}
_RESERVED = re.compile(r"(?<![#:\w])(status|data|key|name|value|state|ttl|time)\b", re.IGNORECASE)
"""Of https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ReservedWords.html, those that a record could be asked by."""


def check(assembly: Assembly, sources: Sources) -> Iterator[Finding]:
    """See the module."""
    module = sources.modules.get(_MODULE)
    for node in module.nodes if module else ():
        if module and isinstance(node, ast.Dict):
            yield from _attributes(module, node)
        if module and isinstance(node, ast.keyword) and node.arg in ("KeyConditionExpression", "ConditionExpression"):
            yield from _words(module, node)
        if module and isinstance(node, ast.keyword) and node.arg == "Key":
            keys = [getattr(each, "value", None) for each in getattr(node.value, "keys", [])]
            if keys != ["pk"]:
                yield module.finding(_NAME, node.value, f"it asks for the key {keys}", "The table's key is pk")
        if (
            module
            and isinstance(node, ast.keyword)
            and node.arg == "ConsistentRead"
            and not getattr(node.value, "value", 1)
        ):
            wrong = "it may read a record as it was before a token was stored"
            yield module.finding(_NAME, node.value, wrong, "Read consistently")
    yield from _index(assembly, sources)
    for other in sources.modules.values():
        if other.name.startswith("atelier_ops.gateways."):
            for node in other.nodes:
                if isinstance(node, ast.keyword) and node.arg in ("ACL", "GrantRead", "GrantFullControl"):
                    wrong = f"{node.arg}: the buckets take no ACL, so the call is refused"
                    yield other.finding(_NAME, node.value, wrong, "Leave it out: roles say who may read")


def _attributes(module: Module, node: ast.Dict) -> Iterator[Finding]:
    for key, value in zip(node.keys, node.values, strict=True):
        name = getattr(key, "value", None)
        if name in _TYPES:
            kind = [getattr(each, "value", None) for each in value.keys] if isinstance(value, ast.Dict) else None
            if kind != [_TYPES[str(name)]]:
                wrong = f"{name} is written as {ast.unparse(value)[:60]}"
                yield module.finding(_NAME, value, wrong, f"Write {{'{_TYPES[str(name)]}': …}}, as the table has it")


def _words(module: Module, node: ast.keyword) -> Iterator[Finding]:
    text = "".join(
        each.value for each in ast.walk(node.value) if isinstance(each, ast.Constant) and isinstance(each.value, str)
    )
    for word in sorted(set(_RESERVED.findall(text))):
        yield module.finding(_NAME, node.value, f"{word} is a word that DynamoDB keeps for itself", f"Write #{word}")


def _index(assembly: Assembly, sources: Sources) -> Iterator[Finding]:
    asked = [constant(sources, _MODULE, name) for name in ("BY_STATUS", "BY_CLIENT")]
    for table in assembly.of("AWS::DynamoDB::Table"):
        names = [each.get("IndexName") for each in table.properties.get("GlobalSecondaryIndexes", [])]
        for name in asked:
            if isinstance(name, str) and name not in names:
                wrong = f"it has the indexes {names}, and gateways/records.py asks {name}"
                yield table.finding(_NAME, wrong, "Give both one name")
