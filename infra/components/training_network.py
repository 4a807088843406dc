"""The network that training hosts join to reach a file system: a security group in an existing VPC."""

from aws_cdk import CfnOutput
from constructs import Construct

from contracts.vpc import VpcConfig
from infra.components.access import Statement, allow
from infra.components.host_group import HTTPS, HostGroup
from infra.settings.pretraining import Lustre

_LUSTRE = ((988, 988, "Lustre"), (1018, 1023, "Lustre"))


class TrainingNetwork(Construct):
    """A group that lets its members reach each other, S3 through the VPC's endpoint, and the file system.

    ``config`` is where training hosts are. The file system's own security group must let this one in; its id is an output.
    """

    def __init__(self, scope: Construct, construct_id: str, *, lustre: Lustre) -> None:
        super().__init__(scope, construct_id)
        about, outward = "Atelier: hosts that pretrain", (HTTPS, *_LUSTRE)
        group = HostGroup(self, "Hosts", vpc=lustre.vpc, about=about, outward=outward)
        CfnOutput(self, "GroupId", value=group.id)
        # One subnet: EFA does not cross availability zones, and a file system lives in one.
        self.config = VpcConfig(subnets=[lustre.subnet], security_groups=[group.id])

    def mounting(self) -> list[Statement]:
        """Mount the file system: the call knows no resources."""
        return [allow(["fsx:DescribeFileSystems"], ["*"])]
