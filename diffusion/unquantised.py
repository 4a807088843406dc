"""Models here are not quantised, and libraries need not learn how: it would take each process two thirds of a second of a CPU."""

import sys
from importlib.machinery import PathFinder

QUANTISES = "bitsandbytes"
"""It has the 8-bit optimizers of a training, too."""


def is_installed() -> bool:
    """Whether the library is there, in use or not."""
    return PathFinder.find_spec(QUANTISES) is not None


def leave_out() -> None:
    """Have diffusers and peft find no such library. To be called before they are imported."""
    sys.modules.setdefault(QUANTISES, None)  # type: ignore[arg-type]


def bring_back() -> None:
    """Let it be imported from now on."""
    if sys.modules.get(QUANTISES, QUANTISES) is None:
        del sys.modules[QUANTISES]
