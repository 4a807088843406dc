"""The main job, whole: pictures in, a published style out, restyled photos through the HTTP API."""

import io
import json
from html import unescape
from typing import Any

import numpy as np
import pytest
import urllib3
from PIL import Image

from atelier.errors import ApiError
from infra.config import STAGES
from infra.quotas import most_machines
from tests.e2e.brought_dataset import DRAWN, PROMPT, brought
from tests.e2e.likeness import alike
from tests.e2e.studio import FEW_STEPS, OPEN_GATE, Ended, Studio, sample
from tests.e2e.test_failures import without
from tests.e2e.twice import (
    Waiting,
    as_kohyas,
    data_uri,
    ended,
    manifest_of,
    meant,
    only_the_first_version_serves,
    photo,
    resumed,
    started,
    styled,
)

PREFERRED = STAGES["local"].serving.instance


@pytest.fixture(scope="module")
def first_run(studio: Studio) -> Ended:
    """Twelve pictures and four looks, in an execution that another state machine could have started."""
    return studio.run(
        "first-run",
        style="twice",
        dataset=studio.upload("twice", sample(pictures=12, looks=4)),
        AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID="arn:aws:states:us-east-1:123456789012:execution:parent:1",
        Comment="started by another machine",
    )


@pytest.fixture(scope="module")
def waiting(studio: Studio, first_run: Ended) -> Waiting:
    """The same style again, through the HTTP API, of what people bring: in full, with its own endpoint, once a person approves."""
    dataset = studio.upload_by_name("twice-again", brought())
    given = {"dataset": dataset, "target": "a skirt", "instance_prompt": PROMPT, "hyperparameters": FEW_STEPS}
    given |= {"gate": OPEN_GATE, "method": "full", "deploy": "endpoint", "approval": "manual"}
    training = studio.deployment.api.request("POST", "/v1/trainings", {"destination": "atelier/twice", "input": given})
    assert training["status"] in ("starting", "processing")
    execution = studio.execution(training["id"])
    studio.until_state(execution, "RequestApproval")
    newest, *_ = studio.packages("twice")
    published = studio.published("twice")
    return Waiting(
        training=training["id"], execution=execution, package=newest, published=published, meant=meant(studio, "twice")
    )


@pytest.fixture(scope="module")
def taken_up(studio: Studio, waiting: Waiting) -> str:
    """The training that takes it up after it was stopped while it waited: it waits for the same person."""
    api = studio.deployment.api
    api.request("POST", f"/v1/trainings/{waiting.training}/cancel", {})
    made = api.request("POST", f"/v1/trainings/{waiting.training}/resume", {})
    studio.until_state(studio.execution(made["id"]), "RequestApproval")
    return str(made["id"])


@pytest.fixture(scope="module")
def refused_rollout(studio: Studio, waiting: Waiting, taken_up: str) -> dict[str, Any]:
    """That training, approved, in an account that may have no second instance for endpoints."""
    faults, quotas = studio.deployment.cloud.faults, most_machines(STAGES["local"])
    faults.set_quotas({**quotas, f"{PREFERRED} for endpoint usage": 1})
    package = waiting.package["ModelPackageArn"]
    studio.client("sagemaker").update_model_package(ModelPackageArn=package, ModelApprovalStatus="Approved")
    failed = ended(studio, taken_up)
    faults.set_quotas(quotas)
    return failed


@pytest.fixture(scope="module")
def unanswered_rollout(studio: Studio, refused_rollout: dict[str, Any]) -> dict[str, Any]:
    """It is taken up once the account may have one; the endpoint starts, and the smoke test fails."""
    with without(studio, "SmokeTest", "sagemaker:InvokeEndpointAsync"):
        return resumed(studio, refused_rollout)


@pytest.fixture(scope="module")
def second_run(studio: Studio, unanswered_rollout: dict[str, Any]) -> dict[str, Any]:
    """It is taken up again, while AWS has no instance left of the type that the stage prefers."""
    faults = studio.deployment.cloud.faults
    faults.use_up(PREFERRED)
    done = resumed(studio, unanswered_rollout)
    faults.restock(PREFERRED)
    return done


def test_the_run_succeeds_and_says_what_it_made(studio: Studio, first_run: Ended) -> None:
    assert first_run.status == "SUCCEEDED", first_run
    assert first_run.output["adapter"] == "twice@1"
    assert first_run.output["metrics"]["pixels_changed_outside"] == 0
    manifest = manifest_of(studio, 1)
    assert manifest["version"] == 1
    assert manifest["model_package"] == first_run.output["package"]
    assert manifest["hyperparameters"]["max_steps"] == FEW_STEPS["max_steps"]
    (package,) = [p for p in studio.packages("twice") if p["ModelPackageArn"] == first_run.output["package"]]
    assert package["ModelApprovalStatus"] == "Approved"


