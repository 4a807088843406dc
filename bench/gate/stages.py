"""Stages that nobody deploys, whose templates have what those of the table of stages have not: endpoints that answer at once."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace

from infra.config import STAGES
from infra.settings.network import Network
from infra.settings.page import StagePage
from infra.settings.stage import Stage

_LOCAL = STAGES["local"]
REAL_TIME = replace(
    _LOCAL,
    name="quick",
    api=replace(_LOCAL.api, loopback_webhooks=False),
    serving=replace(_LOCAL.serving, kind="real-time", fewest_instances=1, most_instances=2),
    network=Network(),
    page=StagePage(),
)
OTHERS: Mapping[str, Stage] = {REAL_TIME.name: REAL_TIME}


@contextmanager
def tabled(name: str) -> Iterator[None]:
    """Have the stage of that name in the table of stages, where the gate looks up what its templates should be."""
    if name not in OTHERS:
        yield
        return
    STAGES[name] = OTHERS[name]
    try:
        yield
    finally:
        del STAGES[name]
