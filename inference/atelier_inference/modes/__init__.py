"""The modes of the server, one file each, called as the contract calls the mode (``contracts.modes.MODES``)."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from atelier_inference.mode import Dependencies, Mode
from contracts.modes import MODES

Modes = Mapping[str, Mode[Any]]


def make_modes(dependencies: Dependencies) -> Modes:
    """Every mode that the contract declares: class ``MODE`` of the module of its name."""
    return {name: import_module(f"{__name__}.{name}").MODE(fields, dependencies) for name, fields in MODES.items()}
