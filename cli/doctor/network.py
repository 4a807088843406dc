"""Whether the account has room for a stage's own network, and the region the zones and ways that it names."""

from collections.abc import Iterator

from cli.doctor.diagnosis import Diagnosis, Mark
from cli.doctor.limits import limits_of
from cli.doctor.surroundings import Surroundings
from infra.quotas import VPC, VPCS
from infra.settings.network import Network


def check_network(around: Surroundings) -> Iterator[Diagnosis]:
    """Nothing where the stage has no network."""
    network = around.stage.network
    if network is None:
        return
    problems = [*_zones(around, network), *_ways(around, network), *_room(around)]
    yield from problems
    if not problems:
        says = f"room for a VPC, with {len(around.stage.interfaces)} interface endpoints in zones {', '.join(network.zones)}"
        yield Diagnosis(mark=Mark.GOOD, what="network", says=says)


def _zones(around: Surroundings, network: Network) -> Iterator[Diagnosis]:
    answer = around.client("ec2").describe_availability_zones(Filters=[{"Name": "state", "Values": ["available"]}])
    letters = sorted(each["ZoneName"].removeprefix(around.region) for each in answer["AvailabilityZones"])
    lacking = sorted(set(network.zones) - set(letters))
    if lacking:
        yield _impossible(
            f"{around.region} has no zone {', '.join(lacking)} for this account",
            f"two or more of {','.join(letters)}: network.zones in infra/config.py, or --context network=…",
        )


def _ways(around: Surroundings, network: Network) -> Iterator[Diagnosis]:
    """Not every zone of a region has every service."""
    names = {f"com.amazonaws.{around.region}.{service}": service for service in around.stage.interfaces}
    answer = around.client("ec2").describe_vpc_endpoint_services(
        Filters=[{"Name": "service-name", "Values": sorted(names)}]
    )
    offered = {each["ServiceName"]: set(each.get("AvailabilityZones", [])) for each in answer["ServiceDetails"]}
    wanted = {f"{around.region}{letter}" for letter in network.zones}
    for name in sorted(names):
        if missing := wanted - offered.get(name, set()):
            yield _impossible(
                f"no interface endpoint for {names[name]} in {', '.join(sorted(missing))}",
                "other zones: network.zones in infra/config.py, or --context network=…",
            )


def _room(around: Surroundings) -> Iterator[Diagnosis]:
    pages = around.client("ec2").get_paginator("describe_vpcs").paginate()
    vpcs = [vpc for page in pages for vpc in page["Vpcs"]]
    own = {"Key": "atelier:stage", "Value": around.stage.name}
    others = [vpc for vpc in vpcs if own not in vpc.get("Tags", [])]
    limit = limits_of(around, VPC).get(VPCS)
    if limit is not None and len(others) >= limit["Value"]:
        yield _impossible(
            f"{len(others)} VPCs of {limit['Value']:g} are there already, and the stage makes one",
            f"remove one, or ask for more: aws service-quotas request-service-quota-increase --region {around.region} "
            f"--service-code {VPC} --quota-code {limit['QuotaCode']} --desired-value {len(others) + 1}",
        )


def _impossible(says: str, do: str) -> Diagnosis:
    return Diagnosis(mark=Mark.TO_DEPLOY, what="network", says=says, do=do)
