"""What makes a stage fit for customers is meant twice: once in infra/config.py, and once here, where no slip of the one reaches."""

from collections.abc import Iterator, Mapping
from typing import Any

from infra.config import STAGES
from infra.gate.assembly import Assembly
from infra.gate.finding import Finding
from infra.gate.sources import Sources

_NAME = "production"
_STAGE = "prod"
_MEANT: Mapping[str, tuple[Any, str]] = {
    "keep_data": (True, "customers' styles cannot be made again"),
    "placement.protected": (True, "nobody deletes it by mistake, or deploys it to another account"),
    "rules.approval": ("manual", "a person looks at every result before it is served"),
    "base_images": ("public", "a deployment needs no login"),
}
_AT_LEAST: Mapping[str, tuple[int, str]] = {
    "log_days": (90, "what happened is asked about months later"),
    "run_days": (90, "a run may be taken up, and its pictures looked at, for a while"),
    "serving.first_instances": (2, "one of two instances can be a canary"),
    "serving.most_instances": (2, "a fleet of one cannot follow its queue"),
    "watching.monthly_dollars": (1, "nobody sees otherwise that costs run away"),
    "api.most_from_one_address": (10, "one address must not take all that the others may"),
}
"""Settings of the stage by their path, what they are at least, and why."""


def check(assembly: Assembly, sources: Sources) -> Iterator[Finding]:
    """See the module."""
    if assembly.stage != _STAGE or _STAGE not in STAGES:
        return
    place = f"{_STAGE} infra/config.py"
    for path, (meant, why) in _MEANT.items():
        got = _at(path)
        if got != meant:
            yield Finding(place=place, check=_NAME, wrong=f"{path} is {got!r}: {why}", remedy=f"Make it {meant!r}")
    for path, (least, why) in _AT_LEAST.items():
        got = _at(path) or 0
        if got < least:
            yield Finding(place=place, check=_NAME, wrong=f"{path} is {got}: {why}", remedy=f"Make it {least} or more")


def _at(path: str) -> Any:
    found: Any = STAGES[_STAGE]
    for name in path.split("."):
        found = getattr(found, name)
    return found
