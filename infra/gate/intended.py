"""What is meant: values that no model and no other value contradicts where they are wrong.

``RESOURCES``: type, beginning of the logical id, keys that lead to the value, the value (None: there must be none), why.
``STATES``: the same of states, by name, in every machine that has them. ``{stage}`` stands for the stage's name.
"""

from collections.abc import Sequence
from typing import Any

REQUESTS_AT_ONCE = "SageMakerVariantConcurrentRequestsPerModelHighResolution"

Resource = tuple[str, str, str, Any, str]
State = tuple[str, str, Any, str]

_MACHINE = "AWS::StepFunctions::StateMachine"
_API = "AWS::ApiGateway::RestApi"
_FUNCTION = "AWS::Lambda::Function"
_ALARM = "AWS::CloudWatch::Alarm"
_POLICY = "AWS::ApplicationAutoScaling::ScalingPolicy"
_ACCOUNT = "one setting of an account and region serves the APIs of all stages"
_ARTIFACT = "hosting wants a prefix with one slash at its end, and a job's artifact may have none"
_ARTIFACT_PREFIX = "{% $replace($states.result.ModelArtifacts.S3ModelArtifacts & '/', /\\/+$/, '/') %}"
_BACKLOG = "Arguments.TargetTrackingScalingPolicyConfiguration.CustomizedMetricSpecification"
_TRACKING = "Properties.TargetTrackingScalingPolicyConfiguration.CustomizedMetricSpecification"
_PREDEFINED = "Properties.TargetTrackingScalingPolicyConfiguration.PredefinedMetricSpecification"
_AT_ONCE = (
    "requests that are in an instance are its queue; how many came in a minute says nothing of how long one takes"
)
_CONFIG, _TARGET = "AWS::SageMaker::EndpointConfig", "AWS::ApplicationAutoScaling::ScalableTarget"
_ATTRIBUTES = [
    {"AttributeName": "pk", "AttributeType": "S"},
    {"AttributeName": "status", "AttributeType": "S"},
    {"AttributeName": "expires_at", "AttributeType": "N"},
    {"AttributeName": "client", "AttributeType": "S"},
    {"AttributeName": "created", "AttributeType": "S"},
]
_TOGETHER = "handlers answer its task tokens and name it before it exists"

