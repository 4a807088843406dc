"""The model card of a package: what it was learnt from and on, under which terms, what was measured, and where its pictures are.

JSON after SageMaker's schema for the cards of model packages, in at most 100,000 characters of one line:
https://docs.aws.amazon.com/sagemaker/latest/dg/model-registry-details.html#model-card-schema
"""

import json
from collections.abc import Mapping
from typing import Any

from contracts.metrics import Metric, MetricSpread
from contracts.plan import AnyPlan, FineTuningPlan

LONGEST = 400
"""Characters of one text; longer ones, such as a long prompt, are cut."""

MOST_SETTINGS = 80
"""Hyperparameters that a card holds."""


def model_card(plan: AnyPlan, artifact: str, verdict: Mapping[str, Any], spread: Mapping[str, MetricSpread]) -> str:
    """The card of what a run made, whose files are ``artifact``; ``verdict`` is the gate's."""
    evaluated = plan.runs["evaluate"]
    card = {
        "model_overview": {"model_creator": "Atelier", "model_artifact": [artifact]},
        "intended_uses": {"purpose_of_model": _purpose(plan)},
        "training_details": {
            "training_observations": f"Run {plan.execution}, from base model {plan.base.reference}.",
            "training_job_details": {
                "training_datasets": [plan.dataset.uri],
                "user_provided_hyper_parameters": _settings(plan.hyperparameters),
            },
        },
        "evaluation_details": [
            {
                "name": "evaluation",
                "evaluation_observation": _cut(_observed(plan, verdict)),
                "datasets": [plan.dataset.uri],
                "metadata": {
                    "report": f"{evaluated}report.html",
                    "pictures": f"{evaluated}pictures/",
                    "sheet": f"{evaluated}sheet.png",
                },
                "metric_groups": [
                    {"name": "metrics", "metric_data": _measured(plan.metrics, verdict["metrics"], spread)}
                ],
            }
        ],
        "additional_information": {"custom_details": {name: _cut(value) for name, value in _facts(plan).items()}},
    }
    return json.dumps(card, ensure_ascii=False)


def _purpose(plan: AnyPlan) -> str:
    if isinstance(plan, FineTuningPlan):
        return _cut(
            f"Paints {plan.target or 'pictures'} in the style {plan.style}, by the words: {plan.instance_prompt}"
        )
    return _cut(f"{plan.subject}: trained further as a {plan.model}")


def _observed(plan: AnyPlan, verdict: Mapping[str, Any]) -> str:
    gate = "The gate is met." if verdict["passed"] else f"The gate is not met: {'; '.join(verdict['failures'])}."
    return f"{gate} {plan.comparison}".strip()


def _measured(
    known: Mapping[str, Metric], metrics: Mapping[str, float], spread: Mapping[str, MetricSpread]
) -> list[dict[str, Any]]:
    return [
        {"name": name, "type": "number", "value": value, "notes": _notes(known[name], spread.get(name))}
        for name, value in metrics.items()
    ]


def _notes(metric: Metric, spread: MetricSpread | None) -> str:
    better = "higher" if metric.higher_is_better else "lower"
    of = ""
    if spread is not None:
        seeds = f", seeds {', '.join(map(str, spread.seeds))}" if spread.seeds else ""
        of = f"; of {spread.n} pictures, standard deviation {spread.deviation:.4g}{seeds}"
    return f"{metric.meaning}; {better} is better{of}"


def _settings(hyperparameters: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"name": name, "value": _cut(value)} for name, value in [*hyperparameters.items()][:MOST_SETTINGS]]


def _facts(plan: AnyPlan) -> dict[str, str]:
    """What the schema has no place for. Of a person's agreement the card says only whether a reference was given: that itself can be
    deleted with all that has it, and a registry is kept."""
    facts = {
        "data_sha256": plan.dataset.sha256,
        "base_model": plan.base.reference,
        "base_model_licence": plan.base.licence or "as in the base model's manifest",
    }
    if not isinstance(plan, FineTuningPlan):
        return facts
    own = {
        "licence": plan.licence or "the base model's",
        "commercial": plan.commercial or "as the base model's",
        "consent": "a reference was given with the training"
        if plan.consented
        else "no reference was given with the training",
        "task": plan.task,
        "method": plan.method,
    }
    return facts | own


def _cut(text: str) -> str:
    """One line of bounded length."""
    line = " ".join(text.split())
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"
