"""JSON Schema as the contracts use it: kept plain, and looked up by the place of a value in a document."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Schema = Mapping[str, Any]


def tidy(schema: dict[str, Any]) -> None:
    """Say in an object's schema only what a person declared.

    A value that may be left out is an optional property of its own type; ``null`` and ``""``, which mean the same, are not spelt out,
    nor are the defaults of an object, which stand in its own schema.
    """
    for name, declared in schema.get("properties", {}).items():
        choices = [choice for choice in declared.get("anyOf", []) if choice != {"type": "null"}]
        if len(choices) == 1:
            del declared["anyOf"]
            declared |= {**choices[0], **declared}
        if declared.get("default", 0) in (None, "") or isinstance(declared.get("default"), dict):
            del declared["default"]
        if declared.get("title") == name.replace("_", " ").title():
            del declared["title"]


def demand(*, where: Schema, given: Iterable[str], needs: Iterable[str]) -> Schema:
    """That an object which has all of ``given``, and whose values are as in ``where``, has the texts ``needs``."""
    texts = {name: {"type": "string", "minLength": 1} for name in needs}
    condition = {"properties": dict(where), **_required(given)}
    return {"if": condition, "then": {"properties": texts, **_required(texts)}}


def _required(names: Iterable[str]) -> Schema:
    return {"required": found} if (found := list(names)) else {}


def subschema(root: Schema, place: Sequence[str | int]) -> Schema:
    """The schema of what lies at ``place`` in a document of schema ``root``; empty where the schema says nothing of it."""
    node = resolved(root, root)
    for part in place:
        inner = node.get("items", {}) if isinstance(part, int) else _member(node, part)
        node = resolved(root, inner if isinstance(inner, Mapping) else {})
    return node


def resolved(root: Schema, schema: Schema) -> Schema:
    """``schema`` itself, or what its ``$ref`` points to."""
    while "$ref" in schema:
        schema = root["$defs"][schema["$ref"].rpartition("/")[2]]
    return schema


def _member(schema: Schema, name: str) -> Any:
    return schema.get("properties", {}).get(name) or schema.get("additionalProperties") or {}
