"""The runs of a stage's state machines: each machine with its scenarios, and what answers its tasks."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property, partial
from typing import Any

from contracts.errors import InvalidInputError
from infra.gate.answers import CONTEXT, answer_of
from infra.gate.assembly import Assembly
from infra.gate.checks.machine_expressions import plan_of
from infra.gate.finding import Finding
from infra.gate.functions import handlers
from infra.gate.machines import Definition, machines
from infra.gate.rehearsal import Answer, PlayedRun, PlayError, Rehearsal, Visit
from infra.gate.sample import plan as sample_plan
from infra.gate.scenarios import FINE_TUNING, FINE_TUNING_REAL_TIME, PRETRAINING, Scenario

Wrong = tuple[str, str, str]
"""A state, what is wrong there, and what to do."""

REMEDY = "Mend the expression, or the state that the run came from"


@dataclass(frozen=True, kw_only=True)
class Play:
    """One machine. ``called`` are the handlers that its tasks call, ``plan`` is what its first state leaves."""

    states: Mapping[str, Mapping[str, Any]]
    start: str
    plan: Mapping[str, Any]
    called: Mapping[str, str]
    pretrains: bool

    @property
    def scenarios(self) -> Sequence[Scenario]:
        """The runs that go well; the first takes most states."""
        return _scenarios(self.states, pretrains=self.pretrains)

    @cached_property
    def rehearsal(self) -> Rehearsal:
        """The machine as it is played."""
        return Rehearsal(states=self.states, context=CONTEXT)

    def run(self, scenario: Scenario, start: str = "", *, answer: Answer | None = None, **options: Any) -> PlayedRun:
        """From ``start``, by default the machine's own. Raises PlayError."""
        return self.rehearsal.run(start or self.start, answer or self.answer(scenario), **options)

    def answer(
        self, scenario: Scenario, plan: Mapping[str, Any] | None = None, others: Mapping[str, Any] | None = None
    ) -> Answer:
        """What tasks answer in this scenario; ``others`` are answers of some states instead, a list is taken one by one."""

        def answer(name: str, state: Mapping[str, Any], arguments: Any) -> Any:
            if others and name in others:
                found = others[name]
                return found.pop(0) if isinstance(found, list) else found
            if name == self.start:
                made = {**self.plan, **scenario.plan, **(plan or {})}
                # As a plan is written: what it does not have is left out.
                return {"Payload": {key: value for key, value in made.items() if value is not None}}
            usual = answer_of(state, self.called.get(name, ""))
            more = scenario.answers.get(name)
            return {**usual, "Payload": {**usual["Payload"], **more}} if more else usual

        return answer

    def kind(self, state: str) -> str:
        """A state's type; empty where there is none of this name."""
        return str(self.states.get(state, {}).get("Type", ""))


def _scenarios(states: Mapping[str, Any], *, pretrains: bool) -> Sequence[Scenario]:
    """Those that are meant of a machine that has these states."""
    if pretrains:
        return PRETRAINING
    return FINE_TUNING_REAL_TIME if "PutRequestsPolicy" in states else FINE_TUNING


def plays(assembly: Assembly) -> Iterator[tuple[Definition, str]]:
    """Each machine that has the states of its scenarios, and its play as text, by which what is found is remembered."""
    by_function = {function.name: handler for handler, function in handlers(assembly).items()}
    for machine in machines(assembly):
        called = {
            name: next((by_function[each.name] for each in assembly.referenced(state) if each.name in by_function), "")
            for name, state in machine.tasks.items()
        }
        pretrains = machine.resource.logical_id.startswith("Pretraining")
        meant = _scenarios(machine.states, pretrains=pretrains)[0].passes
        try:
            plan = sample_plan(machine, plan_of(machine))
        except InvalidInputError:
            continue  # machine_requests says so
        if set(meant) <= set(machine.states):
            yield machine, json.dumps([machine.definition, plan, called, pretrains], sort_keys=True)


@cache
def play_of(text: str) -> Play:
    """The play that ``plays`` wrote."""
    definition, plan, called, pretrains = json.loads(text)
    start = str(definition.get("StartAt"))
    return Play(states=definition["States"], start=start, plan=plan, called=called, pretrains=pretrains)


def found(assembly: Assembly, check: str, look: Callable[[str], Sequence[Wrong]]) -> Iterator[Finding]:
    """What ``look`` says of each machine's play."""
    for machine, text in plays(assembly):
        for state, wrong, remedy in look(text):
            yield machine.finding(check, state, wrong, remedy)


def guarded(wrongs: Callable[[], Iterator[Wrong]]) -> Iterator[Wrong]:
    """The same, and what the run stumbles over."""
    try:
        yield from wrongs()
    except PlayError as error:
        yield error.state, error.reason, REMEDY


def wrongs_of_visits(
    text: str,
    chosen: Callable[[Play, Visit], bool],
    look: Callable[[Play, Scenario, PlayedRun, Visit], Iterator[Wrong]],
) -> tuple[Wrong, ...]:
    """What ``look`` says of each chosen state in the first run that takes it; where a run breaks off, machine_runs says so."""
    play, looked, wrongs = play_of(text), set[str](), list[Wrong]()
    for scenario in play.scenarios:
        try:
            run = play.run(scenario)
        except PlayError:
            continue
        visits = [visit for visit in run.visits if chosen(play, visit) and visit.state not in looked]
        looked |= {visit.state for visit in visits}
        wrongs += [w for visit in visits for w in guarded(partial(look, play, scenario, run, visit))]
    return tuple(dict.fromkeys(wrongs))
