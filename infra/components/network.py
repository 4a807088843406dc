"""A VPC of a stage's own, from which nothing but AWS's services can be reached."""

from collections.abc import Iterable, Mapping
from typing import Any

from aws_cdk import Aws
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

from contracts.vpc import VpcConfig
from infra.components.access import allow, grant, service_principal
from infra.components.host_group import HTTPS, HostGroup, leaving
from infra.components.log_retention import log_group
from infra.settings.network import Network

_RANGE = "10.0.0.0/16"
"""Nothing is connected to it, so any number of stages may have the same."""

_SUBNETS = tuple(f"10.0.{16 * index}.0/20" for index in range(16))
"""4,091 addresses each: a host with EFA takes five, every other two."""

_NOWHERE = ec2.CfnSecurityGroup.EgressProperty(
    ip_protocol="icmp", from_port=252, to_port=86, cidr_ip="255.255.255.255/32", description="Nowhere"
)
"""Without any rule CloudFormation would add one that allows everything; this is how CDK writes none."""


class PrivateNetwork(Construct):
    """Subnets in two zones or more, without an internet gateway or NAT. S3 and DynamoDB are reached through gateways, which cost nothing,
    and only as far as ``tables`` and ``buckets`` (their ARNs) go; what handlers call, through interface endpoints of ``services``.

    ``hosts`` is where jobs are, whose hosts reach each other; ``clients`` where everything else is, which nobody reaches.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        network: Network,
        services: Iterable[str],
        buckets: Iterable[str],
        tables: Iterable[str],
        key: kms.IKey,
        log_days: int,
    ) -> None:
        super().__init__(scope, construct_id)
        # Private names of the interface endpoints need both.
        vpc = ec2.CfnVPC(self, "Vpc", cidr_block=_RANGE, enable_dns_support=True, enable_dns_hostnames=True)
        self._vpc = vpc.ref
        subnets = [self._subnet(index, zone) for index, zone in enumerate(network.zones)]
        clients = self._clients()
        hosts = HostGroup(self, "Hosts", vpc=self._vpc, about="Atelier: hosts of jobs").id
        self.hosts = VpcConfig(subnets=subnets, security_groups=[hosts])
        self.clients = VpcConfig(subnets=subnets, security_groups=[clients])
        self._gateways(subnets, {"s3": _inside(buckets), "dynamodb": _inside(tables)})
        self._interfaces(services, subnets, [hosts, clients])
        self._record_flows(key, log_days)

    def _subnet(self, index: int, zone: str) -> str:
        return ec2.CfnSubnet(
            self,
            f"Subnet{zone.upper()}",
            vpc_id=self._vpc,
            cidr_block=_SUBNETS[index],
            availability_zone=f"{Aws.REGION}{zone}",
            map_public_ip_on_launch=False,
        ).ref

    def _clients(self) -> str:
        """Anywhere is not far: the routes lead to AWS's services only, and the ranges of S3's addresses are not known before deployment."""
        return self._group("Clients", "Atelier: endpoints and handlers", [leaving(HTTPS)]).attr_group_id

    def _group(
        self,
        construct_id: str,
        about: str,
        outward: list[ec2.CfnSecurityGroup.EgressProperty],
        inward: list[ec2.CfnSecurityGroup.IngressProperty] | None = None,
    ) -> ec2.CfnSecurityGroup:
        return ec2.CfnSecurityGroup(
            self,
            construct_id,
            group_description=about,
            vpc_id=self._vpc,
            security_group_egress=outward,
            security_group_ingress=inward,
        )

    def _gateways(self, subnets: list[str], policies: Mapping[str, Mapping[str, Any]]) -> None:
        table = ec2.CfnRouteTable(self, "Routes", vpc_id=self._vpc).ref
        for index, subnet in enumerate(subnets):
            ec2.CfnSubnetRouteTableAssociation(self, f"Routed{index}", route_table_id=table, subnet_id=subnet)
        for service, policy in policies.items():
            self._endpoint(service, "Gateway", policy, route_table_ids=[table])

    def _interfaces(self, services: Iterable[str], subnets: list[str], groups: Iterable[str]) -> None:
        inward = [
            ec2.CfnSecurityGroup.IngressProperty(
                ip_protocol="tcp",
                from_port=HTTPS[0],
                to_port=HTTPS[1],
                source_security_group_id=group,
                description="From inside",
            )
            for group in groups
        ]
        group = self._group("Services", "Atelier: interface endpoints", [_NOWHERE], inward).attr_group_id
        for service in services:
            self._endpoint(
                service,
                "Interface",
                _inside(["*"]),
                subnet_ids=subnets,
                security_group_ids=[group],
                private_dns_enabled=True,
            )

    def _endpoint(self, service: str, kind: str, policy: Mapping[str, Any], **own: Any) -> None:
        name = "".join(word.capitalize() for word in service.replace(".", "-").split("-"))
        ec2.CfnVPCEndpoint(
            self,
            f"To{name}",
            vpc_id=self._vpc,
            service_name=f"com.amazonaws.{Aws.REGION}.{service}",
            vpc_endpoint_type=kind,
            policy_document=policy,
            **own,
        )

    def _record_flows(self, key: kms.IKey, log_days: int) -> None:
        """Which address spoke to which; never what.

        https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-iam-role.html
        """
        log = log_group(self, "FlowLog", log_days, key)
        role = iam.Role(
            self, "FlowRole", assumed_by=service_principal("vpc-flow-logs"), description="Atelier flow logs"
        )
        actions = ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]
        grant(role, [allow(actions, [log.log_group_arn])])
        ec2.CfnFlowLog(
            self,
            "Flows",
            resource_id=self._vpc,
            resource_type="VPC",
            traffic_type="ALL",
            log_destination_type="cloud-watch-logs",
            log_group_name=log.log_group_name,
            deliver_logs_permission_arn=role.role_arn,
        )


def _inside(resources: Iterable[str]) -> dict[str, Any]:
    """An endpoint's policy: identities of this account only, on these resources; what each may do is said by its own role."""
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": "*"},
        "Action": "*",
        "Resource": list(resources),
        "Condition": {"StringEquals": {"aws:PrincipalAccount": Aws.ACCOUNT_ID}},
    }
    return {"Version": "2012-10-17", "Statement": [statement]}
