"""What every ring shares: the repository's root, and no way to reach a real account by accident."""

import gc
import os
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from xdist.scheduler import LoadFileScheduling

from diffusion.unquantised import leave_out
from infra.node import use_packaged_node

ROOT = Path(__file__).resolve().parent.parent

# Two cores run several processes: one thread each is faster than many that wait for each other.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# CDK's own validator takes three CPU seconds for the first template it reads; `make templates` asks it about every stage.
os.environ.setdefault("CDK_VALIDATION", "false")

# How long an example takes is no property of the code: machines differ, and two cores run other things too.
settings.register_profile("steady", deadline=None)
settings.load_profile("steady")

use_packaged_node()
leave_out()


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository's root folder."""
    return ROOT


@pytest.fixture(autouse=True)
def _no_account(monkeypatch: pytest.MonkeyPatch) -> None:
    """Credentials that no account knows: a call that escapes the fakes fails instead of costing money."""
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Import every test's libraries without looking for garbage meanwhile, and never look through them again: a million objects stay."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Deal tests out by file, and those of a ring that shares what takes long to make (a deployed cloud, synthesized stages) together.

    The groups of pytest-xdist 3.8 do nothing with pytest 9.2: the name of a group is lost on the way to its scheduler.
    """
    scheduler = LoadFileScheduling(config, log)
    scheduler._split_scope = _unit
    return scheduler


def _unit(nodeid: str) -> str:
    file = nodeid.split("::", 1)[0]
    ring = Path(file).parent.name
    return ring if ring in ("browser", "e2e", "infra") else file


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the ring that takes one process longest, and give another the browser's: they wait while a third works on the rest."""
    first = ("e2e", "browser")
    items.sort(key=lambda item: first.index(ring) if (ring := item.path.parent.name) in first else len(first))
