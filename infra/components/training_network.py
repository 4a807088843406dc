"""The network that training hosts join to reach a file system: a security group in an existing VPC."""

from typing import Any

from aws_cdk import CfnOutput
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from constructs import Construct

from infra.components.access import Statement, allow, arn
from infra.nag import accept
from infra.settings.pretraining import Lustre

_KINDS = ("network-interface", "subnet", "security-group")
"""What the request that joins a host to the VPC names."""


class TrainingNetwork(Construct):
    """A group that lets its members reach each other (EFA requires it), S3 through the VPC's endpoint, and the file system.

    ``config`` is a training job's VpcConfig. The file system's own security group must let this one in; its id is an output.
    A security group costs nothing.
    """

    def __init__(self, scope: Construct, construct_id: str, *, lustre: Lustre) -> None:
        super().__init__(scope, construct_id)
        egress = [
            ec2.CfnSecurityGroup.EgressProperty(
                ip_protocol="tcp", from_port=port, to_port=last, cidr_ip="0.0.0.0/0", description=why
            )
            for port, last, why in ((443, 443, "S3, logs"), (988, 988, "Lustre"), (1018, 1023, "Lustre"))
        ]
        about = "Atelier: hosts that pretrain"
        group = ec2.CfnSecurityGroup(
            self, "Group", group_description=about, vpc_id=lustre.vpc, security_group_egress=egress
        )
        member = group.attr_group_id
        # EFA traffic has no ports: everything between members, both ways.
        ours: dict[str, Any] = {"group_id": member, "ip_protocol": "-1", "description": "EFA"}
        ec2.CfnSecurityGroupIngress(self, "FromMembers", source_security_group_id=member, **ours)
        ec2.CfnSecurityGroupEgress(self, "ToMembers", destination_security_group_id=member, **ours)
        CfnOutput(self, "GroupId", value=member)
        # One subnet: EFA does not cross availability zones, and a file system lives in one.
        self.config = {"SecurityGroupIds": [member], "Subnets": [lustre.subnet]}

    def joining(self) -> list[Statement]:
        """Join hosts to the VPC and mount the file system."""
        parts = [arn("ec2", f"{kind}/*") for kind in _KINDS]
        return [
            # SageMaker makes and names the interfaces itself.
            allow(["ec2:CreateNetworkInterface", "ec2:CreateNetworkInterfacePermission"], parts),
            allow(["ec2:DeleteNetworkInterface", "ec2:DeleteNetworkInterfacePermission"], parts[:1]),
            # These calls do not support resource-level permissions.
            allow(
                [
                    "ec2:DescribeDhcpOptions",
                    "ec2:DescribeNetworkInterfaces",
                    "ec2:DescribeSecurityGroups",
                    "ec2:DescribeSubnets",
                    "ec2:DescribeVpcs",
                    "fsx:DescribeFileSystems",
                ],
                ["*"],
            ),
        ]

    def accept_joining(self, role: iam.IRole) -> None:
        """Say why the role's wildcards are as narrow as they can be."""
        because = "SageMaker makes the interfaces of a job's hosts and names them; a request names all three kinds."
        ec2_arn = "AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:ec2:<AWS::Region>:<AWS::AccountId>:"
        accept(role, {f"{ec2_arn}{kind}/*]": because for kind in _KINDS})
