"""What of a stage is watched: the names of its things as metrics have them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from contracts.hosting import VARIANT

Dimensions = Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class WatchedStage:
    """Names and ARNs, still references of a template. ``functions`` are the Lambdas that nobody waits for, by handler; ``queues`` those for
    dead letters, by what they are for; ``machines`` the state machines' ARNs.
    ``real_time`` is the kind of the endpoint, which says what it publishes. ``service`` is what our own metrics call the stage.
    """

    service: str
    endpoint: str
    instance_type: str
    api: str
    functions: Mapping[str, str]
    queues: Mapping[str, str]
    machines: Mapping[str, str]
    real_time: bool = False

    @property
    def queue_of_endpoint(self) -> Dimensions:
        """What SageMaker says of the requests that wait: https://docs.aws.amazon.com/sagemaker/latest/dg/async-inference-monitor.html."""
        return {"EndpointName": self.endpoint}

    @property
    def variant(self) -> Dimensions:
        """What SageMaker says of the requests that were handled, and of the instances."""
        return {"EndpointName": self.endpoint, "VariantName": VARIANT}

    @property
    def own(self) -> Dimensions:
        """What our handlers count."""
        return {"service": self.service}


def listed(dimensions: Dimensions) -> Sequence[Mapping[str, str]]:
    """Dimensions as CloudWatch takes them."""
    return [{"Name": name, "Value": value} for name, value in dimensions.items()]
