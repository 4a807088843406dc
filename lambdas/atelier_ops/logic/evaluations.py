"""POST …/evaluate: a published version is measured again, by an execution that is followed as a training is."""

from aws_lambda_powertools.event_handler import Response

from atelier_ops.logic import webhooks
from atelier_ops.logic.http import Dependencies, ProblemError, Request
from atelier_ops.logic.ownership import require_changeable
from atelier_ops.logic.people.persons import check_given
from atelier_ops.logic.people.style_people import note_style
from atelier_ops.logic.run_names import run_name
from atelier_ops.logic.style_pages import readable_style
from atelier_ops.logic.style_versions import require_version
from atelier_ops.logic.trainings import addressed, require_dataset, start
from contracts.people import missing_consent
from contracts.requests import EvaluationRequest
from contracts.safety.words import check_words

_TOLD = ("webhook", "webhook_events_filter", "consent")
"""What of a body is not the execution's: Step Functions keeps its input for 90 days."""


def create(request: Request, dependencies: Dependencies, style: str, version: str) -> Response[str]:
    """201 with an execution that is starting, as a training. The same Idempotency-Key and body give the same one.

    Raises ProblemError 403, 404, 409 and 422, InvalidInputError.
    """
    asked = EvaluationRequest.from_json(request.read_json())
    webhooks.check_address(asked, dependencies)
    check_given(missing_consent(dependencies.consent, asked.consent, "consent"))
    check_words({"target": asked.target, "instance_prompt": asked.instance_prompt}, dependencies.safety)
    known = readable_style(style, request, dependencies)
    require_changeable(style, request, dependencies)
    found = require_version(known, version, dependencies)
    if found.manifest is None:
        detail = f"version: got {found.name}, which is not published; allowed: one that predictions can name"
        raise ProblemError(409, detail)
    given = {name: value for name, value in asked.explicit_values().items() if name not in _TOLD}
    inputs = addressed({"evaluate": found.number, "style": style, **given}, dependencies.data)
    name = run_name("evaluation", request.new_id("evaluation"))
    words = asked.instance_prompt or found.manifest.instance_prompt
    require_dataset(name, {**inputs, "instance_prompt": words}, request, dependencies)
    note_style(asked.consent, style, name, request.client, dependencies.records)
    return start(name, inputs, asked, request, dependencies)
