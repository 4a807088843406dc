"""Adds to CloudFormation the types of a network that ministack has as a service only, and refuses a function that cannot join its VPC."""

from collections.abc import Callable
from typing import Any

from ministack.services.cloudformation import provisioners

from local.seams import roles

Properties = dict[str, Any]
Created = tuple[str, Properties]  # physical id, attributes for Fn::GetAtt
Handlers = dict[str, Callable[..., Any]]

_JOINING = (
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:UnassignPrivateIpAddresses",
)
"""What a function's role needs. https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html"""

_FLOW_MEMBERS = ("ResourceType", "TrafficType", "LogDestinationType", "LogGroupName", "DeliverLogsPermissionArn")


def install(root_client: Callable[[str], Any], region: str) -> None:
    """Add the types, and the look at functions. ``root_client(service)`` is a boto3 client of the account's root."""
    types = provisioners._RESOURCE_HANDLERS
    types["AWS::EC2::SecurityGroupIngress"] = _rule(root_client, "ingress", "SourceSecurityGroupId")
    types["AWS::EC2::SecurityGroupEgress"] = _rule(root_client, "egress", "DestinationSecurityGroupId")
    types["AWS::EC2::FlowLog"] = _flow_log(root_client)
    functions = types["AWS::Lambda::Function"]
    functions["create"] = _joining(functions["create"], 1, region)
    functions["update"] = _joining(functions["update"], 2, region)


def _rule(root_client: Callable[[str], Any], way: str, other: str) -> Handlers:
    """A rule between two groups, by id: what our templates use."""

    def permission(props: Properties) -> Properties:
        ports = {name: int(props[name]) for name in ("FromPort", "ToPort") if name in props}
        pair = {"UserIdGroupPairs": [{"GroupId": props[other]}]}
        return {
            "GroupId": props["GroupId"],
            "IpPermissions": [{"IpProtocol": str(props["IpProtocol"]), **ports, **pair}],
        }

    def create(logical_id: str, props: Properties, stack: str) -> Created:
        getattr(root_client("ec2"), f"authorize_security_group_{way}")(**permission(props))
        physical_id = f"{props['GroupId']}-{logical_id}"
        return physical_id, {"Id": physical_id}

    def delete(physical_id: str, props: Properties) -> None:
        getattr(root_client("ec2"), f"revoke_security_group_{way}")(**permission(props))

    def update(physical_id: str, old: Properties, new: Properties, stack: str) -> Created:
        delete(physical_id, old)
        return create(physical_id.rpartition("-")[2], new, stack)

    return {"create": create, "update": update, "delete": delete}


def _flow_log(root_client: Callable[[str], Any]) -> Handlers:
    def create(logical_id: str, props: Properties, stack: str) -> Created:
        request = {name: value for name, value in props.items() if name in _FLOW_MEMBERS}
        answer = root_client("ec2").create_flow_logs(ResourceIds=[props["ResourceId"]], **request)
        (flow,) = answer["FlowLogIds"]
        return flow, {"Id": flow}

    def delete(physical_id: str, props: Properties) -> None:
        root_client("ec2").delete_flow_logs(FlowLogIds=[physical_id])

    # Every property replaces it; ministack deletes the old one afterwards.
    return {"create": create, "update": lambda _id, _old, new, stack: create("", new, stack), "delete": delete}


def _joining(handler: Callable[..., Any], position: int, region: str) -> Callable[..., Any]:
    """The handler, which first looks whether the role may join the VPC of the properties at ``position``."""

    def look(*arguments: Any) -> Any:
        props = arguments[position]
        if props.get("VpcConfig", {}).get("SubnetIds"):
            interface = f"arn:aws:ec2:{region}:{props['Role'].split(':')[4]}:network-interface/*"
            for action in _JOINING:
                resource = "*" if action.startswith("ec2:Describe") else interface
                if roles.denial(props["Role"], "Lambda", action, resource, region) is not None:
                    call = action.removeprefix("ec2:")
                    raise ValueError(
                        f"The provided execution role does not have permissions to call {call} on EC2 "
                        "(Service: Lambda, Status Code: 400)"
                    )
        return handler(*arguments)

    return look