RESOURCES: Sequence[Resource] = (
    (_API, "", "Properties.EndpointConfiguration.Types", ["REGIONAL"], "callers are programs of one region"),
    (
        _API,
        "",
        "Properties.BinaryMediaTypes",
        ["multipart/form-data", "image/*"],
        "all else is text; what is not comes as base64",
    ),
    ("AWS::ApiGateway::Account", "", "DeletionPolicy", "Retain", _ACCOUNT),
    ("AWS::IAM::Role", "RestApiCloudWatchRole", "DeletionPolicy", "Retain", _ACCOUNT),
    ("AWS::ApiGateway::Model", "", "Properties.Schema.type", "object", "a body is a JSON object"),
    ("AWS::Logs::LogGroup", "", "DeletionPolicy", "Delete", "a log goes with its stage"),
    (_MACHINE, "", "Properties.LoggingConfiguration.IncludeExecutionData", False, "prompts and addresses are no log's"),
    (_MACHINE, "", "Properties.LoggingConfiguration.Level", "ALL", "what a run did is told state by state"),
    (_MACHINE, "Workflow", "Properties.StateMachineName", "atelier-{stage}-workflow", _TOGETHER),
    (_MACHINE, "Pretraining", "Properties.StateMachineName", "atelier-{stage}-pretraining", _TOGETHER),
    (_MACHINE, "Batches", "Properties.StateMachineName", "atelier-{stage}-batches", _TOGETHER),
    (_FUNCTION, "", "Properties.ReservedConcurrentExecutions", None, "functions share the account's concurrency"),
    (_FUNCTION, "MirrorHandler", "Properties.Timeout", 900, "a model is some gigabytes"),
    (_ALARM, "EndpointScalingWake", "Properties.TreatMissingData", "notBreaching", "silence is an empty queue"),
    (
        _POLICY,
        "EndpointScalingBacklog",
        f"{_TRACKING}.Statistic",
        "Average",
        "the sum of a minute's points is no queue",
    ),
    (
        _POLICY,
        "EndpointScalingBacklog",
        f"{_TRACKING}.MetricName",
        "ApproximateBacklogSizePerInstance",
        "the target is a number for each instance",
    ),
    (_POLICY, "EndpointScalingRequests", f"{_PREDEFINED}.PredefinedMetricType", REQUESTS_AT_ONCE, _AT_ONCE),
    (
        "AWS::DynamoDB::Table",
        "",
        "Properties.GlobalSecondaryIndexes.0.IndexName",
        "by_status",
        "whoever looks for open records asks the index by this name",
    ),
    (
        "AWS::DynamoDB::Table",
        "",
        "Properties.GlobalSecondaryIndexes.1.IndexName",
        "by_client",
        "lists of what a client made ask the index by this name",
    ),
    (
        "AWS::DynamoDB::Table",
        "",
        "Properties.KeySchema",
        [{"AttributeName": "pk", "KeyType": "HASH"}],
        "records have one key",
    ),
    (
        "AWS::DynamoDB::Table",
        "",
        "Properties.AttributeDefinitions",
        _ATTRIBUTES,
        "one index sorts by a number, the other by text",
    ),
    ("AWS::SNS::Subscription", "", "Properties.FilterPolicy", None, "every answer is heard"),
    ("AWS::SNS::Subscription", "", "Properties.RawMessageDelivery", None, "handlers read SNS's own envelope"),
    ("AWS::SageMaker::Model", "", "Properties.EnableNetworkIsolation", None, "the server fetches styles while it runs"),
    (_CONFIG, "", "Properties.DataCaptureConfig", None, "it would keep customers' pictures elsewhere"),
    (_TARGET, "", "Properties.SuspendedState", None, "a fleet that cannot change does not sleep"),
    ("AWS::S3::Bucket", "", "Properties.NotificationConfiguration", None, "nobody hears of objects"),
    (
        "AWS::KMS::Key",
        "",
        "Properties.PendingWindowInDays",
        None,
        "a key that was deleted by mistake can be kept for 30 days",
    ),
    ("AWS::Lambda::Url", "", "Type", None, "what calls the API shows a key"),
    ("AWS::Lambda::Function", "", "Properties.EphemeralStorage", None, "handlers stream, and keep nothing on disk"),
    ("AWS::ApiGateway::RequestValidator", "", "Properties.ValidateRequestBody", True, "what is no JSON is refused"),
    ("AWS::ApiGateway::Stage", "", "Properties.StageName", "live", "clients have the address"),
    ("AWS::ApiGateway::Stage", "", "Properties.CacheClusterEnabled", None, "a record that is polled must be fresh"),
    ("AWS::ApiGateway::ApiKey", "", "Properties.Value", None, "a key's value is no template's"),
    (_API, "", "Properties.DisableExecuteApiEndpoint", None, "there is no other address"),
    (_MACHINE, "", "Properties.StateMachineType", None, "an express execution ends after five minutes"),
    ("AWS::Logs::LogGroup", "", "Properties.LogGroupClass", None, "metrics are taken from the log (EMF)"),
    ("AWS::Events::Rule", "", "Properties.EventBusName", None, "AWS's own events come on the default bus"),
    (
        "AWS::Events::Rule",
        "BatchesExecutionState",
        "Properties.EventPattern.detail.status",
        ["FAILED", "ABORTED", "TIMED_OUT"],
        "a batch that ends in one of them reports nothing by itself",
    ),
    ("AWS::Lambda::Permission", "", "Properties.SourceAccount", None, "SourceArn says the account"),
    ("AWS::Lambda::EventInvokeConfig", "", "Properties.MaximumRetryAttempts", 2, "a passing fault is tried again"),
    ("AWS::Lambda::EventInvokeConfig", "", "Properties.Qualifier", "$LATEST", "functions have no versions"),
    ("AWS::Lambda::EventInvokeConfig", "", "Properties.MaximumEventAgeInSeconds", None, "an event waits for six hours"),
    ("AWS::SQS::Queue", "", "Properties.FifoQueue", None, "SNS and EventBridge send to no other kind"),
    ("AWS::SNS::Topic", "", "Properties.FifoTopic", None, "SageMaker and alarms publish to no other kind"),
)

