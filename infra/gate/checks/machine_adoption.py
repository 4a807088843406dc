"""A job that is there already is looked at until it ends, and the run goes on as if it had just made it; another run's job fails it."""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from infra.gate.answers import answer_of
from infra.gate.assembly import Assembly
from infra.gate.finding import Finding
from infra.gate.job_requests import DEFINITION
from infra.gate.play import Play, Wrong, found, wrongs_of_visits
from infra.gate.rehearsal import ErrorAnswer, PlayedRun, Visit
from infra.gate.scenarios import RECORD, Scenario
from infra.gate.sources import Sources

_NAME = "machine adoption"
_TAKEN = ErrorAnswer(error="SageMaker.ResourceInUseException", cause="the name is taken")


def check(assembly: Assembly, sources: Sources) -> Iterator[Finding]:
    """See the module."""
    yield from found(assembly, _NAME, _look)


@cache
def _look(text: str) -> tuple[Wrong, ...]:
    return wrongs_of_visits(text, lambda play, visit: f"Adopt{visit.state}" in play.states, _adopted)


def _adopted(play: Play, scenario: Scenario, run: PlayedRun, visit: Visit) -> Iterator[Wrong]:
    """A job that is there already: it is looked at until it ends, and the run goes on as if it had just been made."""
    name, adopt = visit.state, f"Adopt{visit.state}"
    done = answer_of(play.states[adopt], "")
    status = next((key for key in done if key.endswith("JobStatus")), "")
    follower = run.visits[run.visits.index(visit) + 1]

    def look(*looks: Mapping[str, Any]) -> PlayedRun:
        answer = play.answer(scenario, others={name: _TAKEN, adopt: [dict(look) for look in looks]})
        return play.run(
            scenario, name, variables=visit.variables, given=visit.input, answer=answer, until=follower.state
        )

    looked = look({**done, status: "InProgress"}, {**done, status: "Stopping"}, done)
    if looked.names.count(adopt) != 3 or looked.names.count(name) != 1 or RECORD in looked.names:
        wrong = f"a job that runs already is not waited for: {', '.join(looked.names)}"
        yield name, wrong, f"Let {adopt} look, wait and look again until the job has ended"
    else:
        yield from _same_job(name, adopt, visit, looked)
        yield from _same_variables(play, name, follower, looked)
    for what, answered in (
        ("failed", {**done, status: "Failed"}),
        ("was stopped", {**done, status: "Stopped"}),
        ("is another run's", _another(done)),
    ):
        if RECORD not in look(answered).names:
            yield f"{name}Ended", f"a job that {what} counts as done", f"Let it lead to {RECORD}"


def _another(done: Mapping[str, Any]) -> dict[str, Any]:
    """The same of a job that another execution has made; a tuning job says it of its training jobs."""
    own = {"Environment": {"ATELIER_EXECUTION": "another"}}
    return {**done, DEFINITION: {**done[DEFINITION], **own}} if DEFINITION in done else {**done, **own}


def _same_job(name: str, adopt: str, visit: Visit, looked: PlayedRun) -> Iterator[Wrong]:
    found = looked.visit(adopt)
    sent = {key: value for key, value in visit.arguments.items() if key.endswith("JobName")}
    if found is not None and found.arguments != sent:
        yield adopt, f"it looks at {found.arguments}, and {name} makes {sent}", "Look at the job of that step"


def _same_variables(play: Play, name: str, follower: Visit, looked: PlayedRun) -> Iterator[Wrong]:
    last = looked.visits[-1]
    rules = play.states[last.state].get("Choices", [])
    kept: Mapping[str, Any] = next((rule.get("Assign", {}) for rule in rules if rule.get("Next") == follower.state), {})
    wanted = set(play.states[name].get("Assign", {}))
    if set(kept) != wanted:
        wrong = (
            f"of a job that is there already it keeps {', '.join(kept) or 'nothing'}, and {name} {', '.join(wanted)}"
        )
        yield last.state, wrong, f"Assign what {name} assigns"
