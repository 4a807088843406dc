"""What a state machine's role must allow for each task, as the Step Functions documentation lists it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ministack.services import stepfunctions

from local.sagemaker.caller_rights import Need
from local.sagemaker.control_plane import ControlPlane
from local.scaling import rights
from local.scaling.rights import condition_keys
from local.seams import keys, roles
from local.seams.services import caller_needs

_MANAGED_RULES = {
    "CreateTrainingJob": "StepFunctionsGetEventsForSageMakerTrainingJobsRule",
    "CreateProcessingJob": "StepFunctionsGetEventsForSageMakerProcessingJobsRule",
    "CreateHyperParameterTuningJob": "StepFunctionsGetEventsForSageMakerHyperParameterTuningJobsRule",
}
_SDK_NAMESPACES = {
    "sfn": "states",
    "eventbridge": "events",
    "cloudwatchlogs": "logs",
    "applicationautoscaling": "application-autoscaling",
}
_SDK_NAMES = {
    "sagemaker": "SageMaker",
    "applicationautoscaling": "ApplicationAutoScaling",
    "cloudwatch": "CloudWatch",
    "cloudwatchlogs": "CloudWatchLogs",
    "dynamodb": "DynamoDb",
    "eventbridge": "EventBridge",
}
_OPTIMIZED_ERRORS = {
    "lambda": "Lambda.AWSLambdaException",
    "sagemaker": "SageMaker.AmazonSageMakerException",
    "sns": "SNS.AmazonSNSException",
    "sqs": "SQS.AmazonSQSException",
    "dynamodb": "DynamoDB.AmazonDynamoDBException",
    "events": "EventBridge.AmazonEventBridgeException",
    "states": "StepFunctions.AWSStepFunctionsException",
}
_ACTIONS = {
    ("lambda", "Invoke"): "lambda:InvokeFunction",
    ("s3", "ListObjectsV2"): "s3:ListBucket",
    ("s3", "ListObjects"): "s3:ListBucket",
    ("s3", "HeadObject"): "s3:GetObject",
    ("s3", "CopyObject"): "s3:PutObject",
}

_FIXED_RESOURCES = {"events": "event-bus/default", "application-autoscaling": "scalable-target/*"}
# The member that names the resource, and what stands before a name in its ARN; where nothing does, the member is the ARN.
_NAMED_RESOURCES = {
    "lambda": ("FunctionName", "function:"),
    "dynamodb": ("TableName", "table/"),
    "cloudwatch": ("AlarmName", "alarm:"),
    "sns": ("TopicArn", ""),
    "states": ("StateMachineArn", ""),
}


@dataclass(frozen=True, kw_only=True)
class _Task:
    service: str  # of the integration: `lambda`, `sagemaker`, or the SDK's name of a service
    action: str  # as the API names it
    sdk: bool
    sync: bool


def check(sagemaker: ControlPlane, resource: str, data: Any, *, role: str, session: str) -> None:
    """Raise the error that a state sees where the state machine's role lacks a permission of its task."""
    task = _parse(resource)
    if task is None or not isinstance(data, dict):
        return
    store = sagemaker.store
    for action, target, context in _needs(task, data, sagemaker, place=f"{store.region}:{store.account}"):
        sentence = roles.denial(role, session, action, target, store.region, **context)
        if sentence:
            name = _SDK_NAMES.get(task.service, task.service.capitalize())
            error = f"{name}.{name}Exception" if task.sdk else _OPTIMIZED_ERRORS.get(task.service, "States.TaskFailed")
            cause = f"{sentence} (Service: {name}; Status Code: 403; Error Code: AccessDeniedException)"
            raise stepfunctions._ExecutionError(error, cause)


def _parse(resource: str) -> _Task | None:
    if resource.startswith("arn:aws:lambda:"):
        return _Task(service="lambda", action="Invoke", sdk=False, sync=False)
    if not resource.startswith("arn:aws:states:::"):
        return None
    words = resource.removeprefix("arn:aws:states:::").split(":")
    sdk = words[0] == "aws-sdk"
    service, operation = (words[1], words[2]) if sdk else (words[0], words[1])
    name, _, pattern = operation.partition(".")
    return _Task(service=service.lower(), action=name[:1].upper() + name[1:], sdk=sdk, sync=pattern == "sync")


def _needs(task: _Task, data: dict[str, Any], sagemaker: ControlPlane, *, place: str) -> Iterator[Need]:
    namespace = _SDK_NAMESPACES.get(task.service, task.service)
    action = _ACTIONS.get((namespace, task.action), f"{namespace}:{task.action}")
    if namespace != "sagemaker":
        context = condition_keys(data) if namespace == "application-autoscaling" else {}
        target = _resource(namespace, data, place)
        yield action, target, context
        if namespace == "cloudwatch" and data.get("Tags"):
            yield "cloudwatch:TagResource", target, {}
        yield from ((used, what, {}) for used, what in keys.needs(action, target))
        if namespace == "application-autoscaling":
            yield from rights.needs(task.action, data, sagemaker.store)
        return
    resource = sagemaker.resource_arn(task.action, data)
    yield action, resource, {}
    yield from caller_needs(sagemaker, task.action, data)
    if task.sync:  # Step Functions tags the jobs it waits for
        yield "sagemaker:AddTags", resource, {}
    if task.sync:
        job = task.action.removeprefix("Create")
        for verb in ("Describe", "Stop"):
            yield f"sagemaker:{verb}{job}", resource, {}
        for verb in ("PutTargets", "PutRule", "DescribeRule"):
            yield f"events:{verb}", f"arn:aws:events:{place}:rule/{_MANAGED_RULES[task.action]}", {}


def _resource(namespace: str, data: dict[str, Any], place: str) -> str:
    """What an action is authorized on; `place` is `<region>:<account>`. `*` for a service that is not known here."""
    if namespace == "s3":
        bucket = f"arn:aws:s3:::{data['Bucket']}" if "Bucket" in data else "*"
        return f"{bucket}/{data['Key']}" if "Key" in data else bucket
    if namespace in _FIXED_RESOURCES:
        return f"arn:aws:{namespace}:{place}:{_FIXED_RESOURCES[namespace]}"
    member, kind = _NAMED_RESOURCES.get(namespace, ("", ""))
    name = str(data.get(member, "*"))
    return f"arn:aws:{namespace}:{place}:{kind}{name}" if kind and name != "*" and not name.startswith("arn:") else name