STATES: Sequence[State] = (
    ("MissesGate", "Choices.0.Condition", "{% $not($gate.passed) %}", "what misses the gate says so in the registry"),
    ("MissesGate", "Choices.0.Next", "Reject", "what misses the gate says so in the registry"),
    ("MissesGate", "Default", "GatePassed", "what passes the gate is not rejected"),
    ("Reject", "Next", "GatePassed", "what misses the gate goes no further"),
    ("Reject", "Arguments.ModelApprovalStatus", "Rejected", "what misses the gate is rejected"),
    ("GatePassed", "Choices.0.Condition", "{% $gate.passed %}", "what misses the gate is not approved"),
    ("GatePassed", "Choices.0.Next", "Approval", "what passes the gate may be approved"),
    ("GatePassed", "Default", "RecordFailure", "what misses the gate is not approved"),
    ("Approval", "Choices.0.Condition", "{% $plan.approval = 'auto' %}", "the input says who approves"),
    ("Approval", "Choices.0.Next", "AutoApprove", "the input says who approves"),
    ("Approval", "Default", "RequestApproval", "where the input does not say otherwise, a person approves"),
    (
        "Register",
        "Arguments.ModelApprovalStatus",
        "{% $gate.passed ? 'PendingManualApproval' : 'Rejected' %}",
        "a package is approved by what comes after, and never one that misses the gate",
    ),
    ("AutoApprove", "Arguments.ModelApprovalStatus", "Approved", "what is published must be approved"),
    ("RecordFailure", "Next", "Fail", "a failed run has failed"),
    ("FineTune", "Assign.artifact", _ARTIFACT_PREFIX, _ARTIFACT),
    ("BestTrial", "Assign.artifact", _ARTIFACT_PREFIX, _ARTIFACT),
    ("Train", "Assign.artifact", _ARTIFACT_PREFIX, _ARTIFACT),
    ("Prepare", "Next", "Start", "a run that is taken up enters where it failed, every other at the first job"),
    ("Segment", "Next", "PreflightChoice", "the order of the steps"),
    ("PreflightChoice", "Default", "SearchChoice", "the order of the steps"),
    (
        "SearchChoice",
        "Choices.0.Condition",
        "{% $exists($plan.search) %}",
        "the input says whether settings are searched",
    ),
    ("SearchChoice", "Choices.0.Next", "Search", "the input says whether settings are searched"),
    ("SearchChoice", "Default", "FineTune", "where the input does not say otherwise, there is one training"),
    ("Search", "Next", "SearchFound", "nothing is measured that no search has found"),
    ("SearchFound", "Choices.0.Next", "BestTrial", "the best training of a search goes on"),
    ("SearchFound", "Default", "RecordFailure", "a search that found nothing has failed"),
    ("BestTrial", "Next", "Evaluate", "the order of the steps"),
    ("FineTune", "Next", "Evaluate", "the order of the steps"),
    ("Shard", "Next", "Train", "the order of the steps"),
    ("Train", "Next", "Evaluate", "the order of the steps"),
    ("Evaluate", "Next", "Gate", "nothing is registered unmeasured"),
    ("EvaluatesAgain", "Choices.0.Condition", "{% $plan.evaluates != '' %}", "what is there already is not registered"),
    ("EvaluatesAgain", "Choices.0.Next", "NotifyEvaluation", "what is there already is not registered"),
    ("EvaluatesAgain", "Default", "EnsureModelPackageGroup", "what was learnt is registered, whatever was measured"),
    ("NotifyEvaluation", "Next", "Succeed", "what is there already is not registered"),
    ("PrepareBatch", "Next", "HasItems", "nothing is painted unchecked"),
    ("PaintItems", "Next", "ReportBatch", "what was painted is reported"),
    ("HasItems", "Choices.0.Condition", "{% $batch.items > 0 %}", "a map over nothing is none"),
    ("HasItems", "Choices.0.Next", "PaintItems", "what is left is painted"),
    ("HasItems", "Default", "ReportBatch", "a batch of which nothing is left has its report, too"),
    ("PaintItems", "ItemReader.ReaderConfig", {"InputType": "JSONL"}, "prepare_batch writes a row a line"),
    (
        "PaintItems",
        "ItemReader.Arguments",
        {"Bucket": "{% $batch.bucket %}", "Key": "{% $batch.key %}"},
        "prepare_batch says where it wrote the rows",
    ),
    (
        "PaintItems",
        "ResultWriter.Arguments",
        {"Bucket": "{% $batch.bucket %}", "Prefix": "{% $batch.results %}"},
        "prepare_batch says where results go",
    ),
    (
        "PaintItems",
        "ItemProcessor.ProcessorConfig.ExecutionType",
        "STANDARD",
        "an express execution waits for no token",
    ),
    ("PaintItems", "MaxConcurrency", "{% $batch.concurrency %}", "others' requests wait for so many at most"),
    ("PaintItems", "ToleratedFailurePercentage", "{% $batch.tolerated_percent %}", "who asks says what may fail"),
    ("Register", "Next", "MissesGate", "nothing is published unapproved"),
    ("SmokeTest", "Next", "Promote", "nothing is promoted untested"),
    (
        "PutBacklogPolicy",
        f"{_BACKLOG}.MetricName",
        "ApproximateBacklogSizePerInstance",
        "the target is a number for each instance",
    ),
    ("PutBacklogPolicy", f"{_BACKLOG}.Statistic", "Average", "the sum of a minute's points is no queue"),
    (
        "PutRequestsPolicy",
        "Arguments.TargetTrackingScalingPolicyConfiguration.PredefinedMetricSpecification.PredefinedMetricType",
        REQUESTS_AT_ONCE,
        _AT_ONCE,
    ),
    ("PutWakeAlarm", "Arguments.MetricName", "HasBacklogWithoutCapacity", "requests wait and no instance runs"),
    ("PutWakeAlarm", "Arguments.AlarmName", "{% $endpoint & '-wake' %}", "whoever removes the endpoint looks for it"),
    ("PutWakeAlarm", "Arguments.TreatMissingData", "notBreaching", "silence is an empty queue"),
)
