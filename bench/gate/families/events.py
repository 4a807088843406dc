"""Events, subscriptions, permissions, dead letters."""

from bench.gate.changes import drop, put, swap
from bench.gate.mutant import Defect

_PACKAGE = "Training/SettlementPackageState7"
_ENDPOINT = "Training/SettlementEndpointStateF"

MUTANTS = (
    Defect(
        name="an event's kind is misspelt",
        at=_PACKAGE,
        change=swap("SageMaker Model Package State Change", "SageMaker ModelPackage State Change"),
    ),
    Defect(name="an event's source is misspelt", at=_ENDPOINT, change=swap("aws.sagemaker", "aws.sagemaker2")),
    Defect(name="an event's detail has no such key", at=_ENDPOINT, change=swap("EndpointName", "endpointName")),
    Defect(name="a rule hears another stage's packages", at=_PACKAGE, change=swap("atelier-dev-", "atelier-")),
    Defect(
        name="a rule hears every endpoint of the account", at=_ENDPOINT, change=drop("Properties.EventPattern.detail")
    ),
    Defect(
        name="a rule hears a prefix that nothing is named by",
        at=_ENDPOINT,
        change=swap("atelier-dev-style-", "atelier-dev-styles-"),
    ),
    Defect(name="a rule is off", at=_PACKAGE, change=put("Properties.State", "DISABLED")),
    Defect(name="a rule has no target", at=_PACKAGE, change=put("Properties.Targets", [])),
    Defect(
        name="a rule calls another handler",
        at=_ENDPOINT,
        change=put("Properties.Targets.0.Arn", {"Fn::GetAtt": ["HandlersGateFunctionC75ACA72", "Arn"]}),
    ),
    Defect(
        name="an event that cannot be delivered is lost",
        at=_ENDPOINT,
        change=drop("Properties.Targets.0.DeadLetterConfig"),
    ),
    Defect(
        name="a rule's target changes what the handler reads",
        at=_ENDPOINT,
        change=put("Properties.Targets.0.InputPath", "$.detail"),
    ),
    Defect(name="a rule may not call its handler", at="Training/SettlementPackageStateAllow"),
    Defect(
        name="a permission names another service",
        at="Training/SettlementEndpointStateAllow",
        change=put("Properties.Principal", "sns.amazonaws.com"),
    ),
    Defect(
        name="a permission names no source",
        at="Training/SettlementEndpointStateAllow",
        change=drop("Properties.SourceArn"),
    ),
    Defect(
        name="a permission names another rule",
        at="Training/SettlementEndpointStateAllow",
        change=put("Properties.SourceArn", {"Fn::GetAtt": ["SettlementPackageState70EF2159", "Arn"]}),
    ),
    Defect(name="nobody hears of answers any more", at="Api/AnswersHandlerFunctionSuccess"),
    Defect(
        name="answers are heard by another protocol",
        at="Api/AnswersHandlerFunctionError4",
        change=put("Properties.Protocol", "email"),
    ),
    Defect(
        name="a subscription filters all messages away",
        at="Api/AnswersHandlerFunctionError4",
        change=put("Properties.FilterPolicy", {"kind": ["none"]}),
    ),
    Defect(
        name="a subscription is to a topic that nothing publishes to",
        at="Api/AnswersHandlerFunctionError4",
        change=swap("ErrorD9F0B79D", "ErrorsD9F0B79D"),
    ),
    Defect(name="a topic may not call its handler", at="Api/AnswersHandlerFunctionAllowInvokeServingSuccess"),
    Defect(
        name="the sweep of late answers never runs",
        at="Api/AnswersSchedule6",
        change=put("Properties.State", "DISABLED"),
    ),
    Defect(
        name="the sweep runs on a schedule that does not exist",
        at="Api/AnswersSchedule6",
        change=put("Properties.ScheduleExpression", "rate(15 minute)"),
    ),
    Defect(name="the sweep may not be called", at="Api/AnswersScheduleAllow"),
    Defect(name="a failed asynchronous call is lost", at="Api/AnswersHandlerAsynchronous"),
    Defect(
        name="dead letters are kept for a minute",
        at="Api/AnswersDeadLettersQueueB",
        change=put("Properties.MessageRetentionPeriod", 60),
    ),
    Defect(name="dead letters may be sent by nobody", at="Training/SettlementDeadLettersQueuePolicy"),
    Defect(
        name="dead letters are not encrypted",
        at="Training/SettlementDeadLettersQueueC",
        change=put("Properties.SqsManagedSseEnabled", False),
    ),
)
