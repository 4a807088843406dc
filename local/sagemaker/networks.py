"""What must be right before SageMaker joins the hosts of a job or a model to a VPC."""

from typing import Any

from local.errors import AWS_ERRORS, validation_error
from local.sagemaker.backend import Backend
from local.sagemaker.store import Record

JOINING = (
    "ec2:CreateNetworkInterface",
    "ec2:CreateNetworkInterfacePermission",
    "ec2:DeleteNetworkInterface",
    "ec2:DeleteNetworkInterfacePermission",
    "ec2:DescribeDhcpOptions",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSubnets",
    "ec2:DescribeVpcs",
)
"""https://docs.aws.amazon.com/sagemaker/latest/dg/sagemaker-roles.html"""

_CREATED = "network-interface/*"


def check_network(backend: Backend, request: Record) -> None:
    """Look at the ``VpcConfig`` of a request that names a role, if it has one. Raises ServiceError.

    AWS may find the same only later, and fail the job or endpoint.
    """
    config = request.get("VpcConfig") or request.get("NetworkConfig", {}).get("VpcConfig")
    if not config:
        return
    vpcs = {
        *_vpcs(backend, "describe_subnets", "Subnets", SubnetIds=config["Subnets"]),
        *_vpcs(backend, "describe_security_groups", "SecurityGroups", GroupIds=config["SecurityGroupIds"]),
    }
    if len(vpcs) != 1:
        raise validation_error(f"VpcConfig: got subnets and security groups of {sorted(vpcs)}; allowed: of one VPC")
    role = request.get("RoleArn") or request.get("ExecutionRoleArn", "")
    place = f"arn:aws:ec2:{backend.region}:{backend.account}:{_CREATED}"
    for action in JOINING:
        resource = "*" if action.startswith("ec2:Describe") else place
        if not backend.role_may((action, resource, {}), role):
            raise validation_error(
                f"VpcConfig: the role {role} may not {action}, which its hosts need to join the VPC."
            )


def _vpcs(backend: Backend, operation: str, found: str, **ids: Any) -> set[str]:
    try:
        return {each["VpcId"] for each in getattr(backend.root("ec2"), operation)(**ids)[found]}
    except AWS_ERRORS as error:
        raise validation_error(f"VpcConfig: {error}") from error
