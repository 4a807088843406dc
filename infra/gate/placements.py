"""Where the gate reads each stage: as the table of stages says, or pinned to a region with everything that a placement can say."""

from dataclasses import replace

from infra.settings.placement import Placement
from infra.settings.stage import Stage

EVERYTHING = Placement(
    account="111122223333",
    region="eu-west-1",
    qualifier="team42",
    permissions_boundary="team-boundary",
    owner="pictures",
    cost_center="4711",
    protected=True,
)
"""Another account and region than those that the gate reads an unpinned stage with, so that a literal of either shows."""


def as_deployed(stage: Stage) -> Stage:
    """A protected stage is pinned, as it must be to be deployed; the others go wherever the caller's credentials do."""
    return stage.placed(EVERYTHING) if stage.placement.protected else stage


def pinned(stage: Stage, region: str) -> Stage:
    """The stage in a region, with everything that a placement can say. Raises ValueError for no region's name."""
    return stage.placed(replace(EVERYTHING, region=region))
