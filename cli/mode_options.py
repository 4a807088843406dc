"""The options of commands that paint: the fields of a request that mean something in their modes, by the contract's own names."""

from collections.abc import Callable, Collection, Iterator
from typing import TYPE_CHECKING

from cli.options import Command, takes_fields_of
from contracts.modes import MODES

if TYPE_CHECKING:
    from contracts.model import Contract

_ARGUMENTS = frozenset({"prompt", "image", "mask", "mask_prompt", "adapter"})
"""What commands have arguments and options of their own for."""


class _AllBut(Collection[str]):
    """Every name but these."""

    def __init__(self, names: Collection[str]) -> None:
        self._names = names

    def __contains__(self, name: object) -> bool:
        return name not in self._names

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


def takes_fields_of_modes(*modes: str, without: Collection[str] = ()) -> Callable[[Command], Command]:
    """Give a command an option for each field that one of its modes uses."""
    used = {name for mode in modes for name in (*MODES[mode].needs, *MODES[mode].uses)} | {"output_format"}
    return takes_fields_of(_contract, without=_AllBut(used - _ARGUMENTS - set(without)))


def _contract() -> "type[Contract]":
    from contracts.prediction import PredictionInput

    return PredictionInput
