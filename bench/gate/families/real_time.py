"""Endpoints that answer at once: their configuration, their fleet, the function that asks them, and who may call it."""

from dataclasses import dataclass

from bench.gate.changes import drop, granting, put, without
from bench.gate.mutant import Defect
from bench.gate.stages import REAL_TIME


@dataclass(frozen=True, kw_only=True)
class _Quick(Defect):
    """A defect of the stage whose endpoints are real-time."""

    stage: str = REAL_TIME.name


_CONFIG, _TARGET, _POLICY = "Serving/EndpointConfig", "Serving/EndpointScalingTarget", "Serving/EndpointScalingRequests"
_ASKER, _ASKER_POLICY = "Serving/CallerHandlerFunction", "Serving/CallerHandlerRoleDefaultPolicy"
_TRACKING = "Properties.TargetTrackingScalingPolicyConfiguration"
_VARIABLES = "Properties.Environment.Variables"

MUTANTS = (
    _Quick(
        name="a real-time endpoint has a queue",
        at=_CONFIG,
        change=put("Properties.AsyncInferenceConfig", {"OutputConfig": {"S3OutputPath": "s3://bucket/responses/"}}),
    ),
    _Quick(name="a real-time fleet may sleep", at=_TARGET, change=put("Properties.MinCapacity", 0)),
    _Quick(
        name="a real-time fleet follows invocations a minute",
        at=_POLICY,
        change=put(
            f"{_TRACKING}.PredefinedMetricSpecification.PredefinedMetricType", "SageMakerVariantInvocationsPerInstance"
        ),
    ),
    _Quick(
        name="a real-time fleet grows at another number of requests than the stage says",
        at=_POLICY,
        change=put(f"{_TRACKING}.TargetValue", 400),
    ),
    _Quick(name="a real-time fleet follows nothing", at=_POLICY),
    _Quick(
        name="versions' real-time endpoints follow a queue that they have not",
        at="Training/WorkflowMachine",
        state="PutRequestsPolicy",
        change=put("Arguments.PolicyName", "backlog"),
    ),
    _Quick(
        name="whoever asks real-time endpoints may not",
        at=_ASKER_POLICY,
        change=without("sagemaker:InvokeEndpoint"),
    ),
    _Quick(
        name="whoever asks real-time endpoints may ask any",
        at=_ASKER_POLICY,
        change=granting("sagemaker:InvokeEndpoint"),
    ),
    _Quick(
        name="whoever asks real-time endpoints may not write answers", at=_ASKER_POLICY, change=without("s3:PutObject")
    ),
    _Quick(
        name="whoever asks real-time endpoints may tell nobody of them",
        at=_ASKER_POLICY,
        change=without("sns:Publish"),
    ),
    _Quick(
        name="whoever asks real-time endpoints ends before a busy one has a place",
        at=_ASKER,
        change=put("Properties.Timeout", 30),
    ),
    _Quick(
        name="whoever asks real-time endpoints has less memory than is reckoned with",
        at=_ASKER,
        change=put("Properties.MemorySize", 128),
    ),
    _Quick(
        name="failures of real-time endpoints are told as answers",
        at=_ASKER,
        change=put(f"{_VARIABLES}.ERROR_TOPIC_ARN", {"Ref": "SuccessE4B75D12"}),
    ),
    _Quick(
        name="what could not be asked is lost",
        at="Serving/CallerHandlerAsynchronous",
        change=drop("Properties.DestinationConfig"),
    ),
    _Quick(
        name="the API hands requests to a queue that is not there",
        at="Api/HandlerFunction",
        change=put(f"{_VARIABLES}.REAL_TIME_FUNCTION", "none"),
    ),
    _Quick(
        name="the API may not call the function that asks",
        at="Api/HandlerRoleDefaultPolicy",
        change=without("lambda:InvokeFunction"),
    ),
    _Quick(
        name="smoke tests hand requests to a queue that is not there",
        at="Training/HandlersSmokeTestFunction",
        change=put(f"{_VARIABLES}.REAL_TIME_FUNCTION", "none"),
    ),
    _Quick(
        name="the server of a real-time endpoint takes requests of an hour",
        at="Serving/EndpointModel",
        change=put("Properties.PrimaryContainer.Environment.ATELIER_REAL_TIME", "false"),
    ),
    _Quick(name="nobody can call the function that asks from within the network", at="Network/NetworkToLambda"),
    _Quick(name="no alarm watches real-time answers", at="Monitoring/Invocation5XXErrors"),
    _Quick(name="no alarm watches what could not be asked", at="Monitoring/AskingDeadLetters"),
    _Quick(
        name="an alarm of a real-time endpoint watches a queue",
        at="Monitoring/Invocation5XXErrors",
        change=put("Properties.MetricName", "InvocationFailures"),
    ),
)
