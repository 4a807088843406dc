"""What the states send, evaluated with a real plan and checked against the services' own models."""

import re
from typing import Any

import botocore.loaders
import botocore.model
import botocore.validate
import pytest

from contracts.disclosure import TEXTS, VARIABLE, from_variables
from tests.infra.conftest import Synthesized
from tests.infra.definition import evaluate
from tests.infra.plan import plan, variables

SERVICES = {
    "sagemaker": "sagemaker",
    "aws-sdk:sagemaker": "sagemaker",
    "aws-sdk:applicationautoscaling": "application-autoscaling",
    "aws-sdk:cloudwatch": "cloudwatch",
    "sns": "sns",
    "lambda": "lambda",
}
TASKS = [
    "Prepare",
    "Segment",
    "AdoptSegment",
    "FineTune",
    "AdoptFineTune",
    "Search",
    "AdoptSearch",
    "BestTrial",
    "Evaluate",
    "Gate",
    "EnsureModelPackageGroup",
    "Register",
    "Reject",
    "AutoApprove",
    "RequestApproval",
    "Publish",
    "DeployEndpoint",
    "RegisterScalableTarget",
    "PutBacklogPolicy",
    "PutWakePolicy",
    "PutWakeAlarm",
    "SmokeTest",
    "Promote",
    "Notify",
    "NotifyEvaluation",
]


def arguments(stage: Synthesized, name: str, **changes: Any) -> dict[str, Any]:
    return dict(evaluate(stage.definition["States"][name]["Arguments"], variables(**changes)))


def shape_of(resource: str) -> botocore.model.Shape:
    """The request of the operation that a state's resource ARN names."""
    service, _, operation = resource.rpartition("states:::")[2].rpartition(":")
    loaded = botocore.loaders.Loader().load_service_model(SERVICES[service], "service-2")
    model = botocore.model.ServiceModel(loaded)
    wanted = operation.split(".")[0].lower()
    (name,) = [name for name in model.operation_names if name.lower() == wanted]
    shape = model.operation_model(name).input_shape
    assert shape is not None
    return shape


@pytest.mark.parametrize("name", TASKS)
def test_a_request_is_one_that_the_service_knows(stage: Synthesized, name: str) -> None:
    sent = arguments(stage, name)
    for key in ("Payload", "Body"):  # blobs: Step Functions writes the JSON itself
        if key in sent:
            sent[key] = b"{}"
    report = botocore.validate.ParamValidator().validate(sent, shape_of(stage.definition["States"][name]["Resource"]))
    assert not report.has_errors(), report.generate_report()


def test_a_processing_job_gets_every_folder_of_the_contract(dev: Synthesized) -> None:
    inputs = arguments(dev, "Evaluate")["ProcessingInputs"]
    folders = {item["InputName"]: item["S3Input"]["LocalPath"] for item in inputs}
    names = ("dataset", "segment", "base", "segmenter", "artifact")
    assert folders == {name: f"/opt/ml/processing/input/{name}" for name in names}


def test_text_to_image_needs_no_segmenter_and_is_checked_all_the_same(dev: Synthesized) -> None:
    """What Segment wrote says what of the pictures was noticed, so that all of them read it."""
    changed = {"plan": plan(task="text-to-image", captioner=None)}
    inputs = {
        name: [item["InputName"] for item in arguments(dev, name, **changed)["ProcessingInputs"]]
        for name in ("Segment", "Evaluate")
    }
    assert inputs == {"Segment": ["dataset"], "Evaluate": ["dataset", "segment", "base", "artifact"]}
    channels = arguments(dev, "FineTune", **changed)["InputDataConfig"]
    assert [channel["ChannelName"] for channel in channels] == ["dataset", "masks", "base"]


def test_what_a_run_has_not_is_no_input_of_its_jobs(dev: Synthesized) -> None:
    """SageMaker fails a job with an input whose prefix is empty."""

    def inputs(state: str, **changes: Any) -> dict[str, str]:
        asked = arguments(dev, state, plan=plan(**changes))["ProcessingInputs"]
        return {item["InputName"]: item["S3Input"]["S3Uri"] for item in asked}

    kept = "s3://data-bucket/runs/first-run/before/"
    assert inputs("Evaluate", before=kept)["before"] == kept
    assert "before" not in inputs("Evaluate")
    assert inputs("Segment", captioner={"uri": "s3://m/base/blip@1/"})["captioner"] == "s3://m/base/blip@1/"
    assert "captioner" not in inputs("Segment", captioner=None)


