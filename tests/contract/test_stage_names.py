"""However long a stage's name is, what is made in its name begins with it, and with no other stage's."""

import re

import pytest

from atelier_ops.logic.names import bounded, run_jobs, style_endpoint
from infra.settings.stage import NAME

LONGEST = "a" + "9" * 14
PREFIX = f"atelier-{LONGEST}"
LONG = "x" * 80
"""The longest name of an execution."""


def test_the_longest_name_is_allowed_and_none_that_is_longer() -> None:
    assert re.fullmatch(NAME, LONGEST)
    assert not re.fullmatch(NAME, f"{LONGEST}9")


def made(prefix: str) -> list[str]:
    """What is made at run time under the longest names."""
    jobs = {key: {"state": "Any", "kind": "training", "instance": "ml.m5.xlarge"} for key in ("train", "evaluate")}
    planned = run_jobs(jobs, prefix, LONG)
    groups = [bounded(f"{prefix}-{LONG}"), bounded(f"{prefix}--base-{LONG}")]
    return [*(job["name"] for job in planned.values()), style_endpoint(prefix, LONG, 999), *groups]


def test_what_a_run_makes_begins_with_the_stage_and_is_short_enough() -> None:
    assert [name for name in made(PREFIX) if not name.startswith(f"{PREFIX}-") or len(name) > 63] == []
    assert style_endpoint(PREFIX, LONG, 999).startswith(f"{PREFIX}-style-")


@pytest.mark.parametrize("name", ["local", "dev", "dev2", LONGEST])
def test_no_stage_begins_as_another_does(name: str) -> None:
    others = [other for other in ("dev", "dev2", "dev23", "de", LONGEST, LONGEST[:-1]) if other != name]
    assert [other for other in others for each in made(f"atelier-{other}") if each.startswith(f"atelier-{name}-")] == []
