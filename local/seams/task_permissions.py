"""What a state machine's role must allow for each task, as the Step Functions documentation lists it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from local.autoscaling import condition_keys
from local.sagemaker.control_plane import ControlPlane
from local.seams import roles
from local.seams.services import ROLE_MEMBERS

_MANAGED_RULES = {
    "CreateTrainingJob": "StepFunctionsGetEventsForSageMakerTrainingJobsRule",
    "CreateProcessingJob": "StepFunctionsGetEventsForSageMakerProcessingJobsRule",
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


@dataclass(frozen=True, kw_only=True)
class Need:
    """One permission: the action, the resource and condition keys it is asked for with."""

    action: str
    resource: str
    context: dict[str, str]


@dataclass(frozen=True, kw_only=True)
class Denied:
    """A refused task: the error and the cause that the state sees."""

    error: str
    cause: str


@dataclass(frozen=True, kw_only=True)
class _Task:
    service: str  # of the integration: `lambda`, `sagemaker`, or the SDK's name of a service
    action: str  # as the API names it
    sdk: bool
    sync: bool


def first_denial(
    sagemaker: ControlPlane, resource: str, data: Any, *, role: str, session: str, region: str
) -> Denied | None:
    """The first permission of a task that the state machine's role lacks, or None."""
    task = _parse(resource)
    if task is None or not isinstance(data, dict):
        return None
    account = sagemaker.store.account
    for need in _needs(task, data, sagemaker, account=account, region=region):
        sentence = roles.denial(role, session, need.action, need.resource, region, **need.context)
        if sentence:
            name = _SDK_NAMES.get(task.service, task.service.capitalize())
            error = f"{name}.{name}Exception" if task.sdk else _OPTIMIZED_ERRORS.get(task.service, "States.TaskFailed")
            cause = f"{sentence} (Service: {name}; Status Code: 403; Error Code: AccessDeniedException)"
            return Denied(error=error, cause=cause)
    return None


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


def _needs(task: _Task, data: dict[str, Any], sagemaker: ControlPlane, *, account: str, region: str) -> Iterator[Need]:
    namespace = _SDK_NAMESPACES.get(task.service, task.service)
    action = _ACTIONS.get((namespace, task.action), f"{namespace}:{task.action}")
    if namespace != "sagemaker":
        context = condition_keys(data) if namespace == "application-autoscaling" else {}
        yield Need(action=action, resource=_resource(namespace, data, f"{region}:{account}"), context=context)
        return
    resource = sagemaker.resource_arn(task.action, data)
    yield Need(action=action, resource=resource, context={})
    for member in ROLE_MEMBERS:
        if member in data:
            yield Need(action="iam:PassRole", resource=data[member], context={"iam:PassedToService": roles.SAGEMAKER})
    if data.get("Tags") or task.sync:  # Step Functions tags the jobs it waits for
        yield Need(action="sagemaker:AddTags", resource=resource, context={})
    if task.sync:
        job = task.action.removeprefix("Create")
        rule = f"arn:aws:events:{region}:{account}:rule/{_MANAGED_RULES[task.action]}"
        yield Need(action=f"sagemaker:Describe{job}", resource=resource, context={})
        yield Need(action=f"sagemaker:Stop{job}", resource=resource, context={})
        for verb in ("PutTargets", "PutRule", "DescribeRule"):
            yield Need(action=f"events:{verb}", resource=rule, context={})


def _arn(data: dict[str, Any], member: str, pattern: str) -> str:
    """The ARN that a member names, by itself or by its place in `pattern`; `*` without it."""
    name = str(data.get(member, "*"))
    return name if name.startswith("arn:") or name == "*" else pattern.format(name)


def _object(data: dict[str, Any]) -> str:
    bucket = f"arn:aws:s3:::{data['Bucket']}" if "Bucket" in data else "*"
    return f"{bucket}/{data['Key']}" if "Key" in data else bucket


def _resource(namespace: str, data: dict[str, Any], place: str) -> str:
    """What an action is authorized on; `place` is `<region>:<account>`. `*` for a service that is not known here."""
    match namespace:
        case "lambda":
            return _arn(data, "FunctionName", f"arn:aws:lambda:{place}:function:{{}}")
        case "dynamodb":
            return _arn(data, "TableName", f"arn:aws:dynamodb:{place}:table/{{}}")
        case "cloudwatch":
            return _arn(data, "AlarmName", f"arn:aws:cloudwatch:{place}:alarm:{{}}")
        case "sns":
            return str(data.get("TopicArn", "*"))
        case "states":
            return str(data.get("StateMachineArn", "*"))
        case "events":
            return f"arn:aws:events:{place}:event-bus/default"
        case "application-autoscaling":
            return f"arn:aws:application-autoscaling:{place}:scalable-target/*"
        case "s3":
            return _object(data)
    return "*"
