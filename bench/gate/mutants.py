"""Every mutant of every family."""

from importlib import import_module
from pkgutil import iter_modules

from bench.gate import families
from bench.gate.mutant import Mutant


def every_mutant() -> list[Mutant]:
    """In the order of their families' names. Raises ValueError where two are called the same."""
    names = sorted(module.name for module in iter_modules(families.__path__))
    found: list[Mutant] = [mutant for name in names for mutant in import_module(f"{families.__name__}.{name}").MUTANTS]
    if len({mutant.name for mutant in found}) < len(found):
        raise ValueError("two mutants have one name")
    return found
