"""Who is told of what: alarms, expressions, the budget, and what lets services tell."""

from bench.gate.changes import drop, put, swap
from bench.gate.mutant import Defect

_IDLE = "Training/IdleAlarm"
_BUDGET = "Monitoring/Budget"
_WAKE = "Serving/EndpointScalingWakeAlarm"

MUTANTS = (
    Defect(name="no alarm watches a state machine", at="Monitoring/WorkflowFailed"),
    Defect(name="no alarm says that a run timed out", at="Monitoring/PretrainingTimedOut"),
    Defect(name="no alarm watches dead letters", at="Monitoring/TrainingDeadLetters"),
    Defect(name="no alarm watches whoever reports failures", at="Monitoring/RecordFailureErrors"),
    Defect(name="no alarm watches the API", at="Monitoring/Api5xx"),
    Defect(name="no alarm says that pictures do not fit into memory", at="Monitoring/RequestsOutOfMemory"),
    Defect(
        name="an alarm watches a metric of the model server that it does not write",
        at="Monitoring/RequestsOutOfMemory",
        change=put("Properties.MetricName", "RequestsTooLarge"),
    ),
    Defect(name="no alarm watches how long requests wait", at="Monitoring/OldestRequest"),
    Defect(
        name="an alarm waits for a thousand failures",
        at="Monitoring/SettleErrors",
        change=put("Properties.Threshold", 1000),
    ),
    Defect(
        name="an alarm's threshold is in milliseconds",
        at="Monitoring/OldestRequest",
        change=put("Properties.Threshold", 1_800_000),
    ),
    Defect(
        name="an alarm names a function by hand",
        at="Monitoring/SettleErrors",
        change=put("Properties.Dimensions.0.Value", "atelier-dev-settle"),
    ),
    Defect(
        name="an alarm names another API",
        at="Monitoring/Api5xx",
        change=put("Properties.Dimensions.0.Value", "Api"),
    ),
    Defect(
        name="an alarm watches another stage's predictions",
        at="Monitoring/AnswersRecovered",
        change=put("Properties.Dimensions.0.Value", "atelier-prod"),
    ),
    Defect(
        name="an alarm's text names no section of the runbook",
        at="Monitoring/Throttles",
        change=swap("Lambda throttles", "Lambda is throttled"),
    ),
    Defect(name="an alarm has a period that CloudWatch has not", at=_WAKE, change=put("Properties.Period", 45)),
    Defect(name="an alarm looks at values of a unit", at=_WAKE, change=put("Properties.Unit", "Percent")),
    Defect(
        name="the wake alarm sets off the sleep policy",
        at=_WAKE,
        change=swap("EndpointScalingWakeEC1498F8", "EndpointScalingSleep8A2CDE70"),
    ),
    Defect(name="the wake alarm takes an hour", at=_WAKE, change=put("Properties.Period", 3600)),
    Defect(
        name="the wake policy starts a whole fleet",
        at="Serving/EndpointScalingWakeE",
        change=put("Properties.StepScalingPolicyConfiguration.StepAdjustments.0.ScalingAdjustment", 2),
    ),
    Defect(
        name="the sleep policy lets one run",
        at="Serving/EndpointScalingSleep",
        change=put("Properties.StepScalingPolicyConfiguration.StepAdjustments.0.ScalingAdjustment", 1),
    ),
    Defect(
        name="two policies of a target have one name",
        at="Serving/EndpointScalingSleep",
        change=put("Properties.PolicyName", "wake"),
    ),
    Defect(name="the idle alarm is gone", at=_IDLE),
    Defect(name="the idle alarm compares the wrong way", at=_IDLE, change=swap("instances >", "instances <")),
    Defect(
        name="the idle alarm waits for a queue that says nothing", at=_IDLE, change=swap("FILL(backlog, 0)", "backlog")
    ),
    Defect(name="the idle alarm reads what it does not have", at=_IDLE, change=swap("FILL(backlog", "FILL(queue")),
    Defect(name="the idle alarm returns two results", at=_IDLE, change=put("Properties.Metrics.0.ReturnData", True)),
    Defect(
        name="the idle alarm averages the load", at=_IDLE, change=put("Properties.Metrics.0.MetricStat.Stat", "Average")
    ),
    Defect(name="the idle alarm goes off after ten minutes", at=_IDLE, change=put("Properties.EvaluationPeriods", 2)),
    Defect(name="the idle alarm does not put to sleep", at=_IDLE, change=drop("Properties.AlarmActions.0")),
    Defect(name="the idle alarm tells nobody", at=_IDLE, change=drop("Properties.AlarmActions.1")),
    Defect(
        name="alarms may not publish to the topic",
        at="Training/NewsPolicy",
        change=swap("cloudwatch.amazonaws.com", "events.amazonaws.com"),
    ),
    Defect(
        name="alarms may not use the topic's key",
        at="Storage/BucketsKey",
        change=swap("cloudwatch.amazonaws.com", "events.amazonaws.com"),
    ),
    Defect(
        name="S3 may not write access logs",
        at="Storage/BucketsLogPolicy",
        change=swap("logging.s3.amazonaws.com", "s3.amazonaws.com"),
    ),
    Defect(
        name="a budget is of another stage's costs",
        at=_BUDGET,
        change=swap("atelier:stage$dev", "atelier:stage$prod"),
    ),
    Defect(name="a budget tells nobody", at=_BUDGET, change=put("Properties.NotificationsWithSubscribers", [])),
    Defect(name="a budget is of another amount", at=_BUDGET, change=put("Properties.Budget.BudgetLimit.Amount", 5_000)),
    Defect(name="a budget is of a day", at=_BUDGET, change=put("Properties.Budget.TimeUnit", "DAILY")),
    Defect(
        name="a sweep takes longer than its turn",
        at="Api/AnswersSweepHandlerFunction",
        change=put("Properties.Timeout", 900),
    ),
    Defect(
        name="a schedule is due every minute",
        at="Api/AnswersSchedule6",
        change=put("Properties.ScheduleExpression", "rate(1 minute)"),
    ),
    Defect(
        name="a handler keeps pictures for other days",
        at="Api/HandlerFunction",
        change=put("Properties.Environment.Variables.MEDIA_DAYS", "400"),
    ),
    Defect(
        name="a handler asks for less than the stage's rules",
        at="Training/HandlersPrepareFunction",
        change=put("Properties.Environment.Variables.RELEASE_RULES", "auto"),
    ),
    Defect(
        name="a policy is no role's", at="Training/HandlersGateRoleDefaultPolicy", change=put("Properties.Roles", [])
    ),
    Defect(
        name="a policy allows all but what it names",
        at="Training/HandlersGateRoleDefaultPolicy",
        change=put("Properties.PolicyDocument.Statement.0", {"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}),
    ),
    Defect(
        name="a function is there before its rights",
        at="Api/HandlerFunction",
        change=put("DependsOn", []),
    ),
)
