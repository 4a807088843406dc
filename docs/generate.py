"""Writes what the docs say of the code: ``make docs``. A test compares every part with what this module would write.

A part is either a whole file or the lines between ``<!-- generated: NAME -->`` and ``<!-- end: NAME -->`` of a page.
"""

import dataclasses
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from contracts.model import Contract
from docs import commands, openapi
from docs.fields import TABLES
from docs.markdown import table
from docs.schemas import SCHEMAS, schema
from docs.states import fine_tuning_chart, fine_tuning_states, pretraining_chart, pretraining_states
from infra import model_terms
from infra.config import STAGES
from infra.costs import report
from infra.gate.sold import HOSTING, PROCESSING, regions, sold
from infra.settings.stage import Stage

DOCS = Path(__file__).resolve().parent


@dataclass(frozen=True, kw_only=True)
class Part:
    """A generated part of the docs: what ``write`` returns, put into ``page`` between the markers called ``name``."""

    page: str
    name: str
    write: Callable[[], str]

    @property
    def path(self) -> Path:
        """The file that holds the part."""
        return DOCS / self.page

    def rendered(self) -> str:
        """The whole page with this part as the code has it now. Raises ValueError where the page lacks the markers."""
        begin, end = f"<!-- generated: {self.name} -->\n", f"<!-- end: {self.name} -->\n"
        before, opened, rest = self.path.read_text(encoding="utf-8").partition(begin)
        _, closed, after = rest.partition(end)
        if not opened or not closed:
            raise ValueError(f"{self.page}: got no part called {self.name}; allowed: one between its two markers")
        return f"{before}{begin}\n{self.write().rstrip()}\n\n{end}{after}"


@dataclass(frozen=True, kw_only=True)
class GeneratedFile(Part):
    """A file that is generated as a whole."""

    def rendered(self) -> str:
        """The whole file as the code has it now."""
        return self.write()


def stage_settings() -> str:
    """Every setting of every stage."""
    columns = [_settings(stage) for stage in STAGES.values()]
    names = [name for name in columns[0] if name != "name"]
    return table(["setting", *STAGES], [[f"`{name}`", *(column[name] for column in columns)] for name in names])


def stage_costs() -> str:
    """What each stage that can be deployed costs, and the quotas it needs."""
    reports = (f"```text\n{report(stage).rstrip()}\n```" for stage in STAGES.values() if stage.name != "local")
    return "\n\n".join(reports)


def stage_regions() -> str:
    """Where the machines of each stage are sold for its endpoint and its processing jobs."""
    rows = [[f"`{stage.name}`", ", ".join(_regions(stage))] for stage in STAGES.values() if stage.name != "local"]
    return table(["stage", "regions"], rows)


def _regions(stage: Stage) -> list[str]:
    """The regions that sell all of it; in bold those where ``serving.elsewhere`` chooses the endpoint's machines."""
    found = []
    for region in regions():
        serving = stage.serving.in_region(region)
        jobs = {stage.jobs.processing_instance, stage.pretraining.shard_instance}
        if {serving.instance, *serving.fallbacks} <= sold(HOSTING, region) and jobs <= sold(PROCESSING, region):
            found.append(f"**{region}**" if region in stage.serving.elsewhere else region)
    return found


def _settings(value: Any, prefix: str = "") -> Mapping[str, str]:
    settings: dict[str, str] = {}
    for field in dataclasses.fields(value):
        inner = getattr(value, field.name)
        if dataclasses.is_dataclass(inner) and field.default is None:
            # A part that other stages lack is one line of the table.
            parts = dataclasses.asdict(inner)  # type: ignore[arg-type]
            settings[prefix + field.name] = ", ".join(f"{name} {value}" for name, value in parts.items())
        elif dataclasses.is_dataclass(inner):
            settings |= _settings(inner, f"{prefix}{field.name}.")
        elif isinstance(inner, Contract):
            settings[prefix + field.name] = json.dumps(inner.to_json())
        elif isinstance(inner, Mapping):
            settings[prefix + field.name] = "; ".join(
                f"{key}: {each if isinstance(each, str) else ', '.join(each)}" for key, each in inner.items()
            )
        else:
            settings[prefix + field.name] = ", ".join(map(str, inner)) if isinstance(inner, tuple) else str(inner)
    return settings


def licences() -> str:
    """On what terms each model of the catalogue may be used."""
    return table(model_terms.TITLES, model_terms.rows())


PARTS = (
    Part(page="stages.md", name="settings", write=stage_settings),
    Part(page="stages.md", name="costs", write=stage_costs),
    Part(page="stages.md", name="regions", write=stage_regions),
    Part(page="law.md", name="licences", write=licences),
    *(Part(page=page, name=name, write=write) for page, parts in TABLES.items() for name, write in parts.items()),
    *(
        GeneratedFile(page=f"schemas/{name}.json", name=f"schema {name}", write=partial(schema, name))
        for name in SCHEMAS
    ),
    Part(page="architecture.md", name="fine-tuning chart", write=fine_tuning_chart),
    Part(page="architecture.md", name="fine-tuning states", write=fine_tuning_states),
    Part(page="architecture.md", name="pretraining chart", write=pretraining_chart),
    Part(page="architecture.md", name="pretraining states", write=pretraining_states),
    GeneratedFile(page="commands.md", name="commands", write=commands.page),
    GeneratedFile(page="openapi.json", name="openapi", write=openapi.text),
)


def main() -> None:
    """Rewrite every part."""
    for part in PARTS:
        part.path.parent.mkdir(exist_ok=True)
        part.path.write_text(part.rendered(), encoding="utf-8")


if __name__ == "__main__":
    main()
