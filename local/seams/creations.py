"""What CloudFormation refuses and ministack does: to make what is there already or what a service refuses, to delete a full bucket.

A type's create handler fails where a resource of that name exists, whoever made it: it "MUST return FAILED with an AlreadyExists error code
if the resource already existed prior to the create request" (contract of resource types, in the CloudFormation CLI's user guide).
"""

from collections.abc import Callable, Iterator
from typing import Any

from ministack.services import (
    cloudwatch,
    cloudwatch_logs,
    dynamodb,
    eventbridge,
    iam,
    lambda_svc,
    s3,
    sns,
    sqs,
    stepfunctions,
)
from ministack.services.cloudformation import stacks

from local.resource_rules import problems
from local.seams import roles

Properties = dict[str, Any]


def _ends(store: Any, name: str) -> bool:
    """Whether one of the store's ARNs ends in the name."""
    return any(arn.endswith(f":{name}") for arn in store)


_TAKEN: dict[str, tuple[str, Callable[[str], bool]]] = {
    "CloudWatch::Alarm": ("AlarmName", lambda name: name in cloudwatch._alarms),
    "CloudWatch::Dashboard": ("DashboardName", lambda name: name in cloudwatch._dashboards),
    "DynamoDB::Table": ("TableName", lambda name: name in dynamodb._tables),
    "Events::Rule": ("Name", lambda name: f"default|{name}" in eventbridge._rules),
    "IAM::Role": ("RoleName", lambda name: name in iam._roles),
    "Lambda::Function": ("FunctionName", lambda name: name in lambda_svc._functions),
    "Logs::LogGroup": ("LogGroupName", lambda name: name in cloudwatch_logs._log_groups),
    "SNS::Topic": ("TopicName", lambda name: _ends(sns._topics, name)),
    "SQS::Queue": ("QueueName", lambda name: name in sqs._queue_name_to_url),
    "StepFunctions::StateMachine": ("StateMachineName", lambda name: _ends(stepfunctions._state_machines, name)),
}
"""Where a template may name a resource: the property, and whether the name is taken."""


_TRUSTED = {
    "Lambda::Function": (
        "Role",
        "lambda.amazonaws.com",
        "The role defined for the function cannot be assumed by Lambda.",
    ),
    "StepFunctions::StateMachine": (
        *("RoleArn", "states.amazonaws.com"),
        "Neither the global service principal states.amazonaws.com, nor the regional one is authorized to assume the provided role.",
    ),
}
"""The property that names a resource's role, who must be able to assume it, and what is said where it cannot."""


def install() -> None:
    """Put the checks before what stacks create, update and delete. A replacement under a name that AWS generates is not asked for."""
    provision, update, delete = stacks._provision_resource, stacks._update_resource, stacks._delete_resource

    def provision_new(resource_type: str, logical_id: str, props: Properties, stack_name: str) -> Any:
        refuse_taken(resource_type, props)
        refuse_broken(resource_type, props)
        return provision(resource_type, logical_id, props, stack_name)

    def update_sound(
        resource_type: str, physical_id: str, old: Properties, new: Properties, *rest: Any, **named: Any
    ) -> Any:
        refuse_broken(resource_type, new)
        return update(resource_type, physical_id, old, new, *rest, **named)

    def delete_empty(resource_type: str, physical_id: str, *rest: Any, **named: Any) -> Any:
        if resource_type == "AWS::S3::Bucket":
            refuse_full(physical_id)
        return delete(resource_type, physical_id, *rest, **named)

    stacks._provision_resource, stacks._update_resource, stacks._delete_resource = (
        provision_new,
        update_sound,
        delete_empty,
    )


def refuse_taken(resource_type: str, props: Properties) -> None:
    """Raises ValueError, which fails the resource, where the name in the template is taken."""
    member, taken = _TAKEN.get(resource_type.removeprefix("AWS::"), ("", bool))
    name = props.get(member)
    if isinstance(name, str) and taken(name):
        raise ValueError(f"Resource of type '{resource_type}' with identifier '{name}' already exists.")


def refuse_broken(resource_type: str, props: Properties) -> None:
    """Raises ValueError where the service would refuse the resource."""
    found = [*problems(resource_type, props), *_untrusting(resource_type, props), *_unreachable(resource_type, props)]
    if found:
        raise ValueError("; ".join(found))


def _untrusting(resource_type: str, props: Properties) -> Iterator[str]:
    """That the role does not trust the service, though IAM would let the caller pass it."""
    member, service, says = _TRUSTED.get(resource_type.removeprefix("AWS::"), ("", "", ""))
    role = iam._roles.get(roles.role_name(str(props.get(member, ""))))
    if role and not roles.trusts(role, service):
        yield says


def _unreachable(resource_type: str, props: Properties) -> Iterator[str]:
    """That the function's role may not send what failed to where it should go, which is looked at when that is configured.

    https://github.com/aws-amplify/amplify-js/issues/9869
    """
    target = props.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination", "")
    if resource_type != "AWS::Lambda::EventInvokeConfig" or ":sqs:" not in target:
        return
    function = lambda_svc._functions.get(props["FunctionName"].rpartition(":")[2], {})
    denied = roles.denial(function["config"]["Role"], "Lambda", "sqs:SendMessage", target, target.split(":")[3])
    if denied:
        yield f"The function's execution role does not have permissions to call SendMessage on SQS: {denied}"


def refuse_full(bucket: str) -> None:
    """Raises ValueError where the bucket holds an object or an old version of one."""
    if s3._buckets.get(bucket, {}).get("objects") or s3._bucket_has_versions(bucket):
        raise ValueError("The bucket you tried to delete is not empty. You must delete all versions in the bucket.")
