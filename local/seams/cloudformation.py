"""Adds the CloudFormation types that ministack lacks."""

from collections.abc import Callable
from typing import Any

from ministack.services.cloudformation import provisioners, stacks

from local.autoscaling import ApplicationAutoScaling
from local.errors import ServiceError
from local.sagemaker.control_plane import ControlPlane
from local.seams import api_account, api_keys, budgets, creations, networks, template_fixes, weak_references

Properties = dict[str, Any]
Created = tuple[str, Properties]  # physical id, attributes for Fn::GetAtt
Handlers = dict[str, Callable[..., Any]]  # create, update, delete
_ENDPOINT_SECONDS = 3600.0
_TARGET_MEMBERS = ("ResourceId", "ScalableDimension", "ServiceNamespace")
_SCALING_ACTIONS = {
    "ScalableTarget": ("RegisterScalableTarget", "DeregisterScalableTarget"),
    "ScalingPolicy": ("PutScalingPolicy", "DeleteScalingPolicy"),
}


def install(sagemaker: ControlPlane, autoscaling: ApplicationAutoScaling, root_client: Callable[[str], Any]) -> None:
    """Add the types. `root_client(service)` is a boto3 client of the account's root."""
    types = provisioners._RESOURCE_HANDLERS
    for resource in ("Model", "EndpointConfig", "Endpoint", "ModelPackageGroup"):
        types[f"AWS::SageMaker::{resource}"] = _sagemaker_type(sagemaker, resource)
    for noun in _SCALING_ACTIONS:
        types[f"AWS::ApplicationAutoScaling::{noun}"] = _scaling_type(autoscaling, noun)
    types["Custom::S3AutoDeleteObjects"] = _auto_delete_type(root_client)
    types["AWS::Budgets::Budget"] = budgets.budget_type(root_client)
    template_fixes.install(root_client)
    weak_references.install()
    api_account.install()
    api_keys.install()
    creations.install()
    networks.install(root_client, sagemaker.store.region)
    _run_on_threads()


def _sagemaker_type(sagemaker: ControlPlane, resource: str) -> Handlers:
    name_member, arn_member, action = f"{resource}Name", f"{resource}Arn", f"Create{resource}"

    def present(name: str, arn: str) -> Created:
        if resource == "Endpoint":
            _wait(sagemaker, name)
        return arn, {name_member: name, arn_member: arn}

    def create(logical_id: str, props: Properties, stack: str) -> Created:
        name = props.get(name_member) or provisioners._physical_name(stack, logical_id, max_len=63)
        params = _call(sagemaker.api.coerce, action, {**props, name_member: name})
        return present(name, _call(sagemaker.dispatch, action, params)[arn_member])

    def update(physical_id: str, old: Properties, new: Properties, stack: str) -> Created:
        name = physical_id.split("/", 1)[1]
        if {**old, "Tags": None} == {**new, "Tags": None}:
            sagemaker.store.tag(physical_id, new.get("Tags", []))
            return physical_id, {name_member: name, arn_member: physical_id}
        if resource == "Endpoint" and old.get(name_member) == new.get(name_member):
            configuration: Properties = {k: new[k] for k in ("EndpointConfigName", "DeploymentConfig") if k in new}
            params = _call(sagemaker.api.coerce, "UpdateEndpoint", {"EndpointName": name, **configuration})
            _call(sagemaker.dispatch, "UpdateEndpoint", params)
            return present(name, physical_id)
        # Every other change replaces the resource; ministack deletes the old one afterwards.
        if new.get(name_member) == name:
            raise ValueError(
                "CloudFormation cannot update a stack when a custom-named resource requires replacing. "
                f"Rename {name} and update the stack again.",
            )
        return create("", new if new.get(name_member) else {**new, name_member: _successor(name)}, stack)

    def delete(physical_id: str, props: Properties) -> None:
        name = physical_id.split("/", 1)[-1]
        if sagemaker.store.find(resource, name) is None:
            return
        if resource == "Endpoint":
            sagemaker.endpoints.states.wait(name, _ENDPOINT_SECONDS)
        _call(sagemaker.dispatch, f"Delete{resource}", {name_member: name})

    return {"create": create, "update": update, "delete": delete}