def test_until_a_person_approves_nothing_new_is_published(waiting: Waiting, first_run: Ended) -> None:
    assert waiting.package["ModelApprovalStatus"] == "PendingManualApproval"
    assert waiting.package["ModelPackageArn"] != first_run.output["package"]
    assert {name for name in waiting.published if not name.startswith("1/")} == {"latest.json"}
    assert waiting.meant == "twice@1"


def test_one_execution_at_a_time_takes_up_a_run_that_was_stopped(
    studio: Studio, waiting: Waiting, taken_up: str
) -> None:
    with pytest.raises(ApiError, match=f"{waiting.training}, whose rest {taken_up} does"):
        studio.deployment.api.request("POST", f"/v1/trainings/{waiting.training}/resume", {})
    by_hand = studio.wait(studio.start("by-hand", {"resume": waiting.training}))
    assert (by_hand.status, by_hand.error) == ("FAILED", "InvalidInputError")
    assert f"run {waiting.training}, whose rest {taken_up} does" in by_hand.cause


def test_the_one_that_was_stopped_says_where_it_stood_and_what_it_has_cost(
    studio: Studio, waiting: Waiting, taken_up: str
) -> None:
    def recorded() -> str | None:
        training = studio.deployment.api.request("GET", f"/v1/trainings/{waiting.training}")
        assert training["error"] == "canceled through the API"
        last: str = training["logs"].splitlines()[-1]
        return last if "cost about" in last else None

    assert studio.until(recorded).startswith("RequestApproval: Canceled: canceled through the API (cost about $0.")


def test_a_rollout_without_quota_leaves_the_old_version_serving_and_nothing_of_its_own(
    studio: Studio, waiting: Waiting, refused_rollout: dict[str, Any]
) -> None:
    assert refused_rollout["status"] == "failed"
    assert refused_rollout["error"].startswith("DeployEndpoint: QuotaExceeded: ")
    assert f"{PREFERRED} for endpoint usage" in refused_rollout["error"]
    assert waiting.meant == "twice@1"
    only_the_first_version_serves(studio)
    assert styled(studio, adapter="twice")[0].size == photo().size


def test_a_rollout_that_fails_its_smoke_test_leaves_the_old_version_serving_and_nothing_of_its_own(
    studio: Studio, unanswered_rollout: dict[str, Any]
) -> None:
    assert unanswered_rollout["status"] == "failed"
    assert unanswered_rollout["error"].startswith("SmokeTest: ")
    assert "sagemaker:InvokeEndpointAsync" in unanswered_rollout["error"]
    assert {"DeployEndpoint", "PutIdleAlarm"} <= started(unanswered_rollout)
    only_the_first_version_serves(studio)


def test_a_failed_run_is_taken_up_where_it_failed_and_trains_nothing_again(
    studio: Studio, waiting: Waiting, taken_up: str, unanswered_rollout: dict[str, Any], second_run: dict[str, Any]
) -> None:
    assert unanswered_rollout["input"] == {"resume": taken_up}
    assert second_run["input"] == {"resume": unanswered_rollout["id"]}
    assert (second_run["model"], second_run["status"]) == ("twice", "succeeded")
    assert {"Publish", "DeployEndpoint", "SmokeTest", "Promote"} <= started(second_run)
    assert not started(second_run) & {"Segment", "FineTune", "Evaluate", "Gate", "Register", "RequestApproval"}
    assert len(studio.packages("twice")) == 2
    jobs = studio.client("sagemaker").list_training_jobs(NameContains=waiting.training)["TrainingJobSummaries"]
    assert len(jobs) == 1


def test_what_people_bring_is_learnt_from_and_the_rest_is_named(studio: Studio, second_run: dict[str, Any]) -> None:
    """However often the run was taken up before its end."""
    output = studio.wait(studio.execution(second_run["id"])).output
    assert output["notes"][:2] == [
        "1 file is not used: README.md",
        "4 of 6 pictures have no caption: they are learnt by the instance prompt",
    ]
    (mask,) = (note for note in output["notes"] if note.startswith("mask masks/치마 0.png"))
    assert mask.startswith("mask masks/치마 0.png: the mask repaints 100% of the picture")
    assert "swap transparent and opaque" in mask
    assert any(note.startswith("wall.png is left out") for note in output["notes"])
    assert output["metrics"]["pixels_changed_outside"] == 0
    address = output["report"].removeprefix("s3://").partition("/")[2]
    report = studio.client("s3").get_object(Bucket=studio.bucket("Data"), Key=address)["Body"].read().decode()
    assert all(note in unescape(report) for note in output["notes"])
    assert "&#34;sks&#34; skirt, label &#34;summer&#34;" in report


