"""What the services and handlers that a state machine calls could answer: as their models, or their docstrings, say they do."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape

from infra.gate.location import Location
from infra.gate.machines import integration
from infra.gate.services import called, service

_arn = Location().arn  # what is played through depends on no place
EXECUTION = {
    "Id": _arn("states", "execution:atelier:first-run"),
    "Name": "first-run",
    "Input": {"style": "teal"},
    "StartTime": "2026-11-22T14:00:00Z",
}
CONTEXT = {
    "Execution": EXECUTION,
    "State": {"Name": "State", "EnteredTime": "2026-11-22T14:05:00Z", "RetryCount": 0},
    "StateMachine": {"Id": _arn("states", "stateMachine:atelier"), "Name": "atelier"},
    "Task": {"Token": "the token of this task"},
}
_DEEP = 6
_MEMBERS: Mapping[str, Any] = {
    "ModelPackageArn": _arn("sagemaker", "model-package/atelier-teal/3"),
    "S3ModelArtifacts": "s3://data-bucket/runs/first-run/train/job/output/model",
    "ProcessingJobStatus": "Completed",
    "TrainingJobStatus": "Completed",
    "HyperParameterTuningJobStatus": "Completed",
    "ExitMessage": "1 picture was small\n1 was grey",
    "PolicyARN": _arn("autoscaling", "scalingPolicy:1:policyName/some"),
    "Environment": {"ATELIER_EXECUTION": f"{EXECUTION['Id']} {EXECUTION['StartTime']}"},
    "BillableTimeInSeconds": 387,
}
"""Members of which the value matters."""

_HANDLERS: Mapping[str, Any] = {
    "gate": {
        "passed": True,
        "failures": [],
        "metrics": {"garment_share": 0.58},
        "comparison": "not compared",
        "card": "{}",
    },
    "publish": {
        "version": 3,
        "uri": "s3://model-bucket/styles/teal/3/",
        "adapter": "teal@3",
        "endpoint": "atelier-style-teal-v3",
    },
    "publish_base": {"reference": "drawn@3", "uri": "s3://model-bucket/base/drawn@3/"},
    "promote": {"promotion": "promoted: teal means version 3", "left": []},
    "record_failure": {"error": "Recorded", "cause": "recorded: why, and what it cost"},
    "deploy_endpoint": {"variant": "AllTraffic"},
    "smoke_test": {"pictures": 1, "bytes": 1000, "model": "sd2-inpaint@1", "adapter": "teal@3"},
    "request_approval": {"package": _MEMBERS["ModelPackageArn"], "status": "Approved"},
}
"""What is in a handler's answer, or what its task token is answered with."""


def answer_of(state: Mapping[str, Any], handler: str) -> Any:
    """What the service behind a state answers when all is well; ``handler`` is the Lambda's, empty for other services."""
    call = integration(state)
    if call.startswith("lambda:invoke"):
        said = _HANDLERS.get(handler, {})
        return said if call.endswith(".waitForTaskToken") else {"Payload": said, "StatusCode": 200}
    return _of_service(call)


@cache
def _of_service(call: str) -> Any:
    operation = called(call)
    model = service(operation[0]) if operation else None
    if operation is None or model is None:
        return {}
    # .sync answers what Describe does.
    name = operation[1].replace("Create", "Describe") if call.endswith(".sync") else operation[1]
    shape = model.operation_model(name).output_shape
    return _sample(shape, "", _DEEP) if shape is not None else {}


def _sample(shape: Shape, name: str, deep: int) -> Any:
    if name in _MEMBERS:
        return _MEMBERS[name]
    if isinstance(shape, StructureShape):
        return {key: _sample(member, key, deep - 1) for key, member in shape.members.items()} if deep else {}
    if isinstance(shape, ListShape):
        return [_sample(shape.member, "", deep - 1)] if deep else []
    if isinstance(shape, MapShape):
        return {"key": _sample(shape.value, "", deep - 1)} if deep else {}
    if shape.type_name in ("integer", "long", "float", "double"):
        return 1
    return True if shape.type_name == "boolean" else f"some {name or 'text'}"
