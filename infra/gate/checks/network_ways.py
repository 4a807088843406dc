"""From inside a stage's network every service can be reached that something there calls, and no other is paid for."""

from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any

from infra.gate.assembly import Assembly, Resource
from infra.gate.calls import calls
from infra.gate.finding import Finding
from infra.gate.functions import handlers
from infra.gate.kinds import made_here
from infra.gate.networks import StageNetwork, jobs, network_of
from infra.gate.roles import listed
from infra.gate.sources import Sources

_NAME = "network ways"
_SERVICES: Mapping[str, str] = {
    "application-autoscaling": "application-autoscaling",
    "cloudwatch": "monitoring",
    "dynamodb": "dynamodb",
    "events": "events",
    "kms": "kms",
    "lambda": "lambda",
    "logs": "logs",
    "s3": "s3",
    "sagemaker": "sagemaker.api",
    "sagemaker-runtime": "sagemaker.runtime",
    "sns": "sns",
    "sqs": "sqs",
    "stepfunctions": "states",
    "sts": "sts",
}
"""What AWS PrivateLink calls a service, by boto3's name.

https://docs.aws.amazon.com/vpc/latest/privatelink/aws-services-privatelink-support.html
"""

_GATEWAYS = {"s3", "dynamodb"}
_REACHED = {
    "s3": (("BucketsData", "BucketsModel", "BucketsMedia"), ("", "/*")),
    "dynamodb": (("RecordsTable",), ("", "/index/*")),
}
"""By gateway, the beginnings of the ids of what its policy lets through, and which ends of their ARNs."""


def check(assembly: Assembly, sources: Sources) -> Iterator[Finding]:
    """See the module."""
    network = network_of(assembly)
    if network is None:
        return
    here = f"com.amazonaws.{assembly.location.region}."
    found = assembly.of("AWS::EC2::VPCEndpoint")
    ways = {str(each.properties.get("ServiceName")).removeprefix(here): each for each in found}
    needs = _needs(assembly, sources)
    for name in sorted(set(needs) - set(ways)):
        yield network.vpc.finding(_NAME, f"{needs[name]}, and there is no way to {name}", "Add it to INTERFACES")
    for name, way in ways.items():
        if name not in needs:
            yield way.finding(_NAME, "nothing in the network calls it, and it costs by the hour", "Remove it")
        for wrong, remedy in (*_open(way), *(_gateway if name in _GATEWAYS else _interface)(network, name, way)):
            yield way.finding(_NAME, wrong, remedy)
    for flag in ("EnableDnsSupport", "EnableDnsHostnames"):
        if network.vpc.properties.get(flag) is not True:
            yield network.vpc.finding(_NAME, f"{flag} is off: the services' names lead outside", f"Set {flag}")


def _needs(assembly: Assembly, sources: Sources) -> dict[str, str]:
    """What must be reached, and who calls it first."""
    found = {"s3": "containers read their models and files from S3"}
    environments = [
        each.properties.get("PrimaryContainer", {}).get("Environment", {})
        for each in assembly.of("AWS::SageMaker::Model")
    ]
    if any(each.get("ATELIER_SIGNING_KEY") or each.get("ATELIER_MARK_KEY") for each in environments):
        found["kms"] = "containers have pictures signed, and their marks' key made, by KMS"
    reached = calls(sources)
    for handler, function in handlers(assembly).items():
        if "VpcConfig" in function.properties:
            for call in made_here(reached.of(handler), assembly):
                name = _SERVICES.get(call.service, call.service)
                found.setdefault(name, f"handler {handler} calls {call.operation} of {call.service}")
    return found


def _open(way: Resource) -> Iterator[tuple[str, str]]:
    """The endpoint's policy lets this account's identities through, and nobody else's."""
    statements = listed(way.properties.get("PolicyDocument", {}).get("Statement"))
    closed = [each.get("Condition", {}).get("StringEquals", {}).get("aws:PrincipalAccount") for each in statements]
    if not statements or not all(closed):
        yield "whoever has credentials of another account may use it", "Ask for aws:PrincipalAccount in its policy"


def _gateway(network: StageNetwork, name: str, way: Resource) -> Iterator[tuple[str, str]]:
    if way.properties.get("VpcEndpointType") != "Gateway":
        yield f"its VpcEndpointType is {way.properties.get('VpcEndpointType')}", "A Gateway costs nothing"
    tables = network.named(way.properties.get("RouteTableIds"), "AWS::EC2::RouteTable")
    routed = _routed(network, tables)
    if network.subnets - routed:
        yield f"{', '.join(sorted(network.subnets - routed))} has no route to it", "Name the subnets' route table"
    statements = listed(way.properties.get("PolicyDocument", {}).get("Statement"))
    passed = [str(arn) for each in statements for arn in listed(each.get("Resource"))]
    starts, ends = _REACHED[name]
    for start, end in product(starts, ends):
        if not any(f"/{start}" in arn and arn.endswith(f"Arn>{end}") for arn in passed):
            yield f"its policy lets nothing through to {start}…{end}", "Name it in the policy"


def _routed(network: StageNetwork, tables: set[str]) -> set[str]:
    links = network.assembly.of("AWS::EC2::SubnetRouteTableAssociation")
    return {
        subnet
        for each in links
        if network.named(each.properties.get("RouteTableId"), "AWS::EC2::RouteTable") & tables
        for subnet in network.named(each.properties.get("SubnetId"), "AWS::EC2::Subnet")
    }


def _interface(network: StageNetwork, _name: str, way: Resource) -> Iterator[tuple[str, str]]:
    properties = way.properties
    if properties.get("VpcEndpointType") != "Interface":
        yield (
            f"its VpcEndpointType is {properties.get('VpcEndpointType')}",
            "Use Interface: S3 and DynamoDB alone have more",
        )
    if properties.get("PrivateDnsEnabled") is not True:
        yield "clients ask for the service's own name, which leads outside", "Set PrivateDnsEnabled"
    elsewhere = network.subnets - network.named(properties.get("SubnetIds"), "AWS::EC2::Subnet")
    if elsewhere:
        yield f"it is not in {', '.join(sorted(elsewhere))}", "Put it into every zone"
    let_in = _let_in(network, properties.get("SecurityGroupIds"))
    for group in sorted(_callers(network) - let_in):
        yield f"{group} is not let in on port 443", "Let it in by the endpoints' security group"


def _let_in(network: StageNetwork, groups: Any) -> set[str]:
    """The groups that may speak TLS to members of ``groups``."""
    rules = [
        rule
        for name in network.groups(groups)
        for rule in network.assembly.resources[name].properties.get("SecurityGroupIngress", [])
    ]
    tls = [
        each
        for each in rules
        if (each.get("IpProtocol"), each.get("FromPort"), each.get("ToPort")) == ("tcp", 443, 443)
    ]
    return {group for rule in tls for group in network.groups(rule.get("SourceSecurityGroupId"))}


def _callers(network: StageNetwork) -> set[str]:
    """The groups of all that runs in the network."""
    assembly = network.assembly
    configs = [
        each.properties.get("VpcConfig") for each in assembly.of("AWS::Lambda::Function", "AWS::SageMaker::Model")
    ]
    configs += [request.get("VpcConfig") for _, _, request in jobs(assembly)]
    return {group for config in configs if config for group in network.groups(config)}
