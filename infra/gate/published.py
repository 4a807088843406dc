"""The metrics that AWS publishes, and ours: namespace, name, and the sets of dimensions under which it has values."""

from collections.abc import Mapping, Sequence

_ENDPOINT = frozenset({"EndpointName"})
_VARIANT = frozenset({"EndpointName", "VariantName"})
_QUEUE = (
    "ApproximateBacklogSize",
    "ApproximateBacklogSizePerInstance",
    "ApproximateAgeOfOldestRequest",
    "HasBacklogWithoutCapacity",
)
_ANSWERS = (
    "ExpiredRequests",
    "InvocationFailures",
    "InvocationsProcessed",
    "NotificationFailures",
    "RequestDownloadFailures",
    "RequestDownloadLatency",
    "ResponseUploadFailures",
    "ResponseUploadLatency",
    "TimeInBacklog",
    "TotalProcessingTime",
)
# All that asynchronous endpoints share with others: they publish no Invocations, no OverheadLatency.
_INVOCATIONS = ("Invocation4XXErrors", "Invocation5XXErrors", "ModelLatency")
REAL_TIME_ONLY = ("ConcurrentRequestsPerModel", "OverheadLatency")
ASYNCHRONOUS_ONLY = (*_QUEUE, *_ANSWERS)
_INSTANCES = (
    "CPUUtilization",
    "CPUUtilizationNormalized",
    "DiskUtilization",
    "GPUMemoryUtilization",
    "GPUUtilization",
    "MemoryUtilization",
)
_EXECUTIONS = (
    "ExecutionThrottled",
    "ExecutionTime",
    "ExecutionsAborted",
    "ExecutionsFailed",
    "ExecutionsStarted",
    "ExecutionsSucceeded",
    "ExecutionsTimedOut",
)
_FUNCTION = (
    "AsyncEventAge",
    "AsyncEventsDropped",
    "AsyncEventsReceived",
    "ConcurrentExecutions",
    "DeadLetterErrors",
    "DestinationDeliveryFailures",
    "Duration",
    "Errors",
    "Invocations",
    "Throttles",
)
_API = ("4XXError", "5XXError", "Count", "IntegrationLatency", "Latency")
_SQS = (
    "ApproximateAgeOfOldestMessage",
    "ApproximateNumberOfMessagesDelayed",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesVisible",
    "NumberOfMessagesDeleted",
    "NumberOfMessagesReceived",
    "NumberOfMessagesSent",
)
_SNS = ("NumberOfMessagesPublished", "NumberOfNotificationsDelivered", "NumberOfNotificationsFailed")
_RULE = (
    "DeadLetterInvocations",
    "FailedInvocations",
    "Invocations",
    "InvocationsFailedToBeSentToDlq",
    "TriggeredRules",
)

Published = Mapping[str, Sequence[frozenset[str]]]

METRICS: Mapping[str, Published] = {
    # https://docs.aws.amazon.com/sagemaker/latest/dg/async-inference-monitor.html and …/monitoring-cloudwatch.html
    "AWS/SageMaker": {
        **dict.fromkeys(_QUEUE, (_ENDPOINT,)),
        **dict.fromkeys(_ANSWERS, (_VARIANT,)),
        **dict.fromkeys(_INVOCATIONS, (_VARIANT,)),
        **dict.fromkeys(REAL_TIME_ONLY, (_VARIANT,)),
    },
    "/aws/sagemaker/Endpoints": dict.fromkeys(_INSTANCES, (_VARIANT,)),
    # https://docs.aws.amazon.com/step-functions/latest/dg/procedure-cw-metrics.html
    "AWS/States": dict.fromkeys(_EXECUTIONS, (frozenset({"StateMachineArn"}),)),
    # https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
    "AWS/Lambda": dict.fromkeys(_FUNCTION, (frozenset(), frozenset({"FunctionName"}))),
    # https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-metrics-and-dimensions.html
    "AWS/ApiGateway": dict.fromkeys(_API, (frozenset({"ApiName"}), frozenset({"ApiName", "Stage"}))),
    # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
    "AWS/SQS": dict.fromkeys(_SQS, (frozenset({"QueueName"}),)),
    # https://docs.aws.amazon.com/sns/latest/dg/sns-monitoring-using-cloudwatch.html
    "AWS/SNS": dict.fromkeys(_SNS, (frozenset({"TopicName"}),)),
    # https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-monitoring.html
    "AWS/Events": dict.fromkeys(_RULE, (frozenset({"RuleName"}),)),
}

OURS = "Atelier"
"""The namespace of atelier_ops.observability, whose one dimension is ``service``."""

STATISTICS = ("Average", "Maximum", "Minimum", "SampleCount", "Sum")