def _wait(sagemaker: ControlPlane, name: str) -> None:
    record = sagemaker.endpoints.states.wait(name, _ENDPOINT_SECONDS) or {"EndpointStatus": "Deleted"}
    if record["EndpointStatus"] != "InService" or "FailureReason" in record:
        raise ValueError(record.get("FailureReason", f"Endpoint {name} is {record['EndpointStatus']}"))


def _successor(name: str) -> str:
    """The next generated name of a replaced resource: `stack-thing-1A2B` gives `stack-thing-1A2B-2`, then `-3`."""
    stem, _, last = name.rpartition("-")
    return f"{stem}-{int(last) + 1}" if last.isdigit() and len(last) < 4 else f"{name[:59]}-2"


def _scaling_type(autoscaling: ApplicationAutoScaling, noun: str) -> Handlers:
    """ScalableTarget, whose id in templates is made of its three members, or ScalingPolicy, whose id is its ARN."""
    put, remove = _SCALING_ACTIONS[noun]

    def create(logical_id: str, props: Properties, stack: str) -> Created:
        scheduled = props.get("ScheduledActions", [])
        properties = {name: value for name, value in props.items() if name != "ScheduledActions"}
        request = _call(autoscaling.api.coerce, put, _with_target(properties))
        answer = _call(autoscaling.dispatch, put, request)
        for action in scheduled:
            place = {member: request[member] for member in _TARGET_MEMBERS}
            action_request = _call(autoscaling.api.coerce, "PutScheduledAction", place | action)
            _call(autoscaling.dispatch, "PutScheduledAction", action_request)
        if noun == "ScalingPolicy":
            return answer["PolicyARN"], {"Arn": answer["PolicyARN"]}
        physical_id = "|".join(request[member] for member in _TARGET_MEMBERS)
        return physical_id, {"Id": physical_id}

    def delete(physical_id: str, props: Properties) -> None:
        names = ("PolicyName", *_TARGET_MEMBERS) if noun == "ScalingPolicy" else _TARGET_MEMBERS
        request = _with_target(props)
        try:
            autoscaling.dispatch(remove, {name: request[name] for name in names})
        except ServiceError as error:
            if error.code != "ObjectNotFoundException":
                raise

    return _put_again(create, delete)


def _with_target(props: Properties) -> Properties:
    """A policy's properties with the target's three members in place of its id in the template."""
    if "ScalingTargetId" not in props:
        return props
    target = dict(zip(_TARGET_MEMBERS, props["ScalingTargetId"].split("|"), strict=True))
    return {**{k: v for k, v in props.items() if k != "ScalingTargetId"}, **target}


def _auto_delete_type(root_client: Callable[[str], Any]) -> Handlers:
    """CDK's own handler for this is a Node bundle that needs an SDK which is not on this machine."""

    def create(logical_id: str, props: Properties, stack: str) -> Created:
        return f"auto-delete-{props['BucketName']}", {}

    def delete(physical_id: str, props: Properties) -> None:
        s3, bucket = root_client("s3"), props["BucketName"]
        for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
            versions = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
            objects = [{"Key": v["Key"], "VersionId": v["VersionId"]} for v in versions]
            if objects:
                s3.delete_objects(Bucket=bucket, Delete={"Objects": objects, "Quiet": True})

    return _put_again(create, delete)


def _put_again(create: Callable[..., Created], delete: Callable[..., None]) -> Handlers:
    """The handlers of a type whose update is another creation."""
    return {"create": create, "update": lambda _id, _old, new, stack: create("", new, stack), "delete": delete}


def _run_on_threads() -> None:
    """Types that wait, or call the server over HTTP, must not be provisioned on its event loop."""
    original = stacks._runs_on_worker_thread
    ours = (
        "AWS::SageMaker::",
        "AWS::Budgets::",
        "AWS::ApiGateway::RequestValidator",
        "AWS::ApiGateway::Method",
        "AWS::EC2::SecurityGroupIngress",
        "AWS::EC2::SecurityGroupEgress",
        "AWS::EC2::FlowLog",
    )

    def runs_on_worker_thread(resource_type: str) -> bool:
        return bool(original(resource_type)) or resource_type.startswith(ours)

    stacks._runs_on_worker_thread = runs_on_worker_thread


def _call(function: Callable[..., Any], *args: Any) -> Any:
    """Call a service; its error in the words of a CloudFormation resource handler."""
    try:
        return function(*args)
    except ServiceError as error:
        raise ValueError(f"{error.message} (Status Code: {error.status}; Error Code: {error.code})") from error
