"""What fails in a run is undone, recorded as what it is, and ends the run; and a run is taken up where it failed."""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from infra.gate.answers import EXECUTION
from infra.gate.assembly import Assembly
from infra.gate.finding import Finding
from infra.gate.play import Play, Wrong, found, wrongs_of_visits
from infra.gate.rehearsal import ErrorAnswer, PlayedRun, Visit, plain
from infra.gate.scenarios import RECORD, UNDO, UNDONE, Scenario
from infra.gate.sources import Sources

_NAME = "machine failures"
_BOOM = ErrorAnswer(error="Boom", cause="why it failed")


def check(assembly: Assembly, sources: Sources) -> Iterator[Finding]:
    """See the module."""
    yield from found(assembly, _NAME, _look)


@cache
def _look(text: str) -> tuple[Wrong, ...]:
    return wrongs_of_visits(text, lambda _, visit: visit.kind == "Task" and visit.state != RECORD, _failing)


def _failing(play: Play, scenario: Scenario, run: PlayedRun, visit: Visit) -> Iterator[Wrong]:
    """One task fails: the record is its own, the rollout is undone where one is under way, and a run can go on from there."""
    name = visit.state
    failed = play.run(
        scenario, name, variables=visit.variables, given=visit.input, answer=play.answer(scenario, others={name: _BOOM})
    )
    if (name in UNDONE) != (UNDO in failed.names):
        wrong = f"where it fails, the run passes {', '.join(failed.names[1:])}"
        what = (
            f"Let its Catch lead to {UNDO}, and that to {RECORD}"
            if name in UNDONE
            else f"Let its Catch lead to {RECORD}"
        )
        yield name, wrong, what
    undo = failed.visit(UNDO)
    if undo is not None and undo.arguments.get("Payload") != {"endpoints": [visit.variables.get("endpoint")]}:
        wrong = f"where {name} fails it removes {undo.arguments.get('Payload')}"
        yield UNDO, wrong, "Let it remove the endpoint of the version that failed"
    record = failed.visit(RECORD)
    if record is None or play.kind(failed.end) != "Fail":
        wrong = f"where it fails, the run passes {', '.join(failed.names[1:])} and ends in {failed.end}"
        yield name, wrong, f"Let its Catch lead to {RECORD} and that to Fail"
        return
    yield from _recorded(play, visit, record)
    if failed.outcome != {"Error": "Recorded", "Cause": "recorded: why, and what it cost"}:
        yield (
            RECORD,
            f"the run ends with {failed.outcome}, not with what the handler answers",
            "Assign error and cause",
        )
    yield from _unrecorded(play, scenario, record)
    if undo is not None:
        yield from _not_undone(play, scenario, undo, name)
    yield from _taken_up(play, scenario, run, visit, record)


def _recorded(play: Play, visit: Visit, record: Visit) -> Iterator[Wrong]:
    got, name = dict(record.arguments.get("Payload") or {}), visit.state
    wanted = {
        "step": name,
        "error": _BOOM.error,
        "cause": _BOOM.cause,
        "execution": EXECUTION["Name"],
        "started": EXECUTION["StartTime"],
    }
    if name != play.start:
        wanted |= {"plan": plain(visit.variables.get("plan"))}
    for key, value in wanted.items():
        if got.get(key) != value:
            short = "another plan" if key == "plan" else repr(got.get(key))
            yield (
                name,
                f"where it fails, {key} of the record is {short}",
                "Assign the record that step.failure() makes",
            )


def _unrecorded(play: Play, scenario: Scenario, record: Visit) -> Iterator[Wrong]:
    """Where even recording fails, the original error is what the run ends with."""
    answer = play.answer(scenario, others={RECORD: ErrorAnswer(error="Twice", cause="again")})
    run = play.run(scenario, RECORD, variables=record.variables, given=record.input, answer=answer)
    cause = str((run.outcome or {}).get("Cause"))
    if (run.outcome or {}).get("Error") != _BOOM.error or _BOOM.cause not in cause:
        yield (
            RECORD,
            f"where it fails too, the run ends with {run.outcome}",
            "Keep the error that was to be recorded",
        )


def _not_undone(play: Play, scenario: Scenario, undo: Visit, name: str) -> Iterator[Wrong]:
    """Where undoing fails too, the record says both."""
    answer = play.answer(scenario, others={UNDO: ErrorAnswer(error="Twice", cause="again")})
    run = play.run(scenario, UNDO, variables=undo.variables, given=undo.input, answer=answer)
    record = run.visit(RECORD)
    kept = dict(record.arguments.get("Payload") or {}) if record else {}
    if (kept.get("step"), kept.get("error")) != (name, _BOOM.error) or "Twice" not in str(kept.get("undo")):
        short = {key: kept.get(key) for key in ("step", "error", "undo")}
        yield UNDO, f"where it fails too, the record of {name} says {short}", "Keep the record, and add why under undo"


def _taken_up(play: Play, scenario: Scenario, run: PlayedRun, visit: Visit, record: Visit) -> Iterator[Wrong]:
    """A run with this record's point and variables does what was left to do, with the same values."""
    kept = record.arguments.get("Payload") or {}
    at = kept.get("at")
    if visit.state == play.start:
        return
    names = run.names
    if at not in names or names.index(at) > names.index(visit.state):
        yield (
            visit.state,
            f"where it fails, a run is to be taken up at {at}",
            "Name its own item of the flow, or one before",
        )
        return
    taken = play.run(scenario, answer=play.answer(scenario, {"at": at, "known": kept.get("known")}))
    left = [each.state for each in run.visits[names.index(at) :] if each.kind == "Task"]
    if taken.tasks[1:] != left:
        wrong = f"a run that failed at {visit.state} and is taken up at {at} does {', '.join(taken.tasks[1:4])} …"
        yield at, wrong, f"Let Start lead to {at} where $plan.at says so"
        return
    for state in left:
        before, now = run.visit(state), taken.visit(state)
        if before and now and _without_plan(before.arguments) != _without_plan(now.arguments):
            wrong = f"a run that is taken up at {at} sends {state} other values than the run that failed"
            yield (
                "Start",
                wrong,
                "Keep what the run knew in the record (known), and assign all of it where a run is taken up",
            )


def _without_plan(arguments: Any) -> Any:
    """A run that is taken up has a plan that says so."""
    if isinstance(arguments, Mapping):
        return {key: _without_plan(value) for key, value in arguments.items() if key != "plan"}
    return arguments
