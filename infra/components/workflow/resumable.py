"""A flow that a new execution can take up where an earlier one failed: finished work is neither repeated nor paid again."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from infra.components.workflow.flow import Branch, EarlyEnd, Flow, FlowPart, Requirement, states, steps
from infra.components.workflow.step import Step

START = "Start"


@dataclass(frozen=True, kw_only=True)
class Resumable:
    """``flow``, which ``Start`` enters at its first item or, where ``$plan.at`` names another, at that one.

    What fails says in its record at which item a later execution can start (``at``) and the variables it needs (``known``), for which
    ``$plan.known`` then stands. An item of the flow is the smallest part that is repeated. ``before`` are variables that the flow finds.
    """

    flow: Flow
    before: tuple[str, ...]

    name = START

    @property
    def steps(self) -> tuple[Step, ...]:
        """The flow's steps."""
        return steps(self.flow)

    @property
    def points(self) -> list[str]:
        """The items at which an execution can start, in order."""
        return list(self._known)

    def point(self, state: str) -> str:
        """The item at which an execution starts that is to do the step ``state`` again."""
        return next(self._point(item) for item in self.flow if state in [step.name for step in item.steps])

    def states(self, after: str) -> dict[str, dict[str, Any]]:
        """The choice where to start, then the flow's states."""
        first, *later = self.points
        rules = [
            {
                "Condition": f"{{% $plan.at = '{point}' %}}",
                "Assign": {name: f"{{% $plan.known.{name} %}}" for name in self._known[point]},
                "Next": point,
            }
            for point in later
        ]
        found, point = {START: {"Type": "Choice", "Choices": rules, "Default": first}}, first
        own = {item.name: self._point(item) for item in self.flow}
        for name, state in states(self.flow, after).items():
            point = own.get(name, point)
            found[name] = _recording(state, {"at": point, "known": _variables(self._known[point])})
        return found

    @property
    def _known(self) -> dict[str, tuple[str, ...]]:
        """The variables that every execution has at a point, by point."""
        known, found = dict.fromkeys(self.before), dict[str, tuple[str, ...]]()
        for item in self.flow:
            if self._point(item) == item.name:
                found[item.name] = tuple(known)
            known |= dict.fromkeys(_assigned(item))
        return found

    def _point(self, item: Any) -> str:
        """A requirement that was not met is looked at again from the step that it is about; so is what may end a run."""
        return item.step if isinstance(item, (EarlyEnd, Requirement)) else item.name


def _assigned(item: FlowPart) -> list[str]:
    """The variables that are there after an item, whichever way was taken: of a branch, only one side is."""
    if not isinstance(item, Branch):
        return [name for step in item.steps for name in step.assign]
    sides = [[name for step in steps(side) for name in step.assign] for side in (item.then, item.otherwise)]
    return [name for name in sides[0] if name in sides[1]]


def _variables(names: tuple[str, ...]) -> dict[str, str]:
    return {name: f"{{% ${name} %}}" for name in names}


def _recording(state: dict[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    """The state, whose records of a failure hold more. A record that is an expression adds to one that is there."""

    def added(part: dict[str, Any]) -> dict[str, Any]:
        failure = part.get("Assign", {}).get("failure")
        return (
            {**part, "Assign": {**part["Assign"], "failure": {**failure, **more}}}
            if isinstance(failure, dict)
            else part
        )

    catch = {"Catch": [added(rule) for rule in state["Catch"]]} if "Catch" in state else {}
    return {**added(state), **catch}
