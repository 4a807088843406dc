"""The base of every contract: pydantic, strict and frozen, with every problem reported at once as what / got / allowed."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext, suppress
from functools import cache
from types import UnionType
from typing import Annotated, Any, ClassVar, Self, TypeVar, Union, get_args, get_origin

from pydantic import (
    BaseModel,
    ConfigDict,
    GetJsonSchemaHandler,
    ModelWrapValidatorHandler,
    TypeAdapter,
    ValidationError,
    model_validator,
)
from pydantic_core import CoreSchema, InitErrorDetails

from contracts.errors import InvalidInputError, Problem
from contracts.json_text import load
from contracts.reading import line_errors, problems, refusal
from contracts.schema import Schema, tidy

Rule = TypeVar("Rule", bound=Callable[[Any], Iterable[Problem]])


def rule(check: Rule) -> Rule:
    """Mark a method that checks fields against each other.

    It yields problems whose ``what`` is relative to the contract (``deploy``, ``hyperparameters.batch``). Rules also run where other
    fields are wrong, so that one answer says everything; a rule that reads a wrong field is left out.
    """
    check.is_rule = True  # type: ignore[attr-defined]
    return check


class Contract(BaseModel):
    """Data that crosses a boundary.

    Numbers are not coerced: ``"512"``, ``512.5`` and ``true`` are not integers; integers are numbers; NaN and infinity are not. ``512.0``
    is the integer 512, as JSON Schema has it: JSON knows one kind of numbers, and some of its writers spell all with a point.
    ``null`` is the same as leaving a key out, and so is ``""`` where the default is ``""``. An unknown key is an error.
    """

    model_config = ConfigDict(
        strict=True, frozen=True, extra="forbid", allow_inf_nan=False, defer_build=True, hide_input_in_errors=True
    )

    document: ClassVar[str] = "input"
    """What errors call a document of this contract."""
    aliases: ClassVar[Mapping[str, str]] = {}
    """Other names of fields."""
    conditions: ClassVar[Sequence[Schema]] = ()
    """What JSON Schema can say of the rules between fields."""

    @classmethod
    def from_json(cls, data: object, *, where: str = "") -> Self:
        """Read JSON values; errors call the document ``where``. Raises InvalidInputError with everything that is wrong."""
        try:
            return cls.model_validate(data)
        except ValidationError as error:
            refusals = problems(error, json_schema(cls), where or cls.document)
        raise InvalidInputError.of(refusals)

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Read JSON text. Raises InvalidInputError, or ValueError where it is not JSON."""
        return cls.from_json(load(text))

    def to_json(self) -> dict[str, Any]:
        """JSON values, without what is left out."""
        values = self.model_dump(mode="json", exclude_none=True)
        return {name: value for name, value in values.items() if not self._is_left_out(name, value)}

    def explicit_values(self) -> dict[str, Any]:
        """Only what was given: no field that has its value from the declaration."""
        return self.model_dump(exclude_unset=True)

    @classmethod
    def prepare(cls, data: Mapping[str, Any]) -> Mapping[str, Any]:
        """Fill in what depends on other values, before anything is checked."""
        return data

    @model_validator(mode="wrap")
    @classmethod
    def _read(cls, data: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        if not isinstance(data, Mapping):
            return handler(data)
        named = {_spelt(name): value for name, value in data.items()}
        data = {name: value for name, value in named.items() if not cls._is_left_out(name, value)}
        errors = [refusal(problem) for problem in _named_twice(data, cls.aliases)]
        data = dict(cls.prepare({cls.aliases.get(name, name): value for name, value in data.items()}))
        data |= {name: int(value) for name, value in data.items() if name in _integers(cls) and _is_whole(value)}
        model: Self | None = None
        try:
            model = handler(data)
        except ValidationError as error:
            errors += line_errors(error)
        errors += [refusal(problem) for problem in _findings(model or cls._partial(data, errors), whole=bool(model))]
        if errors or model is None:
            raise ValidationError.from_exception_data(cls.__name__, errors)
        return model

    @classmethod
    def _is_left_out(cls, name: str, value: object) -> bool:
        field = cls.model_fields.get(cls.aliases.get(name, name))
        return value is None or (value == "" and field is not None and field.default == "")

    @classmethod
    def _partial(cls, data: Mapping[str, Any], errors: Iterable[InitErrorDetails]) -> Self:
        """The fields that are right by themselves; reading one of the others raises AttributeError."""
        wrong = {str(error["loc"][0]) for error in errors if error.get("loc")}
        right = [name for name in cls.model_fields if name in data and name not in wrong]
        partial = cls.model_construct(**{name: _nested(cls, name, data[name]) for name in right})
        for name in wrong:
            partial.__dict__.pop(name, None)
        return partial

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        schema = handler(core)
        tidy(handler.resolve_ref_schema(schema))
        if cls.conditions:
            handler.resolve_ref_schema(schema)["allOf"] = list(cls.conditions)
        return schema


class Check:
    """A check of one value that is no document: ``check("input.style", value)`` returns it or raises InvalidInputError."""

    def __init__(self, declared: Any) -> None:
        self._declared = declared
        self._adapter: TypeAdapter[Any] | None = None

    def __call__(self, where: str, value: object) -> Any:
        """The value as declared. Raises InvalidInputError naming ``where``."""
        if self._adapter is None:
            self._adapter = TypeAdapter(self._declared, config=None if _is_contract(self._declared) else _STRICT)
        try:
            return self._adapter.validate_python(value)
        except ValidationError as error:
            refusals = problems(error, self._adapter.json_schema(), where)
        raise InvalidInputError.of(refusals)


_STRICT = ConfigDict(strict=True, allow_inf_nan=False, hide_input_in_errors=True)


@cache
def json_schema(contract: type[Contract]) -> dict[str, Any]:
    """A contract's JSON Schema."""
    return contract.model_json_schema()


@cache
def _integers(contract: type[Contract]) -> frozenset[str]:
    """The fields that take integers and no other numbers."""
    kinds = {name: set(_alternatives(field.annotation)) for name, field in contract.model_fields.items()}
    return frozenset(name for name, kind in kinds.items() if int in kind and float not in kind)


def _alternatives(declared: Any) -> Iterator[Any]:
    """The types of a union, each without what is said of it besides."""
    if get_origin(declared) in (Union, UnionType):
        for each in get_args(declared):
            yield from _alternatives(each)
    else:
        yield get_args(declared)[0] if get_origin(declared) is Annotated else declared


def _is_whole(value: object) -> bool:
    """Whether it is a number with a point and nothing behind it, of those that floats hold exactly."""
    return isinstance(value, float) and abs(value) < 2**53 and value.is_integer()


@cache
def _rules(contract: type[Contract]) -> list[Callable[[Any], Iterable[Problem]]]:
    members = [member for base in contract.__mro__ for member in vars(base).values()]
    return [member for member in members if getattr(member, "is_rule", False)]


def _findings(model: Contract, *, whole: bool) -> Iterator[Problem]:
    for check in _rules(type(model)):
        with nullcontext() if whole else suppress(AttributeError):
            yield from list(check(model))


def _spelt(key: object) -> str:
    """A key as text that UTF-8 can hold. pydantic stops at any other; so it is only one more unknown key."""
    return str(key).encode("utf-8", "backslashreplace").decode()


def _named_twice(data: Mapping[str, Any], aliases: Mapping[str, str]) -> Iterator[Problem]:
    for alias, name in aliases.items():
        if alias in data and name in data:
            yield Problem(alias, f"both {alias} and {name}", f"one of them: {alias} is an alias")


def _nested(contract: type[Contract], name: str, value: Any) -> Any:
    declared: Any = contract.model_fields[name].annotation
    return declared.model_validate(value) if _is_contract(declared) else value


def _is_contract(declared: Any) -> bool:
    return isinstance(declared, type) and issubclass(declared, Contract)
