"""A job that is there already under the name that a state asks for: whose it is, and how the run goes on with it."""

from typing import Any

import pytest

from tests.infra.conftest import Machine, Synthesized
from tests.infra.definition import evaluate
from tests.infra.plan import variables

ID = "arn:aws:states:us-east-1:123456789012:execution:atelier-dev:first-run"
STARTED = "2026-11-22T14:00:00Z"
CONTEXT = {"Execution": {"Id": ID, "Name": "first-run", "StartTime": STARTED}}
OUTPUT = "s3://data-bucket/runs/first-run/train/job/output/model"


def description(kind: str, status: str, **changes: Any) -> dict[str, Any]:
    """A job of this execution as SageMaker describes it."""
    own = {"Environment": {"OMP_NUM_THREADS": "1", "ATELIER_EXECUTION": f"{ID} {STARTED}"}}
    training = {"ModelArtifacts": {"S3ModelArtifacts": OUTPUT}, "BillableTimeInSeconds": 387}
    processing = {"ExitMessage": "a.png is left out"}
    return {f"{kind}JobStatus": status, **own, **(training if kind == "Training" else processing), **changes}


def onwards(stage: Synthesized, name: str, job: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """The state that follows when the job is looked at, and what is assigned on that way."""
    choice = stage.definition["States"][f"{name}Ended"]
    known = variables(notes=["b"], states={"context": CONTEXT, "input": job})
    for rule in choice["Choices"]:
        if evaluate(rule["Condition"], known):
            return rule["Next"], evaluate(rule.get("Assign", {}), known)
    return choice["Default"], evaluate(choice["Assign"], known)


def test_every_job_says_which_execution_made_it(machine: Machine) -> None:
    jobs = [state for state in machine.tasks.values() if state["Resource"].endswith(".sync")]
    assert len(jobs) == (4 if machine.name == "Workflow" else 3)
    for job in jobs:
        made = job["Arguments"].get("TrainingJobDefinition", job["Arguments"])
        environment = evaluate(made["Environment"], {"states": {"context": CONTEXT}})
        assert environment["ATELIER_EXECUTION"] == f"{ID} {STARTED}"


def test_a_name_that_is_taken_leads_to_a_look_at_the_job(machine: Machine) -> None:
    for name, state in machine.tasks.items():
        if state["Resource"].endswith(".sync"):
            assert state["Catch"][0]["ErrorEquals"] == ["SageMaker.ResourceInUseException"]
            assert state["Catch"][0]["Assign"]["failure"]["step"] == name
            look = machine.tasks[state["Catch"][0]["Next"]]
            kind = state["Resource"].rpartition(":create")[2].removesuffix("Job.sync")
            assert look["Resource"].endswith(f"aws-sdk:sagemaker:describe{kind}Job")
            assert look["Arguments"] == {f"{kind}JobName": state["Arguments"][f"{kind}JobName"]}
            assert look["Next"] == f"{name}Ended"


@pytest.mark.parametrize(
    ("name", "kind", "following"), [("Segment", "Processing", "PreflightChoice"), ("FineTune", "Training", "Evaluate")]
)
def test_a_job_of_this_execution_is_waited_for_and_kept_as_if_it_had_just_been_made(
    dev: Synthesized, name: str, kind: str, following: str
) -> None:
    for status in ("InProgress", "Stopping"):
        early = {
            key: value
            for key, value in description(kind, status).items()
            if key not in ("ModelArtifacts", "ExitMessage")
        }
        assert onwards(dev, name, early) == (f"Await{name}", {})
    job = description(kind, "Completed")
    kept = evaluate(dev.definition["States"][name]["Assign"], variables(notes=["b"], states={"result": job}))
    assert onwards(dev, name, job) == (following, kept)
    assert kept == (
        {"artifact": f"{OUTPUT}/", "trained": 387} if kind == "Training" else {"notes": ["b", "a.png is left out"]}
    )


def test_a_search_of_this_execution_is_kept_as_if_it_had_just_been_made_and_one_of_another_is_not(
    dev: Synthesized,
) -> None:
    job = {
        "HyperParameterTuningJobStatus": "Completed",
        "TrainingJobDefinition": {"Environment": {"ATELIER_EXECUTION": f"{ID} {STARTED}"}},
        "ObjectiveStatusCounters": {"Succeeded": 3},
        "BestTrainingJob": {
            "TrainingJobName": "tuned-002",
            "TunedHyperParameters": {"learning_rate": "0.001", "lora_rank": "8"},
            "FinalHyperParameterTuningJobObjectiveMetric": {"Value": 0.87},
        },
    }
    said = "3 of 4 trainings of the search could be measured; the best has garment_share 0.87, with learning_rate 0.001, lora_rank 8"
    following, kept = onwards(dev, "Search", job)
    assert (following, kept) == ("SearchFound", {"best": "tuned-002", "found": said})
    assert onwards(dev, "Search", {**job, "HyperParameterTuningJobStatus": "InProgress"}) == ("AwaitSearch", {})
    assert onwards(dev, "Search", {**job, "TrainingJobDefinition": {}}) == ("RecordFailure", {})
    del job["BestTrainingJob"]
    assert onwards(dev, "Search", job)[1] == {"best": "", "found": ""}


@pytest.mark.parametrize("status", ["Failed", "Stopped"])
def test_a_job_of_this_execution_that_did_not_complete_fails_its_step(dev: Synthesized, status: str) -> None:
    following, assigned = onwards(dev, "FineTune", description("Training", status, FailureReason="AlgorithmError: no"))
    failure = assigned["failure"]
    assert (following, failure["step"], failure["error"]) == ("RecordFailure", "FineTune", "States.TaskFailed")
    assert "AlgorithmError: no" in failure["cause"]


@pytest.mark.parametrize(
    "environment",
    [None, {}, {"ATELIER_EXECUTION": f"{ID} 2025-01-01T00:00:00Z"}, {"ATELIER_EXECUTION": f"{ID}-2 {STARTED}"}],
)
@pytest.mark.parametrize("status", ["InProgress", "Completed"])
def test_a_job_of_another_execution_is_left_alone_and_the_run_fails_as_the_name_is_taken(
    dev: Synthesized, environment: dict[str, str] | None, status: str
) -> None:
    job = description("Training", status)
    del job["Environment"]
    job |= {} if environment is None else {"Environment": environment}
    assert onwards(dev, "FineTune", job) == ("RecordFailure", {})


def test_a_job_is_looked_at_a_hundred_times_at_most_in_its_time(machine: Machine) -> None:
    """Each look is nine events of an execution, which may have 25,000."""
    for name, state in machine.tasks.items():
        if state["Resource"].endswith(".sync"):
            wait = machine.definition["States"][f"Await{name}"]
            assert state["TimeoutSeconds"] / wait["Seconds"] <= 101
            assert wait["Next"] == f"Adopt{name}"
