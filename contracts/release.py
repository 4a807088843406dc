"""What a stage asks of every result before it is served, whatever an execution's input says."""

from collections.abc import Iterator, Mapping
from typing import Annotated, ClassVar

from pydantic import Field

from contracts.declarations import about
from contracts.errors import InvalidInputError, Problem
from contracts.execution import Approval, ExecutionInput, Task
from contracts.metrics import DEFAULT_GATES, METRICS, FineTuningMetrics
from contracts.model import Contract
from contracts.pretraining import PretrainingInput

_BY_A_PERSON = "manual, or left out: in this stage a person approves every result"


class ReleaseRules(Contract):
    """The weakest approval and thresholds that a stage accepts.

    An input that leaves them out gets them; one that asks for less is refused.
    """

    document: ClassVar[str] = "release rules"

    approval: Annotated[Approval, about("manual: a person approves every result")] = "auto"
    gate: Annotated[Mapping[Task, FineTuningMetrics], about("by task, what every result must meet")] = Field(
        default_factory=dict
    )

    def apply(self, request: ExecutionInput) -> ExecutionInput:
        """The input as the stage takes it. Raises InvalidInputError with everything that asks for less."""
        self._refuse([*self._approval(request), *self._less(request.task, request.gate.to_json())])
        gate = {**self._stricter_than_default(request.task), **request.gate.to_json()}
        approval = self.approved(request.approval)
        return request.model_copy(update={"approval": approval, "gate": FineTuningMetrics(**gate)})

    def apply_to_base(self, request: PretrainingInput) -> PretrainingInput:
        """The same of a pretraining, which has no least thresholds. Raises InvalidInputError."""
        self._refuse(list(self._approval(request)))
        return request.model_copy(update={"approval": self.approved(request.approval)})

    def require_gate(self, task: Task, gate: Mapping[str, float]) -> None:
        """Raises InvalidInputError with every threshold of a gate that asks for less than the stage."""
        self._refuse(list(self._less(task, gate)))

    def least(self, task: Task) -> dict[str, float]:
        """The stage's thresholds of a task; empty where it has none."""
        return self.gate[task].to_json() if task in self.gate else {}

    def approved(self, approval: Approval) -> Approval:
        """Who approves: a person where the stage wants one, whatever was asked for."""
        return "manual" if self.approval == "manual" else approval

    @staticmethod
    def _refuse(problems: list[Problem]) -> None:
        if problems:
            raise InvalidInputError.of(problems)

    def _approval(self, request: ExecutionInput | PretrainingInput) -> Iterator[Problem]:
        if self.approval == "manual" and "approval" in request.explicit_values() and request.approval == "auto":
            yield Problem("input.approval", request.approval, _BY_A_PERSON)

    def _less(self, task: Task, given: Mapping[str, float]) -> Iterator[Problem]:
        for name, least in self.least(task).items():
            if name in given and not METRICS[name].meets(given[name], least):
                bound = "at least" if METRICS[name].higher_is_better else "at most"
                yield Problem(f"input.gate.{name}", given[name], f"{bound} {least:g} in this stage, or left out")

    def _stricter_than_default(self, task: Task) -> dict[str, float]:
        """The stage's thresholds where the task's own ask for less, or for nothing."""
        default = DEFAULT_GATES[task]
        return {
            name: least
            for name, least in self.least(task).items()
            if name not in default or METRICS[name].meets(least, default[name])
        }
