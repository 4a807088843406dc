"""The local cloud publishes the metrics that the gate lets alarms and dashboards look at, with the same dimensions."""

from infra.gate.published import METRICS
from local.sagemaker import metrics


def test_an_endpoint_publishes_the_same_metrics_here_as_the_gate_knows() -> None:
    ours = {
        **dict.fromkeys(metrics.OF_THE_ENDPOINT, (frozenset({"EndpointName"}),)),
        **dict.fromkeys(metrics.OF_THE_VARIANT, (frozenset({"EndpointName", "VariantName"}),)),
    }
    assert ours == dict(METRICS[metrics.NAMESPACE])
    assert set(metrics.OF_AN_INSTANCE) <= set(METRICS[metrics.INSTANCES_NAMESPACE])
