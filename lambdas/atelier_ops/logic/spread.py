"""How sure the metrics of an evaluation are, as it wrote it beside them."""

import json

from atelier_ops.gateways.storage import ObjectStore
from contracts.metrics import SPREAD, MetricSpread


def read_spread(evaluated: str, data: ObjectStore) -> dict[str, MetricSpread]:
    """By metric, what the evaluation with this prefix wrote; nothing where it wrote none, or that has expired."""
    stored = data.read_tagged(evaluated + SPREAD)
    return {name: MetricSpread.from_json(each) for name, each in json.loads(stored[0]).items()} if stored else {}
