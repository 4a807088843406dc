"""The gate's door: every check, asked about one stage's templates and the sources behind them."""

from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

from infra.gate import checks
from infra.gate.assembly import Assembly, Resource
from infra.gate.finding import Finding
from infra.gate.machines import Definition
from infra.gate.sources import Sources

Check = Callable[[Assembly, Sources], Iterator[Finding]]


def every_check() -> Mapping[str, Check]:
    """The function ``check`` of each module in ``infra/gate/checks``, by the module's name."""
    names = sorted(module.name for module in iter_modules(checks.__path__))
    return {name: import_module(f"{checks.__name__}.{name}").check for name in names}


def findings(assembly: Assembly, root: Path) -> list[Finding]:
    """What is wrong with the templates, or with the sources below ``root`` (the repository or a copy of it)."""
    sources = Sources.below(root)
    return sorted(
        {finding for name, check in every_check().items() for finding in _asked(name, check, assembly, sources)}
    )


def _asked(name: str, check: Check, assembly: Assembly, sources: Sources) -> Iterator[Finding]:
    """A template may be so wrong that a check stumbles over it: that is a finding too, and the other checks are still asked."""
    try:
        yield from check(assembly, sources)
    except Exception as error:  # noqa: BLE001
        wrong = f"it has a shape that infra/gate/checks/{name}.py does not know: {type(error).__name__}: {error}"
        remedy, resource = "Mend the template, or the check", _looked_at(error)
        if resource is None:
            yield Finding(place=assembly.stage, check=name.replace("_", " "), wrong=wrong, remedy=remedy)
        else:
            yield resource.finding(name.replace("_", " "), wrong, remedy)


def _looked_at(error: Exception) -> Resource | None:
    """The resource that a check was looking at when it stumbled: the innermost that one of its functions has by name."""
    found, trace = None, error.__traceback__
    while trace is not None:
        values = [*trace.tb_frame.f_locals.values()]
        values += [each.resource for each in values if isinstance(each, Definition)]
        found = next((each for each in values if isinstance(each, Resource)), found)
        trace = trace.tb_next
    return found
