"""The fine-tuning machine: one style from pictures to a tested, promoted version. Its flow is the same in every stage."""

from dataclasses import replace

from infra.components.workflow.flow import Branch, EarlyEnd, Exit, Flow, Undoable
from infra.components.workflow.resources import Resources
from infra.components.workflow.resumable import Resumable
from infra.components.workflow.steps.deployment import endpoint_steps, remove_left, smoke_test, undo_rollout
from infra.components.workflow.steps.ending import notify
from infra.components.workflow.steps.fine_tuning_jobs import evaluate, fine_tune, search, segment
from infra.components.workflow.steps.preparation import PREPARED, prepare
from infra.components.workflow.steps.publication import promote, publish
from infra.components.workflow.steps.registration import Package, registered

_PACKAGE = Package(
    group="'Versions of the style ' & $plan.style",
    description="$plan.method & ' on ' & $plan.base.reference & ': ' & $plan.execution",
    metadata={
        "style": "$plan.style",
        "execution": "$plan.execution",
        "task": "$plan.task",
        "method": "$plan.method",
        "base_model": "$plan.base.reference",
        "dataset_sha256": "$plan.dataset.sha256",
        "trained_seconds": "$string($trained)",
    },
    # What a run without deployment reports.
    leaves={
        "adapter": "{% '' %}",
        "endpoint": "{% '' %}",
        "promotion": "not published: deploy is none",
        "left": "{% [] %}",
    },
)
_SUBJECT = "'Atelier: ' & $plan.style & ' version ' & $string($version) & ' is ready'"
_OUTCOME = (
    "{'style': $plan.style, 'version': $version, 'package': $package, 'adapter': $adapter, 'endpoint': $endpoint, "
    "'promotion': $promotion, 'comparison': $plan.comparison, 'metrics': $gate.metrics, "
    "'report': $plan.runs.evaluate & 'report.html', 'notes': $notes}"
)


_MEASURED = (
    "{'style': $plan.style, 'version': $plan.evaluates, 'passed': $gate.passed, 'failures': $gate.failures, "
    "'metrics': $gate.metrics, 'report': $plan.runs.evaluate & 'report.html', 'notes': $notes}"
)


def _evaluated_again(use: Resources) -> Exit:
    """Where a published version is only measured again, that is all: whatever was measured, nothing about the version changes."""
    subject = "'Atelier: ' & $plan.style & ' version ' & $plan.evaluates & ' was evaluated'"
    tell = notify(use, subject=subject, outcome=_MEASURED, name="NotifyEvaluation")
    done = replace(tell, does="Tell people what was measured of a version that is there already")
    return Exit(name="EvaluatesAgain", when="$plan.evaluates != ''", then=(done,))


def fine_tuning(use: Resources) -> Flow:
    """The machine's steps, in order."""
    own_endpoint = Branch(name="NeedsEndpoint", when="$plan.deploy = 'endpoint'", then=endpoint_steps(use))
    served = Undoable(flow=(own_endpoint, smoke_test(use)), undo=undo_rollout(use))
    left = Branch(name="LeavesEndpoints", when="$count($left) > 0", then=(remove_left(use),))
    preflight = EarlyEnd(
        name="PreflightChoice",
        when="$plan.preflight = true",
        step="Segment",
        ends="Advised",
        outcome="{'style': $plan.style, 'advice': $plan.runs.segment & 'advice.json', 'notes': $notes}",
    )
    rest: Flow = (
        segment(use),
        preflight,
        Branch(name="SearchChoice", when="$exists($plan.search)", then=search(use), otherwise=(fine_tune(use),)),
        evaluate(use),
        *registered(use, _PACKAGE, judged=(_evaluated_again(use),)),
        Branch(
            name="DeployChoice",
            when="$plan.deploy = 'none'",
            otherwise=(publish(use), served, promote(use)),
        ),
        # A part of its own: what follows the promotion must never lead back to a rollout that might be undone.
        left,
        notify(use, subject=_SUBJECT, outcome=_OUTCOME),
    )
    resumable = Resumable(flow=rest, before=PREPARED)
    return (prepare(use, resumable), resumable)
