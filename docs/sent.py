"""What may be sent besides what was declared: ``null``, and ``""`` where that is the default, mean the same to a contract as nothing."""

from collections.abc import Iterator, Mapping
from typing import Any

from contracts.model import Contract

_NULL = {"type": "null"}


def spelt_out(contract: type[Contract], schema: Mapping[str, Any], *, null: bool = True) -> dict[str, Any]:
    """A contract's own schema, whose optional properties also allow what counts as nothing; ``null`` only where JSON is sent."""
    needed = schema.get("required", [])
    names = {name: contract.model_fields[name] for name in schema.get("properties", {})}
    properties = {
        name: declared if name in needed else _optional(declared, empty=names[name].default == "", null=null)
        for name, declared in schema.get("properties", {}).items()
    }
    return {**schema, **({"properties": properties} if properties else {})}


def contracts(parent: type[Contract] = Contract) -> Iterator[type[Contract]]:
    """Every contract that has been imported."""
    for child in parent.__subclasses__():
        yield child
        yield from contracts(child)


def _optional(declared: Mapping[str, Any], *, empty: bool, null: bool) -> dict[str, Any]:
    schema = dict(declared)
    if empty:
        schema |= _or_empty(declared)
    if not null:
        return schema
    if "const" in schema:
        schema["enum"] = [schema.pop("const")]
    if "enum" in schema:
        return {**schema, "enum": [*schema["enum"], None], "type": [schema["type"], "null"]}
    if isinstance(schema.get("type"), str):
        return {**schema, "type": [schema["type"], "null"]}
    return {**{name: schema[name] for name in ("description",) if name in schema}, "anyOf": [_without(schema), _NULL]}


def _or_empty(declared: Mapping[str, Any]) -> dict[str, Any]:
    if "enum" in declared:
        return {"enum": [*declared["enum"], ""]}
    pattern = {"pattern": f"^$|{declared['pattern']}"} if "pattern" in declared else {}
    return {"minLength": 0, **pattern}


def _without(schema: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in schema.items() if name != "description"}
