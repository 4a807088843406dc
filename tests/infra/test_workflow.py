"""The state machines' shape: the same everywhere, every error has somewhere to go, and no expression reads what is not there."""

import re
from collections.abc import Callable
from typing import Any

from tests.infra.conftest import Machine, Synthesized


def adopting(job: str) -> tuple[str, ...]:
    """The states of a job: what makes it, and what goes on with one that is there already."""
    return (job, f"Adopt{job}", f"{job}Ended", f"Await{job}")


STATES = [
    "Prepare",
    "Start",
    *adopting("Segment"),
    "PreflightChoice",
    "Advised",
    "SearchChoice",
    *adopting("FineTune"),
    *adopting("Search"),
    "SearchFound",
    "BestTrial",
    *adopting("Evaluate"),
    "Gate",
    "EvaluatesAgain",
    "NotifyEvaluation",
    "EnsureModelPackageGroup",
    "GroupExists",
    "Register",
    "MissesGate",
    "Reject",
    "GatePassed",
    "Approval",
    "AutoApprove",
    "RequestApproval",
    "DeployChoice",
    "Publish",
    "NeedsEndpoint",
    "DeployEndpoint",
    "RegisterScalableTarget",
    "PutBacklogPolicy",
    "PutWakePolicy",
    "PutWakeAlarm",
    "PutSleepPolicy",
    "PutIdleAlarm",
    "SmokeTest",
    "UndoRollout",
    "Promote",
    "LeavesEndpoints",
    "RemoveEndpoints",
    "Notify",
    "Succeed",
    "RecordFailure",
    "Fail",
]
ROLLOUT = (
    "DeployEndpoint",
    "RegisterScalableTarget",
    "PutBacklogPolicy",
    "PutWakePolicy",
    "PutWakeAlarm",
    "PutSleepPolicy",
    "PutIdleAlarm",
    "SmokeTest",
)
"""States whose failure leaves an endpoint to remove."""

PRETRAINING_STATES = [
    "Prepare",
    "Start",
    *adopting("Shard"),
    *adopting("Train"),
    *adopting("Evaluate"),
    "Gate",
    "EnsureModelPackageGroup",
    "GroupExists",
    "Register",
    "MissesGate",
    "Reject",
    "GatePassed",
    "Approval",
    "AutoApprove",
    "RequestApproval",
    "Publish",
    "Notify",
    "Succeed",
    "RecordFailure",
    "Fail",
]


def test_the_states_are_those_of_the_architecture(stage: Synthesized) -> None:
    assert sorted(stage.definition["States"]) == sorted(STATES)
    assert sorted(stage.machine("Pretraining")["States"]) == sorted(PRETRAINING_STATES)
    assert stage.definition["QueryLanguage"] == stage.machine("Pretraining")["QueryLanguage"] == "JSONata"


def test_the_architecture_page_names_every_state_that_calls_something(machine: Machine, root: Any) -> None:
    page = (root / "docs" / "architecture.md").read_text(encoding="utf-8")
    part = page.split("## The pretraining state machine")[0 if machine.name == "Workflow" else 1]
    assert not [name for name in machine.tasks if not re.search(rf"\b{name}\b", part)]


def test_every_stage_has_the_same_definition_but_for_its_settings(synthesize: Callable[[str], Synthesized]) -> None:
    def skeleton(name: str) -> dict[str, Any]:
        both = synthesize(name).definition["States"], synthesize(name).machine("Pretraining")["States"]
        states = both[0] | {f"pretraining {name}": state for name, state in both[1].items()}
        settings = {"Arguments", "TimeoutSeconds", "Seconds"}
        return {name: {k: v for k, v in state.items() if k not in settings} for name, state in states.items()}

    assert skeleton("local") == skeleton("trial") == skeleton("dev")


def test_every_stage_runs_the_same_handlers(synthesize: Callable[[str], Synthesized]) -> None:
    def handlers(name: str) -> set[tuple[str, str]]:
        functions = synthesize(name).resources("AWS::Lambda::Function").values()
        ours = [f["Properties"] for f in functions if "atelier_ops" in f["Properties"]["Handler"]]
        return {(properties["Handler"], properties["Code"]["S3Key"]) for properties in ours}

    assert handlers("local") == handlers("trial") == handlers("dev")
    assert len({code for _, code in handlers("local")}) == 1


def test_every_task_retries_what_passes_and_catches_what_does_not(machine: Machine) -> None:
    for name, state in machine.tasks.items():
        assert state["Retry"], name
        assert all(rule["MaxAttempts"] >= 1 and rule["BackoffRate"] >= 1 for rule in state["Retry"]), name
        *own, caught = state["Catch"]
        assert [rule["Next"] for rule in own] == ([f"Adopt{name}"] if state["Resource"].endswith(".sync") else []), name
        assert caught["ErrorEquals"] == ["States.ALL"], name
        own_way = {"RecordFailure": "Fail", "EnsureModelPackageGroup": "GroupExists"}
        expected = {**own_way, **dict.fromkeys(ROLLOUT, "UndoRollout")}.get(name, "RecordFailure")
        assert caught["Next"] == expected, name


def test_a_caught_error_says_where_it_happened(machine: Machine) -> None:
    for name, state in machine.tasks.items():
        if name not in ("RecordFailure", "UndoRollout"):
            failure = state["Catch"][0]["Assign"]["failure"]
            assert failure["step"] == name
            assert ("plan" in failure) == (name != "Prepare")


def test_a_quota_is_final(machine: Machine) -> None:
    final = {"SageMaker.ResourceLimitExceededException", "States.ALL", "States.TaskFailed"}
    for name, state in machine.tasks.items():
        retried = {error for rule in state["Retry"] for error in rule["ErrorEquals"]}
        assert not retried & final, name


def test_nothing_waits_by_the_clock_but_for_a_job_that_is_there_already(machine: Machine) -> None:
    waiting = {name for name, state in machine.definition["States"].items() if state["Type"] == "Wait"}
    jobs = [name for name, state in machine.tasks.items() if state["Resource"].endswith(".sync")]
    assert waiting == {f"Await{job}" for job in jobs}
