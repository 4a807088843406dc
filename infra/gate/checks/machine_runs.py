"""State machines are played through: a run that goes well passes the states that are meant, in order, and says at its end what it made."""

import json
from collections.abc import Iterator, Mapping
from functools import cache, partial
from typing import Any

from infra.gate.assembly import Assembly
from infra.gate.finding import Finding
from infra.gate.play import Play, Wrong, found, guarded, play_of
from infra.gate.rehearsal import ErrorAnswer, PlayedRun, Visit, plain, subsequence
from infra.gate.scenarios import RECORD, TOLD, Scenario
from infra.gate.sources import Sources

_NAME = "machine runs"


def check(assembly: Assembly, sources: Sources) -> Iterator[Finding]:
    """See the module."""
    yield from found(assembly, _NAME, _look)


@cache
def _look(text: str) -> tuple[Wrong, ...]:
    play = play_of(text)
    wrongs = [partial(_well, play, scenario) for scenario in play.scenarios]
    wrongs += [partial(_gate, play, play.scenarios[0]), partial(_group, play, play.scenarios[0])]
    return tuple(dict.fromkeys(wrong for each in wrongs for wrong in guarded(each)))


def _well(play: Play, scenario: Scenario) -> Iterator[Wrong]:
    run = play.run(scenario)
    passed = subsequence(scenario.passes, run.names)
    if passed < len(scenario.passes):
        last = scenario.passes[passed - 1] if passed else play.start
        after = run.names[run.names.index(last) + 1 :] if last in run.names else run.names
        wrong = (
            f"{scenario.what} goes from {last} by {', '.join(after[:4]) or 'nothing'}, not to {scenario.passes[passed]}"
        )
        yield last, wrong, "Mend Next, Default or the condition on that way, or infra/gate/scenarios.py"
    for name in scenario.never:
        if name in run.names:
            before = run.names[max(run.names.index(name) - 2, 0) : run.names.index(name)]
            wrong = f"{scenario.what} enters it, after {', '.join(before)}"
            yield name, wrong, "Mend the condition that leads there, or infra/gate/scenarios.py"
    if play.kind(run.end) != "Succeed":
        yield run.end, f"{scenario.what} ends here", "Let it end in success"
    notify = run.visit("Notify")
    if notify is not None:
        yield from _outcome(play, run, notify)


def _outcome(play: Play, run: PlayedRun, notify: Visit) -> Iterator[Wrong]:
    told = TOLD["Pretraining" if play.pretrains else "Workflow"]
    if not isinstance(run.outcome, Mapping) or set(run.outcome) != told:
        got = sorted(run.outcome) if isinstance(run.outcome, Mapping) else run.outcome
        yield "Notify", f"the run's output is {got}, not {', '.join(sorted(told))}", "Output all of it"
        return
    wanted = {"metrics": notify.variables.get("gate", {}).get("metrics"), "notes": notify.variables.get("notes")}
    wanted |= {"report": f"{play.plan['runs']['evaluate']}report.html", "version": notify.variables.get("version")}
    for key, value in wanted.items():
        if run.outcome[key] != plain(value):
            yield (
                "Notify",
                f"{key} of the run's output is {run.outcome[key]!r}, not {value!r}",
                "Output what the run has",
            )
    if run.outcome["notes"][: len(play.plan["notes"])] != play.plan["notes"]:
        wrong = f"the run's notes are {run.outcome['notes']}, without those of its plan"
        yield "Notify", wrong, "Let every step that has notes append them"
    message = str(notify.arguments.get("Message"))
    if _json(message) != run.outcome:
        yield (
            "Notify",
            f"the message is {message[:80]}, and the output another",
            "Tell people what the run's output says",
        )


def _gate(play: Play, scenario: Scenario) -> Iterator[Wrong]:
    verdict = {"passed": False, "failures": ["one", "two"], "metrics": {}, "comparison": "", "card": "{}"}
    run = play.run(scenario, answer=play.answer(scenario, others={"Gate": {"Payload": verdict}}))
    record, registered, said = run.visit(RECORD), run.visit("Register"), run.visit("Reject")
    got = dict(record.arguments.get("Payload") or {}) if record else {}
    cause = "one; two; version 3 is registered as rejected"
    if "Approval" in run.names or (got.get("step"), got.get("error"), got.get("cause")) != (
        "Gate",
        "GateNotMet",
        cause,
    ):
        wrong = f"a result that misses the gate passes {', '.join(run.names[-3:])}, recorded as {got.get('error')}: {got.get('cause')}"
        yield "GatePassed", wrong, f"Lead to {RECORD} with step Gate, error GateNotMet and the handler's failures"
    statuses = [visit.arguments.get("ModelApprovalStatus") if visit else None for visit in (registered, said)]
    if (
        statuses != ["Rejected", "Rejected"]
        or said is None
        or "one; two" not in str(said.arguments.get("ApprovalDescription"))
    ):
        wrong = f"a result that misses the gate is {statuses[0]} in the registry, then {statuses[1]}"
        yield "Register", wrong, "Register it as Rejected, and let Reject say the handler's failures"


def _group(play: Play, scenario: Scenario) -> Iterator[Wrong]:
    visit = play.run(scenario).visit("EnsureModelPackageGroup")
    if visit is None:
        return
    for cause, goes_on in (("Model Package Group atelier-teal already exists", True), ("Rate exceeded", False)):
        failure = ErrorAnswer(error="SageMaker.SageMakerException", cause=cause)
        answer = play.answer(scenario, others={"EnsureModelPackageGroup": failure})
        tried = play.run(scenario, visit.state, variables=visit.variables, given=visit.input, answer=answer)
        if ("Register" in tried.names) != goes_on:
            wrong = f"where SageMaker says {cause!r}, the run passes {', '.join(tried.names[1:4])}"
            yield visit.state, wrong, "Go on to Register where the group exists already, and only then"


def _json(text: str) -> Any:
    """What a text says as JSON; the text itself where it is none."""
    try:
        return json.loads(text)
    except ValueError:
        return text