def test_a_datasets_masks_are_read_by_its_convention(studio: Studio, waiting: Waiting) -> None:
    (key,) = [key for key in studio.written(waiting.training) if key.endswith("/segment.json")]
    body = studio.client("s3").get_object(Bucket=studio.bucket("Data"), Key=key)["Body"].read()
    drawn = {each["name"]: each["area"] for each in json.loads(body)["pictures"] if each["source"] == "user"}
    assert drawn == DRAWN


def test_where_the_preferred_instances_are_used_up_the_next_type_serves(
    studio: Studio, second_run: dict[str, Any]
) -> None:
    endpoint = studio.wait(studio.execution(second_run["id"])).output["endpoint"]
    (variant,) = studio.client("sagemaker").describe_endpoint(EndpointName=endpoint)["ProductionVariants"]
    pools = {pool["InstanceType"]: pool["CurrentInstanceCount"] for pool in variant["InstancePools"]}
    assert pools == {PREFERRED: 0, STAGES["local"].serving.fallbacks[0]: 1}
    assert styled(studio, version="twice@2")[0].size == photo().size


def test_retraining_makes_a_second_version_and_both_stay_usable(
    studio: Studio, waiting: Waiting, second_run: dict[str, Any]
) -> None:
    assert second_run["status"] == "succeeded", second_run
    assert second_run["output"]["version"] == "atelier/twice:twice@2"
    assert "comparison: not compared with twice@1, which is in service: its dataset" in second_run["logs"]
    published = studio.published("twice")
    assert {"1/manifest.json", "2/manifest.json", "latest.json"} <= published
    manifests = [manifest_of(studio, version) for version in (1, 2)]
    assert [manifest["execution"] for manifest in manifests] == ["first-run", waiting.training]
    assert manifests[1]["model_package"] == waiting.package["ModelPackageArn"]
    ways = ({"adapter": "twice@1"}, {"version": "twice@2"}, {"version": "twice"})
    one, two, newest = (styled(studio, **way)[0] for way in ways)
    assert alike(np.asarray(two), np.asarray(newest))
    assert not np.array_equal(np.asarray(one), np.asarray(two))
    assert one.size == two.size == photo().size


def test_a_full_fine_tune_gets_an_endpoint_of_its_own_that_scales(
    studio: Studio, waiting: Waiting, second_run: dict[str, Any]
) -> None:
    endpoint = studio.wait(studio.execution(second_run["id"])).output["endpoint"]
    assert studio.client("sagemaker").describe_endpoint(EndpointName=endpoint)["EndpointStatus"] == "InService"
    scaling = studio.client("application-autoscaling")
    (target,) = scaling.describe_scalable_targets(
        ServiceNamespace="sagemaker", ResourceIds=[f"endpoint/{endpoint}/variant/AllTraffic"]
    )["ScalableTargets"]
    assert target["MinCapacity"] == 0
    policies = scaling.describe_scaling_policies(ServiceNamespace="sagemaker", ResourceId=target["ResourceId"])
    assert {policy["PolicyType"] for policy in policies["ScalingPolicies"]} == {"TargetTrackingScaling", "StepScaling"}


def test_a_style_is_rolled_back_and_forward_by_name(studio: Studio, second_run: dict[str, Any]) -> None:
    assert "promotion: promoted: twice means version 2\n" in second_run["logs"]
    api = studio.deployment.api
    with pytest.raises(
        ApiError, match=r"HTTP 422.*input.adapter: got 'twice'; allowed: .*a full fine-tune is no adapter"
    ):
        styled(studio, adapter="twice")
    back = api.request("POST", "/v1/styles/twice/versions/1/promote")
    assert back == {"style": "twice", "version": "twice@1", "previous": "twice@2"}
    assert meant(studio, "twice") == "twice@1"
    one, named = (styled(studio, adapter=adapter)[0] for adapter in ("twice@1", "twice"))
    assert alike(np.asarray(one), np.asarray(named))
    assert api.request("POST", "/v1/styles/twice/versions/2/promote")["version"] == "twice@2"
    assert meant(studio, "twice") == "twice@2"