def test_inpainting_trains_on_the_masks_that_segment_wrote(dev: Synthesized) -> None:
    channels = {
        item["ChannelName"]: item["DataSource"]["S3DataSource"]
        for item in arguments(dev, "FineTune")["InputDataConfig"]
    }
    written = arguments(dev, "Segment")["ProcessingOutputConfig"]["Outputs"][0]["S3Output"]["S3Uri"]
    assert channels["masks"]["S3Uri"] == written


def test_a_job_is_told_its_subcommand_first(dev: Synthesized) -> None:
    assert arguments(dev, "Segment")["AppSpecification"]["ContainerArguments"] == [
        "segment",
        *plan()["arguments"]["segment"],
    ]
    assert arguments(dev, "Evaluate")["AppSpecification"]["ContainerArguments"][0] == "evaluate"


def test_a_job_without_arguments_is_told_its_subcommand_only(dev: Synthesized) -> None:
    bare = plan(arguments={"segment": [], "evaluate": []})
    assert arguments(dev, "Segment", plan=bare)["AppSpecification"]["ContainerArguments"] == ["segment"]


def test_jobs_have_no_network_and_talk_encrypted(stage: Synthesized) -> None:
    training = arguments(stage, "FineTune")
    assert training["EnableNetworkIsolation"] is True
    assert training["EnableInterContainerTrafficEncryption"] is True
    for name in ("Segment", "Evaluate"):
        network = arguments(stage, name)["NetworkConfig"]
        assert network["EnableNetworkIsolation"] is True
        assert network["EnableInterContainerTrafficEncryption"] is True


def test_what_a_training_sees_of_itself_becomes_metrics(dev: Synthesized) -> None:
    said = "validation step=40/160 validation_loss=0.3327 validation_garment_share=0.8320 best_step=40"
    algorithm = arguments(dev, "FineTune")["AlgorithmSpecification"]
    found = {each["Name"]: re.search(each["Regex"], said) for each in algorithm["MetricDefinitions"]}
    values = {name: float(match[1]) for name, match in found.items() if match}
    assert values == {"validation_loss": 0.3327, "validation_garment_share": 0.832}, "a look's loss is not a step's"


def test_a_spot_job_waits_at_least_as_long_as_it_runs_and_resumes(dev: Synthesized) -> None:
    job = arguments(dev, "FineTune")
    limits = job["StoppingCondition"]
    assert job["EnableManagedSpotTraining"] is True
    assert limits["MaxWaitTimeInSeconds"] >= limits["MaxRuntimeInSeconds"]
    assert job["CheckpointConfig"]["S3Uri"] == plan()["runs"]["checkpoints"]
    assert job["TensorBoardOutputConfig"]["S3OutputPath"] == plan()["runs"]["train"]


def test_jobs_on_pictures_of_64_pixels_take_one_thread(stage: Synthesized) -> None:
    for name in ("Segment", "FineTune", "Evaluate"):
        threads = {"OMP_NUM_THREADS": "1"} if stage.name in ("local", "trial") else {}
        assert {
            name: value for name, value in arguments(stage, name)["Environment"].items() if "THREADS" in name
        } == threads


def test_what_writes_pictures_and_a_page_is_told_what_to_say_of_them(stage: Synthesized) -> None:
    assert from_variables(arguments(stage, "Evaluate")["Environment"]) == TEXTS
    assert not any(name.startswith(VARIABLE) for name in arguments(stage, "Segment")["Environment"])


def test_jobs_carry_the_tag_that_bills_are_sorted_by(stage: Synthesized) -> None:
    for name in ("Segment", "FineTune", "Evaluate"):
        assert {"Key": "atelier:stage", "Value": stage.name} in arguments(stage, name)["Tags"]


def test_a_package_waits_for_approval_and_points_at_the_artifact(dev: Synthesized) -> None:
    package = arguments(dev, "Register")
    assert package["ModelApprovalStatus"] == "PendingManualApproval"
    (container,) = package["InferenceSpecification"]["Containers"]
    source = container["ModelDataSource"]["S3DataSource"]
    assert source == {"S3Uri": variables()["artifact"], "S3DataType": "S3Prefix", "CompressionType": "None"}
    # SageMaker refuses tags on a package that has a group.
    assert "Tags" not in package


