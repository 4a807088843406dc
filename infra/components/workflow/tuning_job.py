"""A step that runs a SageMaker tuning job: training jobs with other hyperparameters each, of which the best is kept."""

from typing import Any

from contracts.search import OBJECTIVE
from infra.components.access import allow, arn
from infra.components.workflow.job_step import JobStep
from infra.components.workflow.jobs import CAPACITY_SECONDS, JOB_RETRY, TRAINING_RESULT, job_access
from infra.components.workflow.resources import Resources
from infra.components.workflow.step import JobSpec, Step, retry, sdk_transient

_BEST = "$states.result.BestTrainingJob"
_VALUE = f"{_BEST}.FinalHyperParameterTuningJobObjectiveMetric.Value"
_TUNED = f"$join($each({_BEST}.TunedHyperParameters, function($value, $name) {{ $name & ' ' & $value }}), ', ')"
_SAID = (
    f"$string($states.result.ObjectiveStatusCounters.Succeeded) & ' of ' & $string($plan.search.trials) & ' trainings of the search "
    f"could be measured; the best has {OBJECTIVE} ' & $string({_VALUE}) & ', with ' & {_TUNED}"
)
_RESULT = {
    "best": f"{{% $exists({_BEST}) ? {_BEST}.TrainingJobName : '' %}}",
    "found": f"{{% $exists({_BEST}) ? {_SAID} : '' %}}",
}
"""What a search assigns: the name of its best training and a note on it, empty where there is none."""

_METRIC = {"Name": OBJECTIVE, "Regex": rf"\b{OBJECTIVE}=([0-9.]+)"}
"""What each training prints when it has ended, and painted the photos by which it is judged."""

_ONLY_ONE = ("TrainingJobName", "HyperParameters", "TensorBoardOutputConfig", "Tags")
"""Arguments of a training job that its definition in a tuning job has otherwise, or not."""


def tuning(use: Resources, *, trial: Step, name: str, does: str) -> Step:
    """The step that runs the search of the plan, waits for its end and assigns ``_RESULT``. Its trainings are as the step ``trial`` is."""
    assert trial.job is not None
    settings, key = use.stage.jobs, trial.job.key
    job = JobSpec(
        key=key,
        kind="tuning",
        instance=trial.job.instance,
        volume_gib=trial.job.volume_gib,
        seconds=trial.job.seconds,
        spot=trial.job.spot,
        trials=settings.most_trials,
        parallel=settings.most_parallel_trials,
    )
    seconds = settings.search_seconds
    arguments = {
        "HyperParameterTuningJobName": f"{{% $plan.jobs.{key}.name %}}",
        "HyperParameterTuningJobConfig": {
            "Strategy": "{% $plan.search.strategy %}",
            "HyperParameterTuningJobObjective": {"Type": "Maximize", "MetricName": OBJECTIVE},
            "ResourceLimits": {
                "MaxNumberOfTrainingJobs": "{% $plan.search.trials %}",
                "MaxParallelTrainingJobs": "{% $plan.search.parallel %}",
                "MaxRuntimeInSeconds": seconds,
            },
            "ParameterRanges": "{% $plan.search.ranges %}",
            "RandomSeed": "{% $plan.search.seed %}",
        },
        "TrainingJobDefinition": _definition(trial),
        "Tags": use.tags,
    }
    return JobStep(
        name=name,
        does=does,
        resource="sagemaker:createHyperParameterTuningJob.sync",
        arguments=arguments,
        assign=_RESULT,
        retries=[JOB_RETRY],
        seconds=seconds + CAPACITY_SECONDS,
        allows=job_access(use, "tuning"),
        job=job,
    )


def _definition(trial: Step) -> dict[str, Any]:
    """A training job's arguments as a tuning job has them of all its training jobs."""
    given = trial.arguments
    algorithm = given["AlgorithmSpecification"]
    return {
        **{name: value for name, value in given.items() if name not in _ONLY_ONE},
        "StaticHyperParameters": given["HyperParameters"],
        "AlgorithmSpecification": {**algorithm, "MetricDefinitions": [*algorithm["MetricDefinitions"], _METRIC]},
    }


def best_trial(use: Resources) -> Step:
    """Where the best training of the search left its artifact."""
    return Step(
        name="BestTrial",
        does="Look where the best training of the search left its weights",
        resource="aws-sdk:sagemaker:describeTrainingJob",
        arguments={"TrainingJobName": "{% $best %}"},
        assign={**TRAINING_RESULT, "notes": "{% $append($notes, [$found]) %}"},
        # A run that is taken up here would search again.
        retries=[retry(sdk_transient("SageMaker"), attempts=6)],
        allows=[allow(["sagemaker:DescribeTrainingJob"], [arn("sagemaker", f"training-job/{use.stage.prefix}-*")])],
    )
