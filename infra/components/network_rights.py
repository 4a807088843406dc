"""What a role needs so that AWS can join what runs as it to a VPC, each list as its service documents it.

The network interfaces are the service's own: it makes and names them. From inside the stage's network nobody reaches EC2's API.
"""

from constructs import IConstruct

from infra.components.access import Statement, allow, arn
from infra.nag import accept

_KINDS = ("network-interface", "subnet", "security-group")
"""What the request that makes an interface names."""


def joining_hosts() -> list[Statement]:
    """Let SageMaker join the hosts of the role's jobs and endpoints to a VPC.

    https://docs.aws.amazon.com/sagemaker/latest/dg/sagemaker-roles.html
    """
    return _joining(
        create=["ec2:CreateNetworkInterface", "ec2:CreateNetworkInterfacePermission"],
        change=["ec2:DeleteNetworkInterface", "ec2:DeleteNetworkInterfacePermission"],
        describe=[
            "ec2:DescribeDhcpOptions",
            "ec2:DescribeNetworkInterfaces",
            "ec2:DescribeSecurityGroups",
            "ec2:DescribeSubnets",
            "ec2:DescribeVpcs",
        ],
    )


def joining_function() -> list[Statement]:
    """Let Lambda join the role's function to a VPC.

    https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html
    """
    return _joining(
        create=["ec2:CreateNetworkInterface"],
        change=["ec2:AssignPrivateIpAddresses", "ec2:DeleteNetworkInterface", "ec2:UnassignPrivateIpAddresses"],
        describe=["ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets"],
    )


def accept_joining(scope: IConstruct) -> None:
    """Say why the wildcards of these statements are as narrow as they can be."""
    because = "The service makes the interfaces and names them; a request names all three kinds."
    ec2_arn = "AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:ec2:<AWS::Region>:<AWS::AccountId>:"
    accept(scope, {f"{ec2_arn}{kind}/*]": because for kind in _KINDS})


def _joining(*, create: list[str], change: list[str], describe: list[str]) -> list[Statement]:
    parts = [arn("ec2", f"{kind}/*") for kind in _KINDS]
    # Calls that describe do not support resource-level permissions.
    return [allow(create, parts), allow(change, parts[:1]), allow(describe, ["*"])]
