"""The network that training hosts join to reach a file system: a security group in an existing VPC."""

from aws_cdk import CfnOutput, Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from constructs import Construct

from infra.components.access import allow
from infra.nag import accept
from infra.pretraining import Lustre

_HTTPS = 443


class TrainingNetwork(Construct):
    """``group`` lets its members reach each other (EFA requires it), S3 through the VPC's endpoint, and the file system.

    The file system's own security group must let this one in; its id is an output. A security group costs nothing.
    """

    def __init__(self, scope: Construct, construct_id: str, *, lustre: Lustre) -> None:
        super().__init__(scope, construct_id)
        self._lustre = lustre
        self.group = ec2.CfnSecurityGroup(
            self,
            "Group",
            group_description="Atelier: hosts that pretrain",
            vpc_id=lustre.vpc,
            security_group_egress=[
                ec2.CfnSecurityGroup.EgressProperty(
                    ip_protocol="tcp", from_port=port, to_port=last, cidr_ip="0.0.0.0/0", description=why
                )
                for port, last, why in ((_HTTPS, _HTTPS, "S3, logs"), (988, 988, "Lustre"), (1018, 1023, "Lustre"))
            ],
        )
        member = self.group.attr_group_id
        # EFA traffic has no ports: everything between members, both ways.
        ec2.CfnSecurityGroupIngress(
            self, "FromMembers", group_id=member, ip_protocol="-1", source_security_group_id=member, description="EFA"
        )
        ec2.CfnSecurityGroupEgress(
            self,
            "ToMembers",
            group_id=member,
            ip_protocol="-1",
            destination_security_group_id=member,
            description="EFA",
        )
        CfnOutput(self, "GroupId", value=self.group.attr_group_id)

    @property
    def config(self) -> dict[str, list[str]]:
        """A training job's VpcConfig. One subnet: EFA does not cross availability zones, and a file system lives in one."""
        return {"SecurityGroupIds": [self.group.attr_group_id], "Subnets": [self._lustre.subnet]}

    def statements(self) -> list[iam.PolicyStatement]:
        """What a job's role needs for its hosts to join a VPC and mount the file system."""
        stack = Stack.of(self)
        kinds = ("network-interface", "subnet", "security-group")
        parts = [stack.format_arn(service="ec2", resource=kind, resource_name="*") for kind in kinds]
        file_system = stack.format_arn(service="fsx", resource="file-system", resource_name=self._lustre.file_system)
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
                ],
                ["*"],
            ),
            allow(["fsx:DescribeFileSystems"], [file_system]),
        ]

    def accept_on(self, role: iam.IRole) -> None:
        """Say why these wildcards are as narrow as they can be."""
        for kind in ("network-interface", "subnet", "security-group"):
            accept(
                role,
                f"AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:ec2:<AWS::Region>:<AWS::AccountId>:{kind}/*]",
                because="SageMaker makes the interfaces of a job's hosts and names them; a request names all three kinds.",
            )
