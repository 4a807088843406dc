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
    _fix_vpc()
    for table in ("AWS::DynamoDB::Table", "AWS::DynamoDB::GlobalTable"):
        _fix_time_to_live(table)


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
            root_client("apigateway").update_method(
                restApiId=props["RestApiId"], resourceId=props["ResourceId"], httpMethod=props["HttpMethod"],
                patchOperations=[change],
            )  # fmt: skip
        return created

    handlers["AWS::ApiGateway::RequestValidator"]["create"] = create_validator
    handlers["AWS::ApiGateway::Method"]["create"] = create_validated_method


def _fix_vpc() -> None:
    """CDK's templates read the attribute `VPC.CidrBlock`, which ministack does not return."""
    handlers = provisioners._RESOURCE_HANDLERS["AWS::EC2::VPC"]
    create = handlers["create"]

    def create_with_cidr(logical_id: str, props: Properties, stack: str) -> Created:
        physical_id, attributes = create(logical_id, props, stack)
        return physical_id, {**attributes, "CidrBlock": props.get("CidrBlock")}

    handlers["create"] = create_with_cidr


def _fix_time_to_live(resource_type: str) -> None:
    """ministack's tables have a time to live, but its CloudFormation type ignores the property."""
    handlers = provisioners._RESOURCE_HANDLERS[resource_type]
    create, update = handlers["create"], handlers["update"]

    def apply(name: str, props: Properties, old: Properties) -> None:
        new = props.get("TimeToLiveSpecification")
        former = old.get("TimeToLiveSpecification")
        if new == former:
            return
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
