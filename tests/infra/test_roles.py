"""What roles may do, as far as the gate does not check it: names of the stage, folders of buckets, and who may answer whom."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.infra.conftest import Synthesized
from tests.infra.definition import text


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def statements(stage: Synthesized) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every Allow statement of every role, with its policy's logical id."""
    for logical_id, policy in stage.resources("AWS::IAM::Policy").items():
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]:
            if statement["Effect"] == "Allow":
                yield logical_id, statement


def of_machine(stage: Synthesized, construct: str) -> list[dict[str, Any]]:
    role = f"{construct}Role"
    return [statement for logical_id, statement in statements(stage) if logical_id.startswith(role)]


MACHINES = pytest.mark.parametrize("construct", ["Workflow", "Pretraining"])


def test_a_wildcard_in_a_resource_follows_a_name_or_a_folder(stage: Synthesized) -> None:
    named = re.compile(r".*(/|[:/][A-Za-z][A-Za-z0-9/.-]*[-/:]|Jobs:)\*.*")
    for logical_id, statement in statements(stage):
        wild = [text(resource) for resource in listed(statement["Resource"]) if "*" in text(resource)]
        assert all(resource == "*" or named.fullmatch(resource) for resource in wild), logical_id
        whole_buckets = [resource for resource in wild if re.fullmatch(r"output-[A-Za-z0-9]+/\*", resource)]
        assert not whole_buckets, logical_id


@MACHINES
def test_jobs_are_watched_through_the_rules_that_step_functions_manages(stage: Synthesized, construct: str) -> None:
    (rules,) = [s["Resource"] for s in of_machine(stage, construct) if "events:PutRule" in listed(s["Action"])]
    names = {text(rule).rpartition("/")[2] for rule in rules}
    kinds = ("Training", "Processing", *(["HyperParameterTuning"] if construct == "Workflow" else []))
    assert names == {f"StepFunctionsGetEventsForSageMaker{kind}JobsRule" for kind in kinds}


@MACHINES
def test_a_state_machine_touches_only_names_of_its_stage(stage: Synthesized, construct: str) -> None:
    for statement in of_machine(stage, construct):
        if all(action.startswith("sagemaker:") for action in listed(statement["Action"])):
            for resource in listed(statement["Resource"]):
                assert f"/atelier-{stage.name}-" in text(resource)


@pytest.mark.parametrize("handler", ["RequestApproval", "Settle"])
def test_a_waiting_run_of_either_machine_can_be_answered(stage: Synthesized, handler: str) -> None:
    found = [
        text(resource)
        for logical_id, statement in statements(stage)
        if logical_id.startswith(f"Handlers{handler}") and "states:SendTaskSuccess" in listed(statement["Action"])
        for resource in listed(statement["Resource"])
    ]
    names = {f"atelier-{stage.name}-{machine}" for machine in ("workflow", "pretraining")}
    assert {arn.rpartition(":")[2] for arn in found} == names


def test_jobs_cannot_write_models_and_endpoints_cannot_write_either(stage: Synthesized) -> None:
    for logical_id, statement in statements(stage):
        if logical_id.startswith(("JobRole", "Role")) and "s3:PutObject" in listed(statement["Action"]):
            resources = [text(resource) for resource in listed(statement["Resource"])]
            # Certificates are of the key that signs; one of another key is refused by whoever reads it.
            models = [each for each in resources if "BucketsModel" in each and not each.endswith("/certificates/*")]
            assert not models, logical_id
