"""What is meant to happen: the states of runs that go well, in order, and which must not be entered. Other states may stand between.

A run of a machine that has other states than these is not looked at.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

_MEASURED = ("Prepare", "Segment", "FineTune", "Evaluate", "Gate", "EnsureModelPackageGroup", "Register")
_SCALED = (
    "RegisterScalableTarget",
    "PutBacklogPolicy",
    "PutWakePolicy",
    "PutWakeAlarm",
    "PutSleepPolicy",
    "PutIdleAlarm",
)
_FOLLOWED = ("RegisterScalableTarget", "PutRequestsPolicy")
"""The same of a real-time endpoint."""
_TRAINED = ("Prepare", "Shard", "Train", "Evaluate", "Gate", "EnsureModelPackageGroup", "Register")
_FAILED = ("RecordFailure", "UndoRollout")
_ONE: Mapping[str, Any] = {"search": None}
"""A run with one training."""
_SEARCH = ("Search", "BestTrial")

UNDONE = ("DeployEndpoint", *_SCALED, *_FOLLOWED, "SmokeTest")
"""Whatever of these fails, the rollout is undone before the failure is recorded."""

UNDO, RECORD = "UndoRollout", "RecordFailure"


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """A run that goes well. ``plan`` are values of its plan, ``answers`` what handlers answer besides the usual, by state."""

    what: str
    plan: Mapping[str, Any]
    passes: Sequence[str]
    never: Sequence[str]
    answers: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


def _fine_tuning(scaled: Sequence[str]) -> Sequence[Scenario]:
    """``scaled`` are the states in which a version's own endpoint gets its scaling."""
    return (
        Scenario(
            what="a version that a person approves and that gets an endpoint of its own",
            plan={"approval": "manual", "deploy": "endpoint", "method": "full", **_ONE},
            answers={"Promote": {"left": ["atelier-style-teal-v1"]}},
            passes=(
                *_MEASURED,
                "RequestApproval",
                "Publish",
                "DeployEndpoint",
                *scaled,
                "SmokeTest",
                "Promote",
                "RemoveEndpoints",
                "Notify",
            ),
            never=("AutoApprove", *_SEARCH, *_FAILED),
        ),
        Scenario(
            what="an adapter that its input approves",
            plan={"approval": "auto", "deploy": "adapter", "method": "lora", **_ONE},
            answers={"Publish": {"endpoint": ""}},
            passes=(*_MEASURED, "AutoApprove", "Publish", "SmokeTest", "Promote", "Notify"),
            never=("RequestApproval", "DeployEndpoint", *scaled, "RemoveEndpoints", *_FAILED),
        ),
        Scenario(
            what="a version that is only registered",
            plan={"approval": "auto", "deploy": "none", "method": "lora", **_ONE},
            passes=(*_MEASURED, "AutoApprove", "Notify"),
            never=("RequestApproval", "Publish", "DeployEndpoint", "SmokeTest", "Promote", "RemoveEndpoints", *_FAILED),
        ),
        Scenario(
            what="pictures that are only looked at",
            plan={"preflight": True, "approval": "manual", "deploy": "adapter", "method": "lora", **_ONE},
            passes=("Prepare", "Segment", "Advised"),
            never=("FineTune", *_SEARCH, "Evaluate", "Register", "RequestApproval", "Publish", "Notify", *_FAILED),
        ),
        Scenario(
            what="the best of several trainings",
            plan={"approval": "auto", "deploy": "none", "method": "lora"},
            passes=("Prepare", "Segment", *_SEARCH, "Evaluate", "Gate", "Register", "Notify"),
            never=("FineTune", *_FAILED),
        ),
        Scenario(
            what="a published version that is measured again",
            plan={
                **_ONE,
                "evaluates": "3",
                "deploy": "none",
                "at": "Evaluate",
                "known": {"notes": [], "artifact": "s3://model-bucket/styles/teal/3/", "trained": 0},
            },
            passes=("Prepare", "Evaluate", "Gate", "NotifyEvaluation"),
            never=("Segment", "FineTune", "Register", "Publish", "Promote", "Notify", *_FAILED),
        ),
    )


FINE_TUNING, FINE_TUNING_REAL_TIME = _fine_tuning(_SCALED), _fine_tuning(_FOLLOWED)
PRETRAINING = (
    Scenario(
        what="a base model that its input approves",
        plan={"approval": "auto"},
        passes=(*_TRAINED, "AutoApprove", "Publish", "Notify"),
        never=("RequestApproval", "RecordFailure"),
    ),
    Scenario(
        what="a base model that a person approves",
        plan={"approval": "manual"},
        passes=(*_TRAINED, "RequestApproval", "Publish", "Notify"),
        never=("AutoApprove", "RecordFailure"),
    ),
)
"""The first of each machine takes most states; what fails, and how a run is taken up, is tried with it."""

TOLD: Mapping[str, set[str]] = {
    "Workflow": {
        "style",
        "version",
        "package",
        "adapter",
        "endpoint",
        "promotion",
        "comparison",
        "metrics",
        "report",
        "notes",
    },
    "Pretraining": {"base_model", "version", "package", "uri", "metrics", "report", "notes"},
}
"""What a run's output says: the API and ``atelier`` read it."""
