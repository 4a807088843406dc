"""A security group of hosts that work together."""

from collections.abc import Sequence
from typing import Any

from aws_cdk import aws_ec2 as ec2
from constructs import Construct

HTTPS = (443, 443, "AWS services")

Ports = tuple[int, int, str]
"""First port, last port, what is there."""


class HostGroup(Construct):
    """The group ``id`` lets its members reach each other on every port, which EFA and encrypted traffic between hosts require, and the
    ports of ``outward`` anywhere. Nobody else reaches them. A security group costs nothing.

    https://docs.aws.amazon.com/sagemaker/latest/dg/train-vpc.html
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, vpc: str, about: str, outward: Sequence[Ports] = (HTTPS,)
    ) -> None:
        super().__init__(scope, construct_id)
        group = ec2.CfnSecurityGroup(
            self,
            "Group",
            group_description=about,
            vpc_id=vpc,
            security_group_egress=[leaving(ports) for ports in outward],
        )
        self.id = group.attr_group_id
        # EFA traffic has no ports: everything between members, both ways.
        ours: dict[str, Any] = {"group_id": self.id, "ip_protocol": "-1", "description": "Members"}
        ec2.CfnSecurityGroupIngress(self, "FromMembers", source_security_group_id=self.id, **ours)
        ec2.CfnSecurityGroupEgress(self, "ToMembers", destination_security_group_id=self.id, **ours)


def leaving(ports: Ports) -> ec2.CfnSecurityGroup.EgressProperty:
    """A rule that lets members of a group reach these ports anywhere."""
    return ec2.CfnSecurityGroup.EgressProperty(
        ip_protocol="tcp", from_port=ports[0], to_port=ports[1], cidr_ip="0.0.0.0/0", description=ports[2]
    )
