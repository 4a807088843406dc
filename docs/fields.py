"""The tables of fields and metrics in the docs, written from the declarations in contracts."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from contracts.execution import ExecutionInput
from contracts.hyperparameters import Hyperparameters
from contracts.metrics import DEFAULT_GATES, METRICS, Metric
from contracts.model import Contract, json_schema
from contracts.modes import MODES
from contracts.prediction import PredictionInput, PredictionOutput
from contracts.pretrain_hyperparameters import DEFAULTS, PretrainHyperparameters
from contracts.pretraining import PretrainingInput
from contracts.pretraining_metrics import METRICS as PRETRAINING_METRICS
from contracts.schema import Schema, resolved
from contracts.search import Search, SearchRange
from contracts.wording import allowed
from docs.markdown import table


def field_table(contract: type[Contract]) -> str:
    """Key, what is allowed, default and meaning of every field."""
    schema = json_schema(contract)
    rows = [_row(name, declared, schema) for name, declared in schema["properties"].items()]
    return table(["key", "allowed", "default", "meaning"], rows)


def default_table() -> str:
    """The defaults of pretraining that are the model's own."""
    names = list(next(iter(DEFAULTS.values())))
    rows = [[f"`{model}`", *(_plain(values[name]) for name in names)] for model, values in DEFAULTS.items()]
    return table(["model", *(f"`{name}`" for name in names)], rows)


def metric_table(metrics: Mapping[str, Metric]) -> str:
    """Metric, range, which way is better, and meaning."""
    better = {True: "higher", False: "lower"}
    rows = [
        [f"`{name}`", f"{metric.low:g} to {metric.high:g}", better[metric.higher_is_better], metric.meaning]
        for name, metric in metrics.items()
    ]
    return table(["metric", "range", "better", "meaning"], rows)


def gate_table() -> str:
    """The thresholds of a task, which an execution's gate replaces metric by metric."""
    rows = [
        [task, ", ".join(f"`{name}` {_bound(name)} {value:g}" for name, value in gate.items())]
        for task, gate in DEFAULT_GATES.items()
    ]
    return table(["task", "thresholds"], rows)


def _bound(name: str) -> str:
    return "at least" if METRICS[name].higher_is_better else "at most"


def mode_table() -> str:
    """Mode, what it does, and the fields that mean something in it."""
    rows = [[f"`{name}`", mode.meaning, _listed(mode.needs), _listed(mode.uses)] for name, mode in MODES.items()]
    return table(["mode", "does", "needs", "also uses"], rows)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _row(name: str, declared: Schema, root: Schema) -> list[str]:
    unit = f" ({declared['x-unit']})" if "x-unit" in declared else ""
    kind = resolved(root, declared)
    unstated = "required" if name in root.get("required", []) else ""
    default = _plain(declared["default"]) if declared.get("default", {}) not in ({}, []) else unstated
    form = allowed(kind).partition(" matching ")[0]  # a pattern is in the schema, for machines
    return [f"`{name}`", form + unit, default, declared.get("description", "")]


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:g}" if isinstance(value, float) else str(value)


TABLES: Mapping[str, Mapping[str, Callable[[], str]]] = {
    "reference.md": {
        "execution input": partial(field_table, ExecutionInput),
        "hyperparameters": partial(field_table, Hyperparameters),
        "search": partial(field_table, Search),
        "search range": partial(field_table, SearchRange),
        "metrics": partial(metric_table, METRICS),
        "gates": gate_table,
        "prediction input": partial(field_table, PredictionInput),
        "modes": mode_table,
        "prediction output": partial(field_table, PredictionOutput),
        **{f"{model} metrics": partial(metric_table, found) for model, found in PRETRAINING_METRICS.items()},
    },
    "pretraining.md": {
        "pretraining input": partial(field_table, PretrainingInput),
        "pretraining hyperparameters": partial(field_table, PretrainHyperparameters),
        "pretraining defaults": default_table,
    },
}
"""What is written into which page, by the name of its markers."""
