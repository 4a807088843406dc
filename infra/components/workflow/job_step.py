"""A step that runs a SageMaker job, and how the run goes on with a job that is there already under the step's name for it."""

from typing import Any

from contracts.job_kinds import JOB_WORDS
from infra.components.workflow.step import RECORD_FAILURE, Step, failure, retry, sdk_transient

EXECUTION_VARIABLE = "ATELIER_EXECUTION"
"""A job's environment says which execution made it: an older one of the same name may have made a job of the same name."""
EXECUTION = "$states.context.Execution.Id & ' ' & $states.context.Execution.StartTime"

_TAKEN = "SageMaker.ResourceInUseException"
_LOOKS = 100
"""How often at most a job is looked at that is there already: each look is some events of an execution, which may have 25,000."""


class JobStep(Step):
    """One job, made and waited for with ``.sync``.

    ``.sync`` has no second try: where its answer is lost, the next attempt says that the name is taken, and where an execution is
    redriven, the first one does. The run then looks at the job itself until it ends, and keeps or fails as ``.sync`` would have. A job that
    another execution made fails the run, as the name is taken.
    """

    @property
    def steps(self) -> tuple[Step, ...]:
        """The step, and the one that looks at a job that is there already."""
        return (self, self._looking)

    def states(self, after: str) -> dict[str, dict[str, Any]]:
        """The task; a look at the job, the choice whether it has ended, and a wait until the next look."""
        made = super().states(after)
        (unexpected,) = made[self.name]["Catch"]
        made[self.name]["Catch"] = [{**unexpected, "ErrorEquals": [_TAKEN], "Next": self._looking.name}, unexpected]
        ended, wait = f"{self.name}Ended", f"Await{self.name}"
        return {
            **made,
            **self._looking.states(ended),
            ended: self._choice(wait, after),
            wait: {"Type": "Wait", "Seconds": max(1, self.seconds // _LOOKS), "Next": self._looking.name},
        }

    @property
    def _looking(self) -> Step:
        job = self._word
        return Step(
            name=f"Adopt{self.name}",
            does=f"Look at the job of {self.name} that this execution has made already, until it ends",
            resource=f"aws-sdk:sagemaker:describe{job}",
            arguments={f"{job}Name": self.arguments[f"{job}Name"]},
            retries=[retry(sdk_transient("SageMaker"))],
            allows=[],  # what waits for a job may describe it
        )

    def _choice(self, wait: str, after: str) -> dict[str, Any]:
        """Its input is the job's description. Values of the environment are compared: how its keys are spelt is up to the integration."""
        status = f"$states.input.{self._word}Status"
        # A tuning job has the environment of its training jobs.
        environment = "TrainingJobDefinition.Environment" if self._word.endswith("TuningJob") else "Environment"
        kept = {name: value.replace("$states.result", "$states.input") for name, value in self.assign.items()}
        rules = [
            # $failure still says that the name is taken.
            {"Condition": f"{{% $not(({EXECUTION}) in $states.input.{environment}.*) %}}", "Next": RECORD_FAILURE},
            {"Condition": f"{{% {status} in ['InProgress', 'Stopping'] %}}", "Next": wait},
            {"Condition": f"{{% {status} = 'Completed' %}}", "Assign": kept, "Next": after},
        ]
        record = failure(self.name, "'States.TaskFailed'", "$string($states.input)", knows_plan=self.knows_plan)
        return {"Type": "Choice", "Choices": rules, "Assign": {"failure": record}, "Default": RECORD_FAILURE}

    @property
    def _word(self) -> str:
        assert self.job is not None
        return JOB_WORDS[self.job.kind]
