"""A state machine's shape: it can be read, every way leads to a state, every error to the state that records it, and the run ends."""

from collections.abc import Iterator, Mapping
from typing import Any

from infra.gate.assembly import Assembly
from infra.gate.finding import Finding
from infra.gate.machines import Definition, assigned_before, machines, ways_on
from infra.gate.sources import Sources

RECORDER = "RecordFailure"
_ENDS = ("Succeed", "Fail")
_NAME = "machine shape"


def check(assembly: Assembly, sources: Sources) -> Iterator[Finding]:
    """See the module."""
    for machine in machines(assembly):
        if not machine.states:
            yield machine.resource.finding(
                _NAME, "its definition is no JSON object with States", "Write it in Amazon States Language"
            )
            continue
        yield from _whole(machine)
        for name, state in machine.states.items():
            yield from _state(machine, name, state)


def _whole(machine: Definition) -> Iterator[Finding]:
    definition = machine.definition
    if definition.get("QueryLanguage") != "JSONata":
        wrong = f"QueryLanguage is {definition.get('QueryLanguage')}, but its expressions are JSONata"
        yield machine.resource.finding(_NAME, wrong, "Set it to JSONata for the whole machine")
    if definition.get("StartAt") not in machine.states:
        wrong = f"StartAt names {definition.get('StartAt')}, which is no state"
        yield machine.resource.finding(_NAME, wrong, "Name the first state")
    if not definition.get("TimeoutSeconds"):
        yield machine.resource.finding(_NAME, "it has no TimeoutSeconds, so a run can last a year", "Bound it")
    for kind in _ENDS:
        if not any(state.get("Type") == kind for state in machine.states.values()):
            yield machine.resource.finding(_NAME, f"it has no state of Type {kind}", "Let runs end in one")
    for name in set(machine.states) - set(assigned_before(definition)):
        yield machine.finding(_NAME, name, "no way leads to it", "Remove it, or let a state go on to it")


def _state(machine: Definition, name: str, state: Mapping[str, Any]) -> Iterator[Finding]:
    kind = state.get("Type")
    for target, _ in ways_on(state):
        if target not in machine.states:
            yield machine.finding(_NAME, name, f"it goes on to {target}, which is no state", "Name a state that exists")
        if target == name:
            yield machine.finding(_NAME, name, "it goes on to itself without waiting", "Let it go on to another state")
    if kind == "Choice":
        if "Default" not in state:
            wrong = "the choice has no Default: where no rule matches, the run fails with States.NoChoiceMatched"
            yield machine.finding(_NAME, name, wrong, f"Add one, {RECORDER} where nothing else is meant")
        if not state.get("Choices"):
            yield machine.finding(_NAME, name, "the choice has no rules", "Add one, or remove the state")
    elif kind not in _ENDS and "Next" not in state and not state.get("End"):
        yield machine.finding(_NAME, name, "nothing follows it", "Give it Next")
    if kind in ("Task", "Map", "Parallel"):
        yield from _caught(machine, name, state)


def _caught(machine: Definition, name: str, state: Mapping[str, Any]) -> Iterator[Finding]:
    """Every error of a task reaches the recorder, directly or by a state that decides about it."""
    catches = state.get("Catch", [])
    everything = [caught for caught in catches if caught.get("ErrorEquals") == ["States.ALL"]]
    if not everything:
        wrong = "no Catch takes States.ALL, so a failure is neither recorded nor told"
        yield machine.finding(_NAME, name, wrong, f"Catch States.ALL with Next {RECORDER}")
        return
    if catches[-1] is not everything[0]:
        yield machine.finding(
            _NAME, name, "States.ALL is not the last Catch", "Move it to the end, or later ones never match"
        )
    target = str(everything[0].get("Next"))
    # That a state on the way fails itself, and is recorded for that, is no way for these errors.
    follows = {**machine.states.get(target, {}), "Catch": []}
    ends = {target, *(follower for follower, _ in ways_on(follows))}
    if name == RECORDER:
        ends |= {follower for follower, _ in ways_on(machine.states.get(target, {}))}
    fails = {each for each in ends if machine.states.get(each, {}).get("Type") == "Fail"}
    if RECORDER not in ends and not (name == RECORDER and fails):
        wrong = f"its errors go to {target}, which does not lead to {RECORDER}"
        yield machine.finding(_NAME, name, wrong, f"Let the Catch go on to {RECORDER}")
    if name != RECORDER and "failure" not in everything[0].get("Assign", {}):
        wrong = f"its Catch does not assign $failure, which {RECORDER} reads"
        yield machine.finding(_NAME, name, wrong, "Assign the record that step.failure() makes")
