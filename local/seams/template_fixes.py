"""Adds to CloudFormation types of ministack the properties and attributes that it ignores."""

from collections.abc import Callable
from typing import Any

from ministack.services import dynamodb
from ministack.services.cloudformation import provisioners

Properties = dict[str, Any]
Created = tuple[str, Properties]  # physical id, attributes for Fn::GetAtt


def install(root_client: Callable[[str], Any]) -> None:
    """Replace the handlers. `root_client(service)` is a boto3 client of the account's root."""
    _fix_request_validators(root_client)
    _fix_time_to_live()


def _fix_request_validators(root_client: Callable[[str], Any]) -> None:
    """ministack creates no validator from a template and drops a method's reference to one."""
    handlers = provisioners._RESOURCE_HANDLERS
    create_method = handlers["AWS::ApiGateway::Method"]["create"]

    def flag(props: Properties, name: str) -> bool:
        return str(props.get(name)).lower() == "true"

    def create_validator(logical_id: str, props: Properties, stack: str) -> Created:
        validator = root_client("apigateway").create_request_validator(
            restApiId=props["RestApiId"],
            name=props.get("Name", logical_id),
            validateRequestBody=flag(props, "ValidateRequestBody"),
            validateRequestParameters=flag(props, "ValidateRequestParameters"),
        )
        return validator["id"], {"RequestValidatorId": validator["id"]}

    def create_validated_method(logical_id: str, props: Properties, stack: str) -> Created:
        created: Created = create_method(logical_id, props, stack)
        if props.get("RequestValidatorId"):
            change = {"op": "replace", "path": "/requestValidatorId", "value": props["RequestValidatorId"]}
            method = {"resourceId": props["ResourceId"], "httpMethod": props["HttpMethod"]}
            root_client("apigateway").update_method(restApiId=props["RestApiId"], **method, patchOperations=[change])
        return created

    handlers["AWS::ApiGateway::RequestValidator"]["create"] = create_validator
    handlers["AWS::ApiGateway::Method"]["create"] = create_validated_method


def _fix_time_to_live() -> None:
    """ministack's tables have a time to live, but its CloudFormation type ignores the property."""
    handlers = provisioners._RESOURCE_HANDLERS["AWS::DynamoDB::Table"]
    create, update = handlers["create"], handlers["update"]

    def apply(name: str, props: Properties, old: Properties) -> None:
        new, former = (each.get("TimeToLiveSpecification") for each in (props, old))
        if new != former:
            enabled = new is not None and str(new.get("Enabled", True)).lower() == "true"
            specification = {**(new or former or {}), "Enabled": enabled}
            dynamodb._update_ttl({"TableName": name, "TimeToLiveSpecification": specification})

    def create_with_ttl(logical_id: str, props: Properties, stack: str) -> Created:
        created: Created = create(logical_id, props, stack)
        apply(created[0], props, {})
        return created

    def update_with_ttl(physical_id: str, old: Properties, new: Properties, *place: str) -> Created:
        updated: Created = update(physical_id, old, new, *place)
        apply(updated[0], new, old if updated[0] == physical_id else {})
        return updated

    handlers.update(create=create_with_ttl, update=update_with_ttl)
