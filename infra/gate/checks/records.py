"""What the code writes into the table is what the table is made for: its key, its time to live. Presigned addresses are of version 4."""

import ast
from collections.abc import Iterator

from infra.gate.assembly import Assembly
from infra.gate.finding import Finding
from infra.gate.sources import Module, Sources, spelt

_NAME = "records"


def check(assembly: Assembly, sources: Sources) -> Iterator[Finding]:
    """See the module."""
    module = sources.modules.get("atelier_ops.gateways.records")
    if module is not None:
        for table in assembly.of("AWS::DynamoDB::Table"):
            wanted = {str(each.get("AttributeName")) for each in table.properties.get("AttributeDefinitions", [])}
            wanted.add(str(table.properties.get("TimeToLiveSpecification", {}).get("AttributeName")))
            items = _dictionaries(module, "item")
            for node, keys in items:
                for name in sorted(wanted - keys):
                    wrong = f"a record is written without {name}, which {table.logical_id} needs"
                    yield module.finding(_NAME, node, wrong, "Call it in both places the same")
    module = sources.modules.get("atelier_ops.gateways.aws")
    for node in module.nodes if module is not None else []:
        if isinstance(node, ast.Dict) and module is not None:
            for key, value in zip(node.keys, node.values, strict=True):
                named = isinstance(key, ast.Constant) and key.value == "signature_version"
                if named and not (isinstance(value, ast.Constant) and value.value == "s3v4"):
                    wrong = "addresses of objects under a KMS key are signed by another version than 4"
                    yield module.finding(_NAME, value, wrong, "Write s3v4")


def _dictionaries(module: Module, name: str) -> list[tuple[ast.AST, set[str]]]:
    """The dictionaries that are assigned to ``name``, with their keys."""
    assigned = (node for node in module.nodes if isinstance(node, ast.Assign))
    chosen = [node for node in assigned if [spelt(target) for target in node.targets] == [name]]
    return [(node, _keys(node.value)) for node in chosen if isinstance(node.value, ast.Dict)]


def _keys(node: ast.Dict) -> set[str]:
    return {str(key.value) for key in node.keys if isinstance(key, ast.Constant)}
