"""Where runs go, what they know there and what they send: defects that no single state shows."""

from collections.abc import Sequence
from functools import partial

from bench.gate.changes import drop, put, swap
from bench.gate.mutant import Defect

_defect = partial(Defect, at="Training/WorkflowMachine")
_pretraining = partial(Defect, at="Training/PretrainingMachine")

MUTANTS: Sequence[Defect] = (
    _defect(name="what is not to be deployed is", state="DeployChoice", change=swap("'none'", "'None'")),
    _defect(name="only adapters get endpoints", state="NeedsEndpoint", change=swap("'endpoint'", "'adapter'")),
    _defect(name="a publication skips the smoke test", state="Publish", change=put("Next", "Promote")),
    _defect(name="what was promoted leaves its endpoints", state="Promote", change=put("Next", "Notify")),
    _defect(name="endpoints are removed where none is left", state="LeavesEndpoints", change=swap("> 0", ">= 0")),
    _defect(name="a failed rollout is not undone", state="DeployEndpoint", change=put("Catch.0.Next", "RecordFailure")),
    _defect(name="a failed smoke test promotes", state="SmokeTest", change=put("Catch.0.Next", "Promote")),
    _defect(name="what was undone has succeeded", state="UndoRollout", change=put("Next", "Succeed")),
    _defect(
        name="undoing removes nothing",
        state="UndoRollout",
        change=put("Arguments.Payload.endpoints", "{% [] %}"),
    ),
    _defect(
        name="undoing forgets what failed",
        state="UndoRollout",
        change=put("Catch.0.Assign.failure", "{% {'undo': $states.errorOutput.Error} %}"),
    ),
    _defect(
        name="a failure has another step's name", state="Segment", change=put("Catch.1.Assign.failure.step", "Evaluate")
    ),
    _defect(
        name="error and cause are mixed up",
        state="Segment",
        change=put("Catch.1.Assign.failure.error", "{% $states.errorOutput.Cause %}"),
    ),
    _defect(name="a failure lacks the plan", state="FineTune", change=drop("Catch.1.Assign.failure.plan")),
    _defect(name="a run is taken up elsewhere", state="Start", change=swap("'SearchChoice'", "'Searchchoice'")),
    _defect(name="a run is taken up without its artifact", state="Start", change=drop("Choices.2.Assign.artifact")),
    _defect(name="a point is not known to Prepare", state="Prepare", change=drop("Arguments.Payload.points.3")),
    _defect(
        name="another job is looked at", state="AdoptSegment", change=swap("$plan.jobs.segment", "$plan.jobs.evaluate")
    ),
    _defect(name="a job that failed counts as done", state="SegmentEnded", change=put("Default", "FineTune")),
    _defect(name="a job that runs is not waited for", state="SegmentEnded", change=swap("InProgress", "In Progress")),
    _defect(name="a job is looked at every second", state="AwaitSegment", change=put("Seconds", 1)),
    _defect(
        name="a job runs as the server", state="FineTune", change=put("Arguments.RoleArn", "<Serving/Role8C6B06EB.Arn>")
    ),
    _defect(
        name="a job has another's name",
        state="Segment",
        change=swap("$plan.jobs.segment.name", "$plan.jobs.evaluate.name"),
    ),
    _defect(name="a search is never made", state="SearchChoice", change=put("Choices.0.Condition", "{% false %}")),
    _defect(
        name="the first training counts as the best", state="BestTrial", change=swap("$best", "$plan.jobs.search.name")
    ),
    _defect(
        name="trainings of a search are not told their settings",
        state="Search",
        change=put("Arguments.TrainingJobDefinition.StaticHyperParameters", {}),
    ),
    _defect(
        name="a search is for less",
        state="Search",
        change=put("Arguments.HyperParameterTuningJobConfig.HyperParameterTuningJobObjective.MetricName", "loss"),
    ),
    _defect(
        name="a search runs as long as it likes",
        state="Search",
        change=drop("Arguments.TrainingJobDefinition.StoppingCondition.MaxRuntimeInSeconds"),
    ),
    _defect(
        name="a training of a search has no photos to be judged by",
        state="Search",
        change=swap("'segmenter': ", "'segmenters': "),
    ),
    _defect(name="a job runs another's command", state="Segment", change=swap("['segment']", "['evaluate']")),
    _defect(
        name="a job has another's arguments",
        state="Segment",
        change=swap("$plan.arguments.segment", "$plan.arguments.evaluate"),
    ),
    _defect(
        name="a job writes to another's folder", state="Segment", change=swap("$plan.runs.segment", "$plan.runs.train")
    ),
    _defect(name="a job's input is called otherwise", state="Segment", change=swap("'dataset':", "'data':")),
    _defect(
        name="an input lies where no job looks", state="Segment", change=swap("processing/input/", "processing/inputs/")
    ),
    _defect(
        name="masks come from another step", state="FineTune", change=swap("$plan.runs.segment", "$plan.runs.train")
    ),
    _defect(
        name="checkpoints lie where none are kept",
        state="FineTune",
        change=put("Arguments.CheckpointConfig.LocalPath", "/opt/ml/checkpoint"),
    ),
    _defect(
        name="event files lie where none are kept",
        state="FineTune",
        change=put("Arguments.TensorBoardOutputConfig.LocalPath", "/opt/ml/tensorboard"),
    ),
    _defect(
        name="whoever made a job is not said",
        state="Segment",
        change=put("Arguments.Environment.ATELIER_EXECUTION", "{% $states.context.Execution.Name %}"),
    ),
    _defect(
        name="a package names metrics that are not there", state="Register", change=swap("metrics.json", "metric.json")
    ),
    _defect(
        name="a version is no number",
        state="Register",
        change=put("Assign.version", "{% $split($states.result.ModelPackageArn, '/')[-1] %}"),
    ),
    _defect(name="a person gets an hour", state="RequestApproval", change=put("TimeoutSeconds", 3600)),
    _defect(name="heartbeats are expected", state="RequestApproval", change=put("HeartbeatSeconds", 600)),
    _defect(
        name="a token is another's",
        state="RequestApproval",
        change=put("Arguments.Payload.token", "{% $states.context.Execution.Id %}"),
    ),
    _defect(name="a busy endpoint is not waited for", state="DeployEndpoint", change=drop("Retry.0")),
    _defect(
        name="a taken name is tried again",
        state="DeployEndpoint",
        change=put("Retry.0.ErrorEquals", ["EndpointBusyError", "NameCollisionError"]),
    ),
    _defect(
        name="a target's parts are mixed up",
        state="RegisterScalableTarget",
        change=put("Arguments.ResourceId", "{% 'endpoint/' & $variant & '/variant/' & $endpoint %}"),
    ),
    _defect(name="a new endpoint's wake alarm puts it to sleep", state="PutWakeAlarm", change=swap("$wake", "$sleep")),
    _defect(name="what was promoted is not said", state="Promote", change=drop("Assign.promotion")),
    _defect(name="an output lacks its metrics", state="Notify", change=swap("'metrics': $gate.metrics, ", "")),
    _defect(name="a message is no text", state="Notify", change=swap("$string(", "(")),
    _defect(
        name="news goes to the endpoint's topic",
        state="Notify",
        change=put("Arguments.TopicArn", "<Serving/ErrorD9F0B79D>"),
    ),
    _defect(
        name="a report does not say that AI painted its pictures",
        state="Evaluate",
        change=drop("Arguments.Environment.ATELIER_DISCLOSURE_1"),
    ),
    _pretraining(name="every host gets every picture", state="Shard", change=swap("'pictures' ?", "'picture' ?")),
    _pretraining(name="a base model is trained as a style", state="Train", change=swap("pretrain", "train")),
    _pretraining(
        name="held-out samples are looked for elsewhere", state="Evaluate", change=swap("held_out", "heldout")
    ),
    _pretraining(name="EFA is called otherwise", state="Train", change=swap("FI_PROVIDER", "FI_PROVIDERS")),
)
