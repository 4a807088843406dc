"""Steps and flows: what becomes of them, and that nothing about a step can be forgotten elsewhere."""

import json
from collections.abc import Sequence
from typing import Any

import pytest

from contracts.job_kinds import JOB_WORDS
from contracts.plan import FineTuningPlan, PretrainingPlan
from infra.components.access import Statement
from infra.components.workflow.flow import Branch, EarlyEnd, Flow, Requirement, states, steps
from infra.components.workflow.machine import definition
from infra.components.workflow.resumable import Resumable
from infra.components.workflow.step import JobSpec, Step
from infra.components.workflow.steps.preparation import prepare
from infra.gate.checks.machine_expressions import declares
from tests.infra.conftest import Machine, Synthesized
from tests.infra.definition import text
from tests.infra.test_roles import listed, of_machine


def step(name: str, **changes: Any) -> Step:
    values: dict[str, Any] = {
        "name": name,
        "does": f"Do {name}",
        "resource": "sns:publish",
        "arguments": {},
        "retries": [],
        "allows": [],
    }
    return Step(**{**values, **changes})


def follows(flow: Flow) -> dict[str, set[str]]:
    """Where each state goes on to, errors aside."""
    return {
        name: {state[key] for key in ("Next", "Default") if key in state}
        | {choice["Next"] for choice in state.get("Choices", [])}
        for name, state in states(flow, "End").items()
    }


def test_steps_follow_each_other_and_the_last_goes_on_to_what_comes_after() -> None:
    assert follows((step("A"), step("B"))) == {"A": {"B"}, "B": {"End"}}


def test_both_ways_of_a_branch_meet_behind_it() -> None:
    flow = (Branch(name="Fork", when="$x", then=(step("A"),), otherwise=(step("B"), step("C"))), step("D"))
    assert follows(flow) == {"Fork": {"A", "B"}, "A": {"D"}, "B": {"C"}, "C": {"D"}, "D": {"End"}}
    assert [each.name for each in steps(flow)] == ["A", "B", "C", "D"]


def test_a_run_may_have_succeeded_before_its_last_step() -> None:
    ending = EarlyEnd(name="Enough", when="$x", step="A", ends="Told", outcome="{'x': $x}")
    flow = (step("A"), ending, step("B"))
    assert follows(flow) == {"A": {"Enough"}, "Enough": {"Told", "B"}, "Told": {"Succeed"}, "B": {"End"}}
    assert Resumable(flow=flow, before=()).points == ["A", "B"]
    assert states(flow, "End")["Told"]["Output"] == "{% {'x': $x} %}"


def test_an_empty_way_of_a_branch_leads_past_it_even_at_the_end() -> None:
    inner = Branch(name="Inner", when="$y", then=(step("A"),))
    assert follows((Branch(name="Outer", when="$x", otherwise=(inner,)),)) == {
        "Outer": {"End", "Inner"},
        "Inner": {"A", "End"},
        "A": {"End"},
    }


def test_a_requirement_that_is_not_met_fails_its_step() -> None:
    flow = (step("A"), Requirement(name="Good", when="$ok", step="A", error="Bad", cause="$why"))
    state = states(flow, "End")["Good"]
    assert state["Default"] == "RecordFailure"
    assert (state["Assign"]["failure"]["step"], state["Assign"]["failure"]["error"]) == ("A", "{% 'Bad' %}")
    assert follows(flow)["Good"] == {"End", "RecordFailure"}


def test_an_error_that_is_tolerated_goes_on_as_success_does() -> None:
    flow = (step("A", tolerates=("Fine", "$contains($failure.cause, 'exists')")), step("B"))
    found = states(flow, "End")
    assert found["A"]["Catch"][0]["Next"] == "Fine"
    assert follows(flow)["Fine"] == {"B", "RecordFailure"}


@pytest.mark.parametrize(
    ("resource", "job"),
    [
        ("sagemaker:createTrainingJob.sync", None),
        ("sns:publish", JobSpec(key="a", kind="training", instance="ml.m5.large", volume_gib=1, seconds=60)),
    ],
)
def test_a_job_without_its_facts_is_refused_and_facts_without_a_job_too(resource: str, job: JobSpec | None) -> None:
    with pytest.raises(ValueError, match=r"step A: got .*; allowed: a job for …Job\.sync only"):
        step("A", resource=resource, job=job)


