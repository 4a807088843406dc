"""The state machines' shape: the same everywhere, every error has somewhere to go, and no expression reads what is not there."""

import re
from collections.abc import Callable
from typing import Any

import jsonata
import pytest

from local.sdk_errors import exception_class
from tests.infra.conftest import Machine, Synthesized
from tests.infra.definition import PLAN_KEY, expressions, targets, variables_of


def adopting(job: str) -> tuple[str, ...]:
    """The states of a job: what makes it, and what goes on with one that is there already."""
    return (job, f"Adopt{job}", f"{job}Ended", f"Await{job}")


STATES = [
    "Prepare",
    "Start",
    *adopting("Segment"),
    *adopting("FineTune"),
    *adopting("Evaluate"),
    "Gate",
    "GatePassed",
    "EnsureModelPackageGroup",
    "GroupExists",
    "Register",
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
ROLLOUT = ("DeployEndpoint", "RegisterScalableTarget", "PutBacklogPolicy", "PutWakePolicy", "PutWakeAlarm", "SmokeTest")
"""States whose failure leaves an endpoint to remove."""

PRETRAINING_STATES = [
    "Prepare",
    "Start",
    *adopting("Shard"),
    *adopting("Train"),
    *adopting("Evaluate"),
    "Gate",
    "GatePassed",
    "EnsureModelPackageGroup",
    "GroupExists",
    "Register",
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


def test_what_is_retried_and_caught_by_name_has_that_name(machine: Machine) -> None:
    """Of an SDK task: errors that the service's model has, the general one, and that no answer came. Throttling is the general one."""
    for name, state in machine.tasks.items():
        if ":aws-sdk:" in state["Resource"]:
            service = state["Resource"].split(":")[-2]
            retried = {error for rule in state["Retry"] for error in rule["ErrorEquals"]}
            (prefix,) = {error.partition(".")[0] for error in retried}
            assert prefix.lower() == service, name
            general = {f"{prefix}.{prefix}Exception", f"{prefix}.SdkClientException"}
            assert general <= retried, name
            modelled = {error.partition(".")[2] for error in retried - general}
            assert all(exception_class(service, error) == error for error in modelled), name


def test_every_choice_has_a_default(machine: Machine) -> None:
    choices = {name: s for name, s in machine.definition["States"].items() if s["Type"] == "Choice"}
    assert choices
    assert all(state.get("Default") for state in choices.values())


def test_every_wait_ends(machine: Machine) -> None:
    for name, state in machine.tasks.items():
        assert 0 < state["TimeoutSeconds"] <= machine.definition["TimeoutSeconds"], name
        assert state.get("HeartbeatSeconds", 0) <= state["TimeoutSeconds"], name


def test_a_job_is_stopped_by_itself_before_its_state_gives_up(machine: Machine) -> None:
    states = machine.tasks
    jobs = [name for name, state in states.items() if state["Resource"].endswith(".sync")]
    assert len(jobs) == 3
    for name in jobs:
        limits = states[name]["Arguments"]["StoppingCondition"]
        assert max(limits.values()) < states[name]["TimeoutSeconds"], name


def test_a_handler_ends_by_itself_before_its_state_gives_up(machine: Machine) -> None:
    functions = machine.stage.resources("AWS::Lambda::Function")
    for name, state in machine.tasks.items():
        if state["Resource"].endswith("lambda:invoke"):
            called = str(state["Arguments"]["FunctionName"]).rpartition(":")[2]
            limit = next(f["Properties"]["Timeout"] for key, f in functions.items() if key == called)
            assert limit <= state["TimeoutSeconds"], name


def test_nothing_waits_by_the_clock_but_for_a_job_that_is_there_already(machine: Machine) -> None:
    waiting = {name for name, state in machine.definition["States"].items() if state["Type"] == "Wait"}
    jobs = [name for name, state in machine.tasks.items() if state["Resource"].endswith(".sync")]
    assert waiting == {f"Await{job}" for job in jobs}


def test_every_expression_compiles(machine: Machine) -> None:
    found = list(expressions(machine.definition))
    assert len(found) > 50
    for expression in found:
        jsonata.Jsonata(expression)


def test_every_expression_reads_keys_that_the_plan_has(machine: Machine) -> None:
    paths = {path for expression in expressions(machine.definition) for path in PLAN_KEY.findall(expression)}
    assert paths
    for path in paths:
        value: Any = {**machine.plan, "known": machine.variables}
        for key in path.strip(".").split("."):
            assert key in value, f"$plan{path}"
            value = value[key]


def test_every_variable_is_assigned_on_every_way_to_its_use(machine: Machine) -> None:
    states = machine.definition["States"]
    known = assigned_before(machine.definition)
    for name, state in states.items():
        own = {key: value for key, value in state.items() if key not in ("Choices", "Catch")}
        # A catch is reached before the state assigned anything; a choice's conditions too.
        for part in (own, state.get("Choices", []), state.get("Catch", [])):
            for expression in expressions(part):
                missing = variables_of(expression) - known[name]
                assert not missing, f"{name}: {expression} reads {missing}"


def assigned_before(definition: dict[str, Any]) -> dict[str, set[str]]:
    """The variables that every way to a state has assigned."""
    states = definition["States"]
    known: dict[str, set[str]] = {definition["StartAt"]: set()}
    waiting = [definition["StartAt"]]
    while waiting:
        name = waiting.pop()
        for target, assigned in targets(states[name]):
            after = known[name] | set(assigned)
            before = known.get(target)
            merged = after if before is None else before & after
            if merged != before:
                known[target] = merged
                waiting.append(target)
    assert set(known) == set(states), "a state that nothing leads to"
    return known


@pytest.mark.parametrize(
    ("construct", "name", "function"),
    [
        ("Workflow", "Prepare", "HandlersPrepareFunction"),
        ("Workflow", "SmokeTest", "HandlersSmokeTestFunction"),
        ("Workflow", "Gate", "HandlersGateFunction"),
        ("Pretraining", "Prepare", "HandlersPreparePretrainingFunction"),
        ("Pretraining", "Gate", "HandlersGateFunction"),
        ("Pretraining", "Publish", "HandlersPublishBaseFunction"),
        ("Pretraining", "RequestApproval", "HandlersRequestApprovalFunction"),
    ],
)
def test_a_lambda_state_calls_its_handler(stage: Synthesized, construct: str, name: str, function: str) -> None:
    called = stage.machine(construct)["States"][name]["Arguments"]["FunctionName"]
    assert called.rpartition(":")[2].startswith(function)
