"""What a declaration allows, in words: read from the JSON Schema of the field, so that no text can say something else than the check."""

from contracts.declarations import NOT_BLANK
from contracts.schema import Schema


def allowed(schema: Schema) -> str:
    """``an integer from 1 to 8``, ``a number from 0 to 50``, ``png | jpeg | webp``, ``a prompt, 1 to 2000 characters``, …"""
    if "enum" in schema:
        return " | ".join(str(choice) for choice in schema["enum"])
    if "const" in schema:
        return str(schema["const"])
    kind = schema.get("type")
    if kind in ("integer", "number"):
        return _number(schema, "an integer" if kind == "integer" else "a number")
    if kind == "string":
        return _text(schema)
    if kind == "array":
        fewest = schema.get("minItems", 0)
        return f"a JSON list of at least {fewest}" if fewest else "a JSON list"
    return "true | false" if kind == "boolean" else "a JSON object"


def _number(schema: Schema, article: str) -> str:
    span = f" from {_plain(schema['minimum'])} to {_plain(schema['maximum'])}" if "minimum" in schema else ""
    step = f", a multiple of {schema['multipleOf']}" if "multipleOf" in schema else ""
    return f"{article}{span}{step}"


def _plain(value: float) -> str:
    return str(value) if isinstance(value, int) else f"{value:g}"


def _text(schema: Schema) -> str:
    length = f", {schema.get('minLength', 0)} to {schema['maxLength']} characters" if "maxLength" in schema else ""
    pattern = schema.get("pattern", NOT_BLANK)
    form = "" if pattern == NOT_BLANK else f" matching {pattern.removeprefix('^(?:').removesuffix(')$')}"
    return f"{schema.get('title', 'text')}{length}{form}"
