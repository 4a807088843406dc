"""/v1/people: asking for the deletion of a person's data, and its report."""

from aws_lambda_powertools.event_handler import Response

from atelier_ops.gateways.records import Record
from atelier_ops.logic.http import Dependencies, ProblemError, Request, respond
from atelier_ops.logic.people.erasure import DAY, ERASED, wanted
from atelier_ops.logic.people.persons import erasure_keys, person_of
from atelier_ops.logic.timestamps import rfc3339, seconds

KEPT = (
    "point-in-time recovery of the table can restore records of the last 35 days: after a restore, ask again",
    "who downloaded a picture or has an address that still works, an hour at most, has it",
    "a model server that holds a style in memory forgets it when it ends; nothing can name the style",
    "Step Functions keeps the inputs of executions that were started by hand, with their references, for 90 days",
    "logs and SageMaker's list of jobs keep the names of styles and of runs, which name nobody unless a style is called by a person",
    "the model registry keeps a deleted style's packages, rejected, with their prompts and what was measured",
    "X-Ray keeps the addresses of API requests, this one's too, for 30 days",
)
"""What a deletion does not reach."""


def delete(request: Request, dependencies: Dependencies, consent: str) -> Response[str]:
    """200 with the deletion, which is wanted from now on. Where it was asked for before, with that one."""
    person = person_of(consent, dependencies.records)
    everybodys, own = erasure_keys(person, request.client)
    clients = () if request.manages else request.names
    new = wanted(everybodys if request.manages else own, person, clients, request.client, dependencies.now)
    while not dependencies.records.add(new):
        if (earlier := dependencies.records.get(new.key)) is not None:
            return respond(200, _show(earlier, consent))
    return respond(200, _show(new, consent))


def get(request: Request, dependencies: Dependencies, consent: str) -> Response[str]:
    """200 with the client's own deletion of the reference, or the stage's for one that manages. Raises ProblemError 404."""
    person = person_of(consent, dependencies.records)
    everybodys, own = erasure_keys(person, request.client)
    record = dependencies.records.get(everybodys if request.manages else own)
    if record is None:
        allowed = f"one whose deletion the same client has asked for with DELETE /v1/people/{consent}"
        raise ProblemError(404, f"consent: got {consent}; allowed: {allowed}")
    return respond(200, _show(record, consent))


def _show(record: Record, consent: str) -> dict[str, object]:
    data = record.data
    return {
        "consent": consent,
        "status": "deleted" if record.status == ERASED else "deleting",
        "scope": "client" if data["clients"] else "stage",
        "requested_at": data["requested_at"],
        "due_by": rfc3339(seconds(data["requested_at"]) + DAY),
        "completed_at": data.get("completed_at"),
        "counts": data["counts"],
        "kept": list(KEPT),
    }
