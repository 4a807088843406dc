"""The pretraining machine: a base model from many captioned pictures. It registers and reports as the fine-tuning machine does."""

from infra.components.workflow.flow import Flow
from infra.components.workflow.resources import Resources
from infra.components.workflow.resumable import Resumable
from infra.components.workflow.steps.ending import notify
from infra.components.workflow.steps.preparation import PREPARED, prepare_pretraining
from infra.components.workflow.steps.pretraining_jobs import evaluate, shard, train
from infra.components.workflow.steps.publication import publish_base
from infra.components.workflow.steps.registration import Package, registered

_PACKAGE = Package(
    group="'Versions of the base model ' & $plan.name",
    description="$plan.model & ' from ' & $plan.base.reference & ': ' & $plan.execution",
    metadata={
        "name": "$plan.name",
        "execution": "$plan.execution",
        "model": "$plan.model",
        "base_model": "$plan.base.reference",
        "dataset_sha256": "$plan.dataset.sha256",
        "trained_seconds": "$string($trained)",
    },
    leaves={},
)
_SUBJECT = "'Atelier: base model ' & $reference & ' is ready'"
_OUTCOME = (
    "{'base_model': $reference, 'version': $version, 'package': $package, 'uri': $uri, "
    "'metrics': $gate.metrics, 'report': $plan.runs.evaluate & 'report.html', 'notes': $notes}"
)


def pretraining(use: Resources) -> Flow:
    """The machine's steps, in order."""
    rest: Flow = (
        shard(use),
        train(use),
        evaluate(use),
        *registered(use, _PACKAGE),
        publish_base(use),
        notify(use, subject=_SUBJECT, outcome=_OUTCOME),
    )
    resumable = Resumable(flow=rest, before=PREPARED)
    return (prepare_pretraining(use, resumable), resumable)