def test_a_new_job_reaches_the_plan_by_itself(dev: Synthesized) -> None:
    """The report of a failed run counts, and ``atelier`` follows, the jobs that the plan names."""
    facts = JobSpec(key="caption", kind="processing", instance="ml.m5.xlarge", volume_gib=1, seconds=60)
    caption = step("Caption", resource="sagemaker:createProcessingJob.sync", job=facts)
    rest = Resumable(flow=(caption,), before=())
    jobs = prepare(dev.stacks.training.resources, rest).arguments["Payload"]["jobs"]
    known = {"state": "Caption", "kind": "processing", "instance": "ml.m5.xlarge", "volume_gib": 1, "seconds": 60}
    assert jobs == {"caption": known}


def test_every_job_is_in_the_plan_and_reads_its_own_name_there(machine: Machine) -> None:
    planned = machine.tasks["Prepare"]["Arguments"]["Payload"]["jobs"]
    jobs = {name: state for name, state in machine.tasks.items() if state["Resource"].endswith(".sync")}
    assert {job["state"] for job in planned.values()} == set(jobs)
    for key, job in planned.items():
        arguments = jobs[job["state"]]["Arguments"]
        assert arguments[f"{JOB_WORDS[job['kind']]}Name"] == f"{{% $plan.jobs.{key}.name %}}"
        assert job["instance"] in json.dumps(arguments)
        # The handlers' own tests use these facts.
        assert machine.plan["jobs"][key]["state"] == job["state"]
        assert machine.plan["jobs"][key]["kind"] == job["kind"]


def test_what_steps_need_of_the_plan_is_there(machine: Machine) -> None:
    stack = machine.stage.stacks.training
    flow = stack.workflow.flow if machine.name == "Workflow" else stack.pretraining.flow
    needed = set().union(*(each.needs for each in steps(flow)))
    assert {"runs.evaluate", "base.uri", "model_package_group"} <= needed
    contract = FineTuningPlan if machine.name == "Workflow" else PretrainingPlan
    assert contract.from_json(machine.plan)
    for path in needed:
        assert declares(contract, path.split(".")), f"$plan.{path}"
        value: Any = machine.plan
        for key in path.split("."):
            assert key in value, f"$plan.{path}"
            value = value[key]


@pytest.mark.parametrize(
    ("path", "known"),
    [("base.uri", True), ("base.url", False), ("runs.any", True), ("jobs.any.name", True), ("jobs.any.nmae", False)],
)
def test_a_path_that_a_plan_does_not_declare_is_noticed(path: str, known: bool) -> None:
    assert declares(PretrainingPlan, path.split(".")) == known


def test_the_role_may_do_what_the_steps_need_and_no_more(machine: Machine) -> None:
    stack = machine.stage.stacks.training
    construct = stack.workflow if machine.name == "Workflow" else stack.pretraining
    needed = {action for each in steps(construct.flow) for action in actions(each.allows)} | {"lambda:InvokeFunction"}
    allowed = {
        action for statement in of_machine(machine.stage, machine.name) for action in listed(statement["Action"])
    }
    extra = {action for action in allowed if not action.startswith(("logs:", "xray:"))} - needed
    assert (needed - allowed, extra) == (set(), set())


def actions(statements: Sequence[Statement]) -> set[str]:
    return {action for statement in statements for action in statement["Action"]}


def test_the_whole_definition_ends_in_success_or_in_a_recorded_failure() -> None:
    made = definition((step("A"),), "arn:recorder")
    assert (made["StartAt"], made["QueryLanguage"]) == ("A", "JSONata")
    assert set(made["States"]) == {"A", "Succeed", "RecordFailure", "Fail"}
    assert made["States"]["A"]["Next"] == "Succeed"


def test_a_handler_that_two_machines_call_is_made_once(stage: Synthesized) -> None:
    called = [
        stage.machine(name)["States"]["Gate"]["Arguments"]["FunctionName"] for name in ("Workflow", "Pretraining")
    ]
    assert len(set(called)) == 1


def test_a_style_s_endpoint_may_have_encrypted_volumes(stage: Synthesized) -> None:
    (policy,) = [
        resource["Properties"]["PolicyDocument"]["Statement"]
        for logical_id, resource in stage.resources("AWS::IAM::Policy").items()
        if logical_id.startswith("HandlersDeployEndpointRole")
    ]
    (grant,) = [statement for statement in policy if "kms:CreateGrant" in listed(statement["Action"])]
    assert grant["Condition"] == {"Bool": {"kms:GrantIsForAWSResource": "true"}}
    assert "Key" in text(listed(grant["Resource"])[0])
