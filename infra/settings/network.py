"""A network of a stage's own, and what can be reached from inside it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from string import ascii_lowercase

from infra.settings.kinds import check_kinds
from infra.settings.validation import check

INTERFACES: Mapping[str, str] = {
    "application-autoscaling": "a removed endpoint's scaling goes with it",
    "logs": "the logs of jobs and endpoints expire",
    "monitoring": "a removed endpoint's alarms go with it",
    "sagemaker.api": "versions are registered, endpoints made and removed",
    "sagemaker.runtime": "predictions and smoke tests are queued",
    "sns": "people hear of failures and of what waits for their approval",
    "states": "executions are started and read, task tokens answered",
}
"""The services that handlers in the network call in every stage, by their names in AWS PrivateLink, and what for.

Each costs by the hour and zone.

Images, logs and metrics of SageMaker's hosts, and the traces of functions, do not pass through a customer's network.
"""

REAL_TIME_INTERFACES: Mapping[str, str] = {"lambda": "the function is called that asks real-time endpoints"}
"""Those of a stage with such endpoints besides."""

_OFF = "none"


@dataclass(frozen=True, kw_only=True)
class Network:
    """A VPC without a way to the internet, for endpoints, jobs and handlers. ``zones`` are the letters of its availability zones.

    Hosting wants two zones. Which zones have the stage's instance types is the account's matter:
    ``aws ec2 describe-instance-type-offerings --location-type availability-zone``.
    """

    zones: tuple[str, ...] = ("a", "b")

    def __post_init__(self) -> None:
        check_kinds(self, "network")
        letters = len(set(self.zones)) == len(self.zones) and set(self.zones) <= set(ascii_lowercase)
        allowed = "2 to 6 letters of the region's zones, such as a,b"
        check(letters and 2 <= len(self.zones) <= 6, "network.zones", got=",".join(self.zones), allowed=allowed)


def network_in_context(network: Network | None, value_of: Callable[[str], object]) -> Network | None:
    """The network that the CDK's context asks for: ``--context network=a,c``, or ``none``; where it does not, ``network``.

    Raises ValueError.
    """
    word = value_of("network")
    if word is None:
        return network
    return None if word == _OFF else Network(zones=tuple(str(word).split(",")))
