"""boto3, as people use it who know SageMaker and not our API: objects, executions, the registry, the endpoint."""

import base64
import json
import uuid
from collections.abc import Callable, Mapping
from typing import Any

import urllib3

from bench.clients.endpoint import answer
from bench.clients.jobs import Job
from bench.clients.world import PHOTO, PROMPT, STYLE, ClientStage, dataset_files, is_png
from contracts.clients import FIRST

LEARNT = "learnt-by-boto3"


def _learnt(world: ClientStage) -> None:
    """An execution of the state machine that waits for a person, who approves by the model package."""
    s3, bucket, prefix = world.client("s3"), world.outputs["DataBucketName"], f"datasets/{LEARNT}/"
    for name, path in dataset_files().items():
        s3.put_object(Bucket=bucket, Key=prefix + name, Body=path.read_bytes())
    given = {
        **{"style": LEARNT, "dataset": f"s3://{bucket}/{prefix}", "target": "a skirt", "approval": "manual"},
        **world.shortest_training,
    }
    machine, steps = world.outputs["StateMachineArn"], world.client("stepfunctions")
    execution = steps.start_execution(stateMachineArn=machine, name=f"clients-{uuid.uuid4()}", input=json.dumps(given))
    registry = world.client("sagemaker")
    package = world.until(lambda: _pending(registry, steps, execution["executionArn"]))
    registry.update_model_package(
        ModelPackageArn=package, ModelApprovalStatus="Approved", ApprovalDescription="red enough"
    )
    ended = world.until(lambda: _ended(steps, execution["executionArn"]))
    assert ended["status"] == "SUCCEEDED", ended
    assert json.loads(ended["output"])["adapter"] == f"{LEARNT}@1", ended["output"]


def _pending(registry: Any, steps: Any, execution: str) -> str | None:
    described = steps.describe_execution(executionArn=execution)
    assert described["status"] == "RUNNING", described
    groups = registry.list_model_package_groups(NameContains=LEARNT)["ModelPackageGroupSummaryList"]
    for group in groups:
        listed = registry.list_model_packages(ModelPackageGroupName=group["ModelPackageGroupName"])
        for package in listed["ModelPackageSummaryList"]:
            if package["ModelApprovalStatus"] == "PendingManualApproval":
                return str(package["ModelPackageArn"])
    return None


def _ended(steps: Any, execution: str) -> Mapping[str, Any] | None:
    described: Mapping[str, Any] = steps.describe_execution(executionArn=execution)
    return None if described["status"] == "RUNNING" else described


def _invoked(world: ClientStage) -> None:
    """InvokeEndpointAsync with the request in S3."""
    s3, bucket = world.client("s3"), world.outputs["MediaBucketName"]
    name = uuid.uuid4().hex
    asked = {
        "mode": "style",
        "mask_prompt": "a skirt",
        "prompt": PROMPT,
        "num_inference_steps": 2,
        "adapter": f"{STYLE}@2",
    }
    body = json.dumps({**asked, "image": base64.b64encode(PHOTO.read_bytes()).decode()}).encode()
    s3.put_object(Bucket=bucket, Key=f"requests/{name}.json", Body=body, ContentType="application/json")
    answered = answer(world, InputLocation=f"s3://{bucket}/requests/{name}.json", InferenceId=name)
    assert is_png(base64.b64decode(answered["images"][0]))


def _invoked_inline(world: ClientStage) -> None:
    body = json.dumps({"mode": "text_to_image", "prompt": PROMPT, "width": 64, "height": 64, "num_inference_steps": 2})
    answered = answer(world, Body=body.encode())
    assert is_png(base64.b64decode(answered["images"][0]))


def _presigned(world: ClientStage) -> None:
    """A photo by a presigned PUT, a prediction that names it, and the picture by a presigned GET."""
    api, photo = world.deployment.api, PHOTO.read_bytes()
    asked = {"name": "street.png", "content_type": "image/png", "size": len(photo), "purpose": "upload"}
    file = api.request("POST", "/v1/files", asked)
    put = urllib3.request("PUT", file["urls"]["upload"], body=photo, headers=file["headers"])
    assert put.status == 200, put.data
    assert urllib3.request("GET", file["urls"]["get"]).data == photo
    inputs = {
        "mask_prompt": "a skirt",
        "prompt": PROMPT,
        "num_inference_steps": 2,
        "image": file["uri"],
        "adapter": STYLE,
    }
    made = api.request("POST", "/v1/predictions", {"input": inputs})
    ended = world.until(lambda: _succeeded(api.request, made["id"]))
    assert is_png(urllib3.request("GET", ended["output"][0]).data)


def _batch(world: ClientStage) -> None:
    """An execution of the machine of batches, whose rows a CSV in the client's own uploads has."""
    api, rows = world.deployment.api, b"look,colour\nred,a red skirt\nblue,a blue skirt\n"
    asked = {"name": "rows.csv", "content_type": "text/csv", "size": len(rows), "purpose": "upload"}
    file = api.request("POST", "/v1/files", asked)
    assert urllib3.request("PUT", file["urls"]["upload"], body=rows, headers=file["headers"]).status == 200
    painted = {"mode": "text_to_image", "prompt": "{colour}", "width": 64, "height": 64, "num_inference_steps": 2}
    given = {"client": FIRST, "name": "looks", "version": STYLE, "input": painted, "manifest": file["uri"]}
    name, machine = f"clients-{uuid.uuid4()}", world.outputs["BatchMachineArn"]
    steps = world.client("stepfunctions")
    execution = steps.start_execution(stateMachineArn=machine, name=name, input=json.dumps(given))
    ended = world.until(lambda: _ended(steps, execution["executionArn"]))
    assert ended["status"] == "SUCCEEDED", ended
    batch = api.request("GET", f"/v1/batches/{name}")
    assert urllib3.request("GET", batch["report"]["csv"]).data.count(b"succeeded") == 2


def _succeeded(request: Callable[..., Any], prediction: str) -> Mapping[str, Any] | None:
    shown: Mapping[str, Any] = request("GET", f"/v1/predictions/{prediction}")
    assert shown["status"] not in ("failed", "canceled"), shown
    return shown if shown["status"] == "succeeded" else None


JOBS: Mapping[str, Job] = {
    "s3, start_execution, update_model_package": _learnt,
    "invoke_endpoint_async(InputLocation=…)": _invoked,
    "invoke_endpoint_async(Body=…)": _invoked_inline,
    "presigned PUT and GET": _presigned,
    "start_execution of a batch": _batch,
}
