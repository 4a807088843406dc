"""The state machines: ways, times, errors."""

from bench.gate.changes import drop, put, swap
from bench.gate.mutant import Defect

_AT = "Training/WorkflowMachine"
_BASE = "Training/PretrainingMachine"

MUTANTS = (
    Defect(name="a choice has no default", at=_AT, state="GatePassed", change=drop("Default")),
    Defect(name="a state leads nowhere", at=_AT, state="Segment", change=put("Next", "Finetune")),
    Defect(name="a state is passed over", at=_AT, state="FineTune", change=put("Next", "Gate")),
    Defect(name="a failed gate goes on", at=_AT, state="GatePassed", change=put("Default", "EnsureModelPackageGroup")),
    Defect(
        name="an unmet gate is taken for a met one",
        at=_AT,
        state="GatePassed",
        change=put("Choices.0.Condition", "{% $not($gate.passed) %}"),
    ),
    Defect(name="errors of a state are recorded by nobody", at=_AT, state="Publish", change=drop("Catch")),
    Defect(
        name="only one error of a state is recorded",
        at=_AT,
        state="Notify",
        change=put("Catch.0.ErrorEquals", ["SNS.NotFoundException"]),
    ),
    Defect(name="an error ends in success", at=_AT, state="Evaluate", change=put("Catch.1.Next", "Succeed")),
    Defect(name="a recorded failure succeeds", at=_AT, state="RecordFailure", change=put("Next", "Succeed")),
    Defect(
        name="the heartbeat is longer than the state's limit",
        at=_AT,
        state="SmokeTest",
        change=put("HeartbeatSeconds", 7200),
    ),
    Defect(name="a state has no limit of time", at=_AT, state="DeployEndpoint", change=drop("TimeoutSeconds")),
    Defect(
        name="a job's state gives up before the job must end",
        at=_AT,
        state="FineTune",
        change=put("TimeoutSeconds", 3600),
    ),
    Defect(
        name="a handler's state gives up before the handler does",
        at=_AT,
        state="Publish",
        change=put("TimeoutSeconds", 60),
    ),
    Defect(
        name="the whole run ends before an approval may come", at=_AT, state="*", change=put("TimeoutSeconds", 86400)
    ),
    Defect(name="a wait loop has no pause", at=_AT, state="AwaitFineTune", change=put("Seconds", 0)),
    Defect(
        name="a waiting state hands out no token", at=_AT, state="SmokeTest", change=drop("Arguments.Payload.token")
    ),
    Defect(
        name="a token is handed out by a state that does not wait",
        at=_AT,
        state="Gate",
        change=put("Arguments.Payload.token", "{% $states.context.Task.Token %}"),
    ),
    Defect(
        name="a state no longer waits for its answer",
        at=_AT,
        state="RequestApproval",
        change=swap("lambda:invoke.waitForTaskToken", "lambda:invoke"),
    ),
    Defect(
        name="a job is started and not waited for",
        at=_AT,
        state="Segment",
        change=swap("createProcessingJob.sync", "createProcessingJob"),
    ),
    Defect(
        name="an integration is misspelt",
        at=_AT,
        state="Register",
        change=swap("sagemaker:createModelPackage", "sagemaker:createModelpackage"),
    ),
    Defect(
        name="an error is retried by a name that nothing raises",
        at=_AT,
        state="Register",
        change=swap("SageMaker.SageMakerException", "SageMaker.ThrottlingException"),
    ),
    Defect(
        name="a quota is retried until somebody notices",
        at=_AT,
        state="FineTune",
        change=swap("SageMaker.SdkClientException", "SageMaker.ResourceLimitExceededException"),
    ),
    Defect(
        name="an exception of ours is misspelt in a retry",
        at=_AT,
        state="DeployEndpoint",
        change=swap("EndpointBusyError", "EndpointBusy"),
    ),
    Defect(
        name="every error is retried, bad input too",
        at=_AT,
        state="Prepare",
        change=put("Retry.0.ErrorEquals", ["States.ALL"]),
    ),
    Defect(name="a retry backs off for ever", at=_AT, state="Gate", change=put("Retry.0.BackoffRate", 0.5)),
    Defect(name="a retry tries a hundred times", at=_AT, state="Publish", change=put("Retry.0.MaxAttempts", 100)),
    Defect(
        name="a job that is there already is not adopted",
        at=_AT,
        state="FineTune",
        change=swap("SageMaker.ResourceInUseException", "SageMaker.ResourceInUse"),
    ),
)
