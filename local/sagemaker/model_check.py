"""Checks every request against botocore's service model, as the service itself would."""

import functools
from collections.abc import Iterator
from typing import Any

import regex  # type: ignore[import-untyped]  # no stubs among our packages
from botocore.loaders import Loader
from botocore.model import ListShape, MapShape, OperationModel, ServiceModel, Shape, StructureShape
from botocore.validate import ParamValidator

from local.errors import ServiceError, validation_error

_COERCE = {"integer": int, "long": int, "float": float, "double": float, "string": str}


@functools.cache
def _pattern(expression: str) -> "regex.Pattern[str] | None":
    """The service model's Java pattern (`\\p{L}` included), or None where it cannot be read: one writes characters as surrogates."""
    try:
        return regex.compile(expression)
    except regex.error:
        return None


class ApiModel:
    """The request and response shapes of one AWS service, by botocore's name of it."""

    def __init__(self, service: str) -> None:
        self._model = ServiceModel(Loader().load_service_model(service, "service-2"))
        self._validator = ParamValidator()

    def operation(self, action: str) -> OperationModel:
        """The operation's model. Raises UnknownOperationException for a name the service does not have."""
        if action not in self._model.operation_names:
            raise ServiceError("UnknownOperationException", f"The operation {action} does not exist.")
        return self._model.operation_model(action)

    def values(self, enumeration: str) -> list[str]:
        """The values of one of the service's enumerations."""
        return list(self._model.shape_for(enumeration).metadata["enum"])

    def check(self, action: str, params: dict[str, Any]) -> None:
        """Raise ValidationException for unknown, missing, mistyped, badly named or out-of-range members."""
        shape = self.operation(action).input_shape
        if shape is None:
            return
        report = self._validator.validate(params, shape)
        if report.has_errors():
            raise validation_error(f"{action}: {report.generate_report()}")
        problems = list(_constraints(shape, params, ""))
        if problems:
            noun = "error" if len(problems) == 1 else "errors"
            raise validation_error(f"{len(problems)} validation {noun} detected: {'; '.join(problems)}")

    def answer(self, action: str, record: dict[str, Any] | None) -> dict[str, Any]:
        """The members of `record` that the operation's output has, without those that are None."""
        shape = self.operation(action).output_shape
        if shape is None or not record:
            return {}
        return {k: v for k, v in record.items() if k in shape.members and v is not None}

    def coerce(self, action: str, properties: dict[str, Any]) -> dict[str, Any]:
        """CloudFormation properties (numbers may be strings there) as the operation's own types.

        Raises ServiceError for a property the operation does not have.
        """
        shape = self.operation(action).input_shape
        assert shape is not None, action
        coerced: dict[str, Any] = _coerce(shape, properties, "")
        return coerced


def _constraints(shape: Shape, value: Any, path: str) -> Iterator[str]:
    """AWS's sentences for each enum, pattern, length and range that `value` breaks."""
    if isinstance(shape, StructureShape):
        for name, member in value.items():
            yield from _constraints(shape.members[name], member, f"{path}.{_lower(name)}" if path else _lower(name))
    elif isinstance(shape, ListShape):
        for index, member in enumerate(value, 1):
            yield from _constraints(shape.member, member, f"{path}.{index}.member")
        yield from _bound(shape, "length", len(value), path, value)
    elif isinstance(shape, MapShape):
        for key, member in value.items():
            yield from _constraints(shape.key, key, f"{path}.{key}.key")
            yield from _constraints(shape.value, member, f"{path}.{key}.member")
        yield from _bound(shape, "length", len(value), path, value)
    elif shape.type_name == "string":
        yield from _string(shape, value, path)
    elif shape.type_name == "blob":
        yield from _bound(shape, "length", len(value), path, f"<{len(value)} bytes>")
    elif shape.type_name in ("integer", "long", "float", "double"):
        yield from _bound(shape, "value", value, path, value)


def _string(shape: Shape, value: str, path: str) -> Iterator[str]:
    allowed = getattr(shape, "enum", None)
    if allowed and value not in allowed:
        yield _sentence(value, path, f"Member must satisfy enum value set: [{', '.join(allowed)}]")
    yield from _bound(shape, "length", len(value), path, value)
    expression = shape.metadata.get("pattern")
    pattern = _pattern(expression) if expression else None
    if pattern and not pattern.fullmatch(value):
        yield _sentence(value, path, f"Member must satisfy regular expression pattern: {expression}")


def _bound(shape: Shape, measure: str, number: float, path: str, value: Any) -> Iterator[str]:
    high = shape.metadata.get("max")  # botocore itself checks lower bounds
    if high is not None and number > high:
        yield _sentence(value, path, f"Member must have {measure} less than or equal to {high}")


def _sentence(value: Any, path: str, constraint: str) -> str:
    return f"Value '{value}' at '{path}' failed to satisfy constraint: {constraint}"


def _lower(name: str) -> str:
    return name[:1].lower() + name[1:]


def _coerce(shape: Shape, value: Any, path: str) -> Any:
    if isinstance(shape, StructureShape):
        unknown = sorted(set(value) - set(shape.members))
        if unknown:
            raise validation_error(
                f"Encountered unsupported property {path}{unknown[0]}; allowed: {sorted(shape.members)}"
            )
        return {k: _coerce(shape.members[k], v, f"{path}{k}.") for k, v in value.items()}
    if isinstance(shape, ListShape):
        return [_coerce(shape.member, v, path) for v in value]
    if isinstance(shape, MapShape):
        return {k: _coerce(shape.value, v, f"{path}{k}.") for k, v in value.items()}
    if shape.type_name == "boolean":
        return str(value).lower() == "true"
    return _COERCE.get(shape.type_name, lambda same: same)(value)