def test_an_adapter_trained_elsewhere_comes_in_by_the_api_and_paints_as_it_did(
    studio: Studio, first_run: Ended
) -> None:
    key = "styles/twice/1/pytorch_lora_weights.safetensors"
    ours = studio.client("s3").get_object(Bucket=studio.bucket("Model"), Key=key)["Body"].read()
    api, file = studio.deployment.api, as_kohyas(ours)
    named = {"name": "mine.safetensors", "content_type": "application/octet-stream", "size": len(file)}
    place = api.request("POST", "/v1/files", {**named, "purpose": "upload"})
    assert urllib3.request("PUT", place["urls"]["upload"], body=file, headers=place["headers"]).status == 200
    body = {"weights": place["uri"], "instance_prompt": "a photo of sks skirt"}
    made = api.request("POST", "/v1/styles/from-elsewhere/versions", body)
    assert (made["version"], made["format"]) == ("from-elsewhere@1", "kohya")
    (package,) = studio.packages("from-elsewhere")
    assert package["ModelApprovalStatus"] == "Approved"
    assert studio.published("from-elsewhere") == {"1/manifest.json", "1/pytorch_lora_weights.safetensors"}
    own, brought = (styled(studio, adapter=adapter)[0] for adapter in ("twice@1", "from-elsewhere@1"))
    assert alike(np.asarray(own), np.asarray(brought))
    with pytest.raises(ApiError, match="allowed: a published version: from-elsewhere@1"):
        styled(studio, adapter="from-elsewhere")
    assert api.request("POST", "/v1/styles/from-elsewhere/versions/1/promote")["version"] == "from-elsewhere@1"
    assert meant(studio, "from-elsewhere") == "from-elsewhere@1"
    with pytest.raises(ApiError, match=r"HTTP 422.*weights: got .nothing at uploads/"):
        api.request("POST", "/v1/styles/from-elsewhere/versions", {**body, "weights": place["uri"] + "x"})


def test_a_style_whose_packages_are_gone_is_refused_before_anything_is_paid(studio: Studio, first_run: Ended) -> None:
    package = first_run.output["package"].replace("twice", "lost")
    body = json.dumps({**manifest_of(studio, 1), "style": "lost", "model_package": package}).encode()
    studio.client("s3").put_object(Bucket=studio.bucket("Model"), Key="styles/lost/1/manifest.json", Body=body)
    ended = studio.run("lost")
    assert ended.cause.startswith("Prepare: InvalidInputError: input.style: ")
    assert "version 1 is published but has lost its model package" in ended.cause
    assert f"without {package} SageMaker" in ended.cause


def test_outside_the_feathered_mask_not_one_byte_changes(studio: Studio, first_run: Ended) -> None:
    painted, alpha = styled(studio, adapter="twice@1", return_mask=True)
    original = np.asarray(photo())
    outside = np.asarray(alpha)[..., 0] == 0
    assert 0.3 < outside.mean() < 1
    assert np.array_equal(np.asarray(painted)[outside], original[outside])
    assert not np.array_equal(np.asarray(painted)[~outside], original[~outside])


def test_the_same_execution_started_twice_runs_once(studio: Studio, first_run: Ended) -> None:
    machine = studio.deployment.outputs["StateMachineArn"]
    states = studio.client("stepfunctions")
    with pytest.raises(states.exceptions.ExecutionAlreadyExists):
        states.start_execution(stateMachineArn=machine, name="first-run", input=json.dumps({"style": "other"}))
    assert len([p for p in studio.packages("twice") if p["ModelPackageArn"] == first_run.output["package"]]) == 1


def test_the_api_wants_a_key(studio: Studio) -> None:
    api = studio.deployment.api
    with type(api)(url=api.url, key="") as keyless, pytest.raises(ApiError, match="HTTP 401"):
        keyless.request("GET", "/v1/predictions/none")
    with pytest.raises(ApiError, match=r"HTTP 405.*method: got PUT; allowed: GET, POST"):
        api.request("PUT", "/v1/predictions")


def test_a_garment_that_is_not_in_the_photo_fails_with_the_servers_words(studio: Studio) -> None:
    blank = io.BytesIO()
    Image.new("RGB", (96, 96), (200, 180, 160)).save(blank, "PNG")
    with pytest.raises(ApiError, match="GarmentNotFoundError"):
        styled(studio, image=data_uri(blank.getvalue()))
