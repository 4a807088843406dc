"""The gate's door: every check, asked about one stage's templates and the sources behind them."""

from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

from infra.gate import checks
from infra.gate.assembly import Assembly
from infra.gate.finding import Finding
from infra.gate.sources import Sources

Check = Callable[[Assembly, Sources], Iterator[Finding]]


def every_check() -> Sequence[Check]:
    """The function ``check`` of each module in ``infra/gate/checks``, by the module's name."""
    names = sorted(module.name for module in iter_modules(checks.__path__))
    return [import_module(f"{checks.__name__}.{name}").check for name in names]


def findings(assembly: Assembly, root: Path) -> list[Finding]:
    """What is wrong with the templates, or with the sources below ``root`` (the repository or a copy of it)."""
    sources = Sources.below(root)
    return sorted({finding for check in every_check() for finding in check(assembly, sources)})
