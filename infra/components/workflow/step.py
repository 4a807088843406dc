"""A step of a state machine as one object: what it calls and keeps, how long it may take, what its role may do, which job it runs.

Everything that must know the steps reads these objects: the machine's definition (``flow``), its role, the table in docs/architecture.md
and, through the plan, the report of a failed run and the command that follows one.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from contracts.job_kinds import JobKind
from infra.components.access import PARTITION, Statement

RECORD_FAILURE = "RecordFailure"
"""The state that every error is handed to."""
SUCCEED = "Succeed"
"""The state after a flow's last step."""

_PLAN_PATH = re.compile(r"\$plan((?:\.[a-z_0-9]+)+)")


@dataclass(frozen=True, kw_only=True)
class JobSpec:
    """The SageMaker job that a step runs.

    ``key`` names it in the plan (``$plan.jobs.{key}``, ``$plan.runs.{key}``) and ends its name. ``instance`` is the type of its machines,
    ``volume_gib`` the disk of each, ``seconds`` how long it may run, and ``spot`` whether it takes what is left over of them.
    SageMaker writes its log to ``/aws/sagemaker/ProcessingJobs`` or ``/aws/sagemaker/TrainingJobs``, in streams that start with its name.
    A tuning job's training jobs, of which ``trials`` is the most that there may be and ``parallel`` at a time, are such jobs each.
    """

    key: str
    kind: JobKind
    instance: str
    volume_gib: int
    seconds: int
    spot: bool = False
    trials: int | None = None
    parallel: int | None = None

    @property
    def facts(self) -> dict[str, Any]:
        """What Prepare is told of it."""
        told: dict[str, Any] = {
            "kind": self.kind,
            "instance": self.instance,
            "volume_gib": self.volume_gib,
            "seconds": self.seconds,
        }
        told |= {"trials": self.trials, "parallel": self.parallel} if self.trials else {}
        return told | ({"spot": True} if self.spot else {})


@dataclass(frozen=True, kw_only=True)
class Step:
    """One task state. ``does`` says in a sentence what it is for, ``handler`` which of our Lambdas it calls, if any.

    ``assign`` are the variables it leaves behind. ``allows`` is what the machine's role needs for it, ``accepts`` the findings of cdk-nag
    that this causes, with reasons. An error is kept in ``$failure`` and ends the run, unless ``tolerates`` (the name of a choice and its
    condition) says that it means success. ``knows_plan`` is false for the one step that makes the plan.

    Raises ValueError where the call starts a SageMaker job and ``job`` is None, or the other way round.
    """

    name: str
    does: str
    resource: str
    arguments: Mapping[str, Any]
    retries: Sequence[Mapping[str, Any]]
    allows: Sequence[Statement]
    seconds: int = 60
    accepts: Mapping[str, str] = field(default_factory=dict)
    assign: Mapping[str, str] = field(default_factory=dict)
    output: str | None = None
    job: JobSpec | None = None
    handler: str = ""
    tolerates: tuple[str, str] | None = None
    knows_plan: bool = True

    def __post_init__(self) -> None:
        if self.resource.endswith("Job.sync") != (self.job is not None):
            raise ValueError(
                f"step {self.name}: got {self.resource} and job {self.job}; allowed: a job for …Job.sync only"
            )

    @property
    def steps(self) -> tuple["Step", ...]:
        """The step itself: a flow consists of steps and of parts that hold steps."""
        return (self,)

    @property
    def needs(self) -> set[str]:
        """The paths into the plan that its expressions read, such as ``base.uri``."""
        read = json.dumps([self.arguments, self.assign, self.output, self.tolerates])
        return {path.strip(".") for path in _PLAN_PATH.findall(read)}

    def states(self, after: str) -> dict[str, dict[str, Any]]:
        """The state in Amazon States Language, and the choice that decides about an error where one is tolerated."""
        choice = self.tolerates[0] if self.tolerates else ""
        record = failure(
            self.name, "$states.errorOutput.Error", "$states.errorOutput.Cause", knows_plan=self.knows_plan
        )
        task = {
            "Type": "Task",
            "Comment": self.does,
            "Resource": integration(self.resource),
            "Arguments": dict(self.arguments),
            "TimeoutSeconds": self.seconds,
            "Retry": list(self.retries),
            "Catch": [{"ErrorEquals": ["States.ALL"], "Assign": {"failure": record}, "Next": choice or RECORD_FAILURE}],
            **({"Assign": dict(self.assign)} if self.assign else {}),
            **({"Output": self.output} if self.output else {}),
            "Next": after,
        }
        states = {self.name: task}
        if self.tolerates:
            rule = {"Condition": f"{{% {self.tolerates[1]} %}}", "Next": after}
            states[choice] = {"Type": "Choice", "Choices": [rule], "Default": RECORD_FAILURE}
        return states


def integration(name: str) -> str:
    """``lambda:invoke`` → the ARN of that service integration."""
    return f"arn:{PARTITION}:states:::{name}"


def failure(step: str, error: str, cause: str, *, knows_plan: bool = True) -> dict[str, str]:
    """What ``record_failure`` gets: where it broke, the error's name and text (JSONata), and when the execution began."""
    record = {
        "execution": "{% $states.context.Execution.Name %}",
        "step": step,
        "error": f"{{% {error} %}}",
        "cause": f"{{% {cause} %}}",
        "started": "{% $states.context.Execution.StartTime %}",
    }
    return record | ({"plan": "{% $plan %}"} if knows_plan else {})


def variables(*names: str) -> dict[str, str]:
    """``plan`` → ``{"plan": "{% $plan %}"}``: variables of the machine under their own names."""
    return {name: f"{{% ${name} %}}" for name in names}


def retry(errors: Sequence[str], *, seconds: int = 2, attempts: int = 3, backoff: float = 2) -> dict[str, Any]:
    """One rule of a state's ``Retry``."""
    return {
        "ErrorEquals": list(errors),
        "IntervalSeconds": seconds,
        "MaxAttempts": attempts,
        "BackoffRate": backoff,
        "JitterStrategy": "FULL",
    }


def sdk_transient(service: str) -> tuple[str, ...]:
    """The names under which an integration fails with throttling, a service's own fault, or no answer.

    Only errors that a service's model has get a name of their own (a quota, in SageMaker). All others, these among them, have the name
    of the service: ``SageMaker.SageMakerException``; nothing is ever called ``SageMaker.ThrottlingException``. A refusal may have that
    name too, and is then refused again before the run fails.
    """
    # SNS has an optimized integration, with the names of the SDK for Java 1.
    general = "AmazonSNSException" if service == "SNS" else f"{service}Exception"
    return (f"{service}.{general}", f"{service}.SdkClientException")
