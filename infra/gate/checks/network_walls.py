"""A stage's network has no way to the internet and lets nobody in; hosts that work together reach each other, and who spoke is recorded."""

from collections.abc import Iterator
from ipaddress import ip_network
from itertools import combinations

from infra.gate.assembly import Assembly, Resource
from infra.gate.finding import Finding
from infra.gate.networks import StageNetwork, jobs, network_of
from infra.gate.roles import allowed, listed, role_of
from infra.gate.sources import Sources

_NAME = "network walls"
_DOORS = (
    "AWS::EC2::EgressOnlyInternetGateway",
    "AWS::EC2::InternetGateway",
    "AWS::EC2::NatGateway",
    "AWS::EC2::Route",
    "AWS::EC2::VPCGatewayAttachment",
    "AWS::EC2::VPCPeeringConnection",
)
_NOWHERE = "255.255.255.255/32"
_WRITING = {"logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"}
"""https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-iam-role.html"""

_FEWEST_ZONES = 2
"""https://docs.aws.amazon.com/sagemaker/latest/dg/host-vpc.html"""


def check(assembly: Assembly, sources: Sources) -> Iterator[Finding]:
    """See the module."""
    network = network_of(assembly)
    if network is not None:
        yield from _doors(network)
        yield from _zones(network)
        yield from _groups(network)
        yield from _together(network)
        yield from _recorded(network)


def _doors(network: StageNetwork) -> Iterator[Finding]:
    for door in network.assembly.of(*_DOORS):
        yield door.finding(
            _NAME, "it leads out of the stage's network", "Remove it: what needs the internet stays outside"
        )
    for subnet in network.assembly.of("AWS::EC2::Subnet"):
        if subnet.properties.get("MapPublicIpOnLaunch"):
            yield subnet.finding(_NAME, "what starts in it gets a public address", "Set MapPublicIpOnLaunch to false")


def _zones(network: StageNetwork) -> Iterator[Finding]:
    subnets = network.assembly.of("AWS::EC2::Subnet")
    zones = {str(each.properties.get("AvailabilityZone")) for each in subnets}
    if len(zones) < _FEWEST_ZONES:
        yield network.vpc.finding(_NAME, f"its subnets are in {len(zones)} zone", "Hosting wants two")
    whole = ip_network(network.vpc.properties["CidrBlock"])
    ranges = {each.name: ip_network(each.properties["CidrBlock"]) for each in subnets}
    for subnet in subnets:
        if not ranges[subnet.name].subnet_of(whole):  # type: ignore[arg-type]
            yield subnet.finding(
                _NAME, f"{ranges[subnet.name]} is outside of {whole}", "Take a part of the VPC's range"
            )
    for one, other in combinations(subnets, 2):
        if ranges[one.name].overlaps(ranges[other.name]):
            yield other.finding(_NAME, f"its range overlaps that of {one.name}", "Give each a range of its own")


def _groups(network: StageNetwork) -> Iterator[Finding]:
    for group in network.assembly.of("AWS::EC2::SecurityGroup"):
        rules = listed(group.properties.get("SecurityGroupIngress"))
        if any(set(rule) & {"CidrIp", "CidrIpv6", "SourcePrefixListId"} for rule in rules):
            yield group.finding(
                _NAME, "it lets in whole ranges of addresses", "Let in security groups of the stage only"
            )
        outward = listed(group.properties.get("SecurityGroupEgress"))
        if not outward:
            yield group.finding(
                _NAME, "without a rule for what leaves, everything may", "Write the rules, or one to nowhere"
            )
        for rule in outward:
            if rule.get("CidrIp") != _NOWHERE and (rule.get("IpProtocol"), rule.get("FromPort")) != ("tcp", 443):
                wrong = f"it lets {rule.get('IpProtocol')} {rule.get('FromPort')} to {rule.get('ToPort')} out"
                yield group.finding(_NAME, wrong, "AWS's services are on port 443")


def _together(network: StageNetwork) -> Iterator[Finding]:
    """https://docs.aws.amazon.com/sagemaker/latest/dg/train-vpc.html"""
    pairs = {
        "SourceSecurityGroupId": "AWS::EC2::SecurityGroupIngress",
        "DestinationSecurityGroupId": "AWS::EC2::SecurityGroupEgress",
    }
    for key, kind in pairs.items():
        own = {group for rule in network.assembly.of(kind) for group in _own(network, rule, key)}
        for machine, state, request in jobs(network.assembly):
            for group in sorted(network.groups(request.get("VpcConfig")) - own):
                wrong = f"hosts in {group} do not reach each other ({kind.rpartition('::')[2]})"
                yield machine.finding(_NAME, state, wrong, "Put jobs into a HostGroup")


def _own(network: StageNetwork, rule: Resource, key: str) -> set[str]:
    """The group that a rule lets speak to itself, on every port."""
    properties = rule.properties
    everything = properties.get("IpProtocol") == "-1"
    return network.groups(properties.get("GroupId")) & network.groups(properties.get(key)) if everything else set()


def _recorded(network: StageNetwork) -> Iterator[Finding]:
    flows = network.assembly.of("AWS::EC2::FlowLog")
    own = [each for each in flows if network.vpc in network.assembly.referenced(each.properties.get("ResourceId", ""))]
    if not own:
        yield network.vpc.finding(_NAME, "nobody records who spoke to whom", "Give it a flow log")
    for flow in own:
        if flow.properties.get("TrafficType") != "ALL":
            yield flow.finding(_NAME, f"it records {flow.properties.get('TrafficType')} only", "Record ALL")
        if not network.named(flow.properties.get("LogGroupName", ""), "AWS::Logs::LogGroup"):
            yield flow.finding(_NAME, "it writes to no log of the stage", "Name the log group")
        role = role_of(network.assembly, flow.properties.get("DeliverLogsPermissionArn"))
        for action in sorted(_WRITING - (allowed(network.assembly, role) if role else set())):
            wrong = f"{flow.logical_id} is not written: its role may not {action}"
            yield (role or flow).finding(_NAME, wrong, "Grant it on the log")
