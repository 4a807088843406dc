"""Command-line options of an execution: one for each field of its contract, with the contract's own names and explanations."""

import inspect
import json
from collections.abc import Callable, Collection, Iterator, Mapping
from types import UnionType
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, get_args, get_origin

import typer
from typer.core import TyperCommand
from typer.main import get_command

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

    from contracts.model import Contract

Command = Callable[..., None]
_METAVARS = {str: "TEXT", int: "INTEGER", float: "NUMBER", bool: "true|false"}
_GIVEN = "cli.options"
"""In a context's ``meta``: the options that were given, as they were given."""

_classes: dict[Command, type[TyperCommand]] = {}


def takes_fields_of(
    contract: "Callable[[], type[Contract]]", *, without: Collection[str] = ()
) -> Callable[[Command], Command]:
    """Give a command an option for each field of a contract except those ``without``; a nested contract's field has a dotted name.

    ``contract`` is asked for only when the command is run or explained: contracts are slow to import.
    """

    class WithFields(TyperCommand):
        def __init__(self, **settings: Any) -> None:
            # Plain help: the other kind cuts names that are as long as these.
            super().__init__(**{**settings, "rich_markup_mode": None})

        def get_params(self, ctx: Any) -> list[Any]:
            own = super().get_params(ctx)
            return [*own[:-1], *_parameters(contract(), without), own[-1]]  # --help is the last

    def register(command: Command) -> Command:
        _classes[command] = WithFields
        return command

    return register


def command_class(command: Command) -> type[TyperCommand]:
    """The class of a command: one that has the options of a contract, where it takes those."""
    return _classes.get(command, TyperCommand)


def given(context: typer.Context) -> Mapping[str, str]:
    """The contract's options of a command that were given: their texts by the fields' names."""
    return dict(context.meta.get(_GIVEN, {}))


def read_options(given: Mapping[str, str], contract: "type[Contract]") -> dict[str, Any]:
    """The given options as the JSON object that ``contract`` reads; the contract checks their values."""
    values: dict[str, Any] = {}
    for name, field in _fields(contract):
        if name in given:
            *parents, last = name.split(".")
            inner = values
            for parent in parents:
                inner = inner.setdefault(parent, {})
            inner[last] = _value(given[name], field)
    return values


def _parameters(contract: "type[Contract]", without: Collection[str]) -> list[Any]:
    """The options, made by typer of a function that has a parameter for each field."""
    fields = [(name, field) for name, field in _fields(contract) if name not in without]

    def carrier(**_: str) -> None:
        """Never called: what is given is kept as each option is read."""

    kinds = {name.replace(".", "__"): _annotation(name, field) for name, field in fields}
    only = inspect.Parameter.KEYWORD_ONLY
    parameters = [inspect.Parameter(name, only, default=None, annotation=kind) for name, kind in kinds.items()]
    carrier.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    carrier.__annotations__ = kinds
    app = typer.Typer(add_completion=False)
    app.command()(carrier)
    return list(get_command(app).params)


def _annotation(name: str, field: "FieldInfo") -> Any:
    def keep(context: typer.Context, value: str | None) -> str | None:
        if value is not None:
            context.meta.setdefault(_GIVEN, {})[name] = value
        return value

    option = typer.Option(
        f"--{name}",
        metavar=_metavar(field),
        help=field.description,
        callback=keep,
        expose_value=False,
        show_default=False,
    )
    return Annotated[str | None, option]


def _fields(contract: "type[Contract]", prefix: str = "") -> "Iterator[tuple[str, FieldInfo]]":
    from contracts.model import Contract

    for name, field in contract.model_fields.items():
        kinds = _types(field)
        if len(kinds) == 1 and isinstance(kinds[0], type) and issubclass(kinds[0], Contract):
            yield from _fields(kinds[0], f"{prefix}{name}.")
        else:
            yield prefix + name, field


def _types(field: "FieldInfo") -> tuple[Any, ...]:
    """The field's types, without None."""
    union = get_origin(field.annotation) in (Union, UnionType)
    return tuple(
        kind for kind in (get_args(field.annotation) if union else (field.annotation,)) if kind is not type(None)
    )


def _metavar(field: "FieldInfo") -> str:
    kind, *others = _types(field)
    if get_origin(kind) is Literal:
        return "|".join(map(str, get_args(kind)))
    return "JSON" if others else _METAVARS.get(kind, "JSON")


def _value(text: str, field: "FieldInfo") -> Any:
    """A text's JSON value, unless the field is a text; what is no JSON stays a text, which the contract refuses by the field's name."""
    if any(kind is str or get_origin(kind) is Literal for kind in _types(field)):
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text
