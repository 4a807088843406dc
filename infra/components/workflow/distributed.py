"""A step for each line of a file in S3, of which a few are done at once: Step Functions' Distributed Map."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from infra.components.access import Statement, allow, arn
from infra.components.workflow.step import RECORD_FAILURE, Step, failure, integration


@dataclass(frozen=True, kw_only=True)
class Distributed:
    """``step`` is done for each line, a JSON object that is its input, in an execution of its own.

    ``lines`` and ``results`` say where in S3 the lines are read and what became of them is written; ``most`` how many are done at once, and
    ``tolerated`` which percentage may fail. All of them are JSONata. ``machine`` is the name of the machine that this is part of.
    """

    name: str
    does: str
    step: Step
    lines: Mapping[str, str]
    results: Mapping[str, str]
    most: str
    tolerated: str
    machine: str
    allows: Sequence[Statement]

    @property
    def steps(self) -> tuple[Step, ...]:
        """The step."""
        return (self.step,)

    @property
    def starting(self) -> list[Statement]:
        """What the machine's role needs for the executions: https://docs.aws.amazon.com/step-functions/latest/dg/iam-policies-eg-dist-map.html."""
        own = arn("states", f"execution:{self.machine}:*")
        return [
            allow(["states:StartExecution"], [arn("states", f"stateMachine:{self.machine}")]),
            allow(["states:DescribeExecution", "states:StopExecution"], [own]),
        ]

    def states(self, after: str) -> dict[str, dict[str, Any]]:
        """The map. What fails more often than it tolerates is recorded; one line that fails is the map's own to count."""
        own = self.step.states(after)[self.step.name]
        inner = {key: value for key, value in own.items() if key not in ("Catch", "Next")}
        record = failure(self.name, "$states.errorOutput.Error", "$states.errorOutput.Cause", knows_plan=False)
        return {
            self.name: {
                "Type": "Map",
                "Comment": self.does,
                "Label": self.name,
                "ItemReader": {
                    "Resource": integration("s3:getObject"),
                    "ReaderConfig": {"InputType": "JSONL"},
                    "Arguments": dict(self.lines),
                },
                "ItemProcessor": {
                    "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
                    "StartAt": self.step.name,
                    "States": {self.step.name: {**inner, "End": True}},
                },
                "ResultWriter": {"Resource": integration("s3:putObject"), "Arguments": dict(self.results)},
                "MaxConcurrency": self.most,
                "ToleratedFailurePercentage": self.tolerated,
                "Catch": [{"ErrorEquals": ["States.ALL"], "Assign": {"failure": record}, "Next": RECORD_FAILURE}],
                "Next": after,
            }
        }