def test_what_misses_the_gate_is_registered_as_rejected_with_its_reason_and_its_card(dev: Synthesized) -> None:
    missed = {"passed": False, "failures": ["one" * 400, "two"], "metrics": {}, "card": '{"a": 1}'}
    package = arguments(dev, "Register", gate=missed)
    assert package["ModelApprovalStatus"] == "Rejected"
    assert package["ModelCard"] == {"ModelCardContent": '{"a": 1}', "ModelCardStatus": "Draft"}
    rejected = arguments(dev, "Reject", gate=missed)
    assert rejected["ModelPackageArn"] == variables()["package"]
    assert len(rejected["ApprovalDescription"]) == 1_024
    assert rejected["ApprovalDescription"].startswith("gate not met: one")


def test_the_package_version_is_the_number_at_the_end_of_its_arn(dev: Synthesized) -> None:
    result = {"result": {"ModelPackageArn": variables()["package"]}}
    assert evaluate(dev.definition["States"]["Register"]["Assign"], variables(states=result))["version"] == 3


def test_promoting_is_given_the_version_and_says_what_it_did(dev: Synthesized) -> None:
    assert arguments(dev, "Promote")["Payload"] == {"plan": plan(), "version": 3}
    result = {"promotion": "promoted: teal means version 3", "left": ["atelier-dev-style-teal-v1"]}
    assigned = evaluate(
        dev.definition["States"]["Promote"]["Assign"], variables(states={"result": {"Payload": result}})
    )
    assert assigned == result


@pytest.mark.parametrize(("left", "following"), [([], "Notify"), (["teal-v1"], "RemoveEndpoints")])
def test_endpoints_that_a_style_has_left_behind_are_removed(dev: Synthesized, left: list[str], following: str) -> None:
    state, known = dev.definition["States"]["LeavesEndpoints"], variables(left=left)
    (rule,) = state["Choices"]
    assert (rule["Next"] if evaluate(rule["Condition"], known) else state["Default"]) == following
    given = evaluate(dev.definition["States"]["RemoveEndpoints"]["Arguments"], known)["Payload"]
    assert given == {"endpoints": left}


def test_the_endpoint_of_a_failed_rollout_is_removed_before_the_failure_is_recorded(dev: Synthesized) -> None:
    undo = dev.definition["States"]["UndoRollout"]
    assert undo["Next"] == "RecordFailure"
    for endpoint, removed in (("teal-v3", ["teal-v3"]), ("", [])):  # an adapter has none
        assert evaluate(undo["Arguments"], variables(endpoint=endpoint))["Payload"] == {"endpoints": removed}


def test_a_rollout_that_cannot_be_undone_still_says_why_it_failed(dev: Synthesized) -> None:
    (caught,) = dev.definition["States"]["UndoRollout"]["Catch"]
    failure = {"step": "SmokeTest", "error": "ModelError", "cause": "no picture"}
    known = variables(failure=failure, states={"errorOutput": {"Error": "EndpointBusyError", "Cause": "Creating"}})
    assert evaluate(caught["Assign"], known) == {
        "failure": {**failure, "undo": "UndoRollout: EndpointBusyError: Creating"}
    }
    assert caught["Next"] == "RecordFailure"


def test_the_outcome_is_what_people_are_told(dev: Synthesized) -> None:
    notify = dev.definition["States"]["Notify"]
    outcome = evaluate(notify["Output"], variables())
    said = [
        "adapter",
        "comparison",
        "endpoint",
        "metrics",
        "notes",
        "package",
        "promotion",
        "report",
        "style",
        "version",
    ]
    assert sorted(outcome) == said
    assert outcome["report"].endswith("/runs/first-run/evaluate/report.html")
    assert len(arguments(dev, "Notify")["Subject"]) <= 100


@pytest.mark.parametrize("before", [[], ["a"], ["a", "b"]])
@pytest.mark.parametrize(("message", "own"), [(None, []), ("c", ["c"]), ("c\nd", ["c", "d"])])
@pytest.mark.parametrize("name", ["Segment", "Evaluate"])
def test_the_notes_of_jobs_join_the_plans(
    dev: Synthesized, name: str, before: list[str], message: str | None, own: list[str]
) -> None:
    result = {"ProcessingJobStatus": "Completed"} | ({} if message is None else {"ExitMessage": message})
    known = variables(notes=before, states={"result": result})
    assert evaluate(dev.definition["States"][name]["Assign"], known) == {"notes": [*before, *own]}
    assert evaluate(dev.definition["States"]["Notify"]["Output"], variables(notes=before))["notes"] == before
    planned = variables(states={"result": {"Payload": plan(notes=before)}})
    assert evaluate(dev.definition["States"]["Prepare"]["Assign"]["notes"], planned) == before
