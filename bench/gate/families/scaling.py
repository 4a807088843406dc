"""How the fleet follows its queue, and the alarms."""

from bench.gate.changes import drop, put, swap
from bench.gate.mutant import Defect

_TRACKING = "Properties.TargetTrackingScalingPolicyConfiguration"
_METRIC = f"{_TRACKING}.CustomizedMetricSpecification"
_STEPS = "Properties.StepScalingPolicyConfiguration"
_VARIANT = [{"Name": "EndpointName", "Value": "x"}, {"Name": "VariantName", "Value": "AllTraffic"}]

MUTANTS = (
    Defect(
        name="the scaled variant is another than the endpoint's",
        at="Serving/EndpointScalingTarget",
        change=swap("/variant/AllTraffic", "/variant/Main"),
    ),
    Defect(
        name="the dimension that scales does not exist",
        at="Serving/EndpointScalingTarget",
        change=put("Properties.ScalableDimension", "sagemaker:variant:InstanceCount"),
    ),
    Defect(name="the fleet never sleeps", at="Serving/EndpointScalingTarget", change=put("Properties.MinCapacity", 1)),
    Defect(
        name="the fleet may grow beyond what the stage says",
        at="Serving/EndpointScalingTarget",
        change=put("Properties.MaxCapacity", 20),
    ),
    Defect(
        name="the fleet may not have an instance",
        at="Serving/EndpointScalingTarget",
        change=put("Properties.MaxCapacity", 0),
    ),
    Defect(
        name="the queue's metric is misspelt",
        at="Serving/EndpointScalingBacklog",
        change=put(f"{_METRIC}.MetricName", "ApproximateBacklogSizePerInstances"),
    ),
    Defect(
        name="the queue's metric is looked for in another namespace",
        at="Serving/EndpointScalingBacklog",
        change=put(f"{_METRIC}.Namespace", "/aws/sagemaker/Endpoints"),
    ),
    Defect(
        name="the queue's metric is looked for by variant",
        at="Serving/EndpointScalingBacklog",
        change=put(f"{_METRIC}.Dimensions", _VARIANT),
    ),
    Defect(
        name="the queue's metric is summed",
        at="Serving/EndpointScalingBacklog",
        change=put(f"{_METRIC}.Statistic", "Sum"),
    ),
    Defect(
        name="the fleet follows the invocations, which an asynchronous endpoint does not publish",
        at="Serving/EndpointScalingBacklog",
        change=put(
            _TRACKING,
            {
                "TargetValue": 4,
                "PredefinedMetricSpecification": {"PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"},
            },
        ),
    ),
    Defect(
        name="the fleet only grows",
        at="Serving/EndpointScalingBacklog",
        change=put(f"{_TRACKING}.DisableScaleIn", True),
    ),
    Defect(
        name="the queue may be as long as it likes",
        at="Serving/EndpointScalingBacklog",
        change=put(f"{_TRACKING}.TargetValue", 4000),
    ),
    Defect(
        name="the fleet may not grow before it has started",
        at="Serving/EndpointScalingBacklog",
        change=put(f"{_TRACKING}.ScaleInCooldown", 0),
    ),
    Defect(
        name="waking adds no instance",
        at="Serving/EndpointScalingWakeEC",
        change=put(f"{_STEPS}.StepAdjustments.0.ScalingAdjustment", 0),
    ),
    Defect(
        name="each minute of waiting starts one more instance",
        at="Serving/EndpointScalingWakeEC",
        change=put(f"{_STEPS}.AdjustmentType", "ChangeInCapacity"),
    ),
    Defect(
        name="the wake step begins above the alarm's threshold",
        at="Serving/EndpointScalingWakeEC",
        change=put(f"{_STEPS}.StepAdjustments.0.MetricIntervalLowerBound", 1),
    ),
    Defect(name="the wake policy is gone, so that nothing leaves zero", at="Serving/EndpointScalingWakeEC"),
    Defect(
        name="the wake alarm does nothing",
        at="Serving/EndpointScalingWakeAlarm",
        change=drop("Properties.AlarmActions"),
    ),
    Defect(
        name="the wake alarm is told when it is over",
        at="Serving/EndpointScalingWakeAlarm",
        change=swap("AlarmActions", "OKActions"),
    ),
    Defect(
        name="the wake alarm's metric is misspelt",
        at="Serving/EndpointScalingWakeAlarm",
        change=put("Properties.MetricName", "HasBacklogWithoutCapacities"),
    ),
    Defect(
        name="the wake alarm looks by variant",
        at="Serving/EndpointScalingWakeAlarm",
        change=put("Properties.Dimensions", _VARIANT),
    ),
    Defect(
        name="the wake alarm rings while nothing waits",
        at="Serving/EndpointScalingWakeAlarm",
        change=put("Properties.ComparisonOperator", "LessThanThreshold"),
    ),
    Defect(
        name="the wake alarm waits for a value that never comes",
        at="Serving/EndpointScalingWakeAlarm",
        change=put("Properties.Threshold", 2),
    ),
    Defect(
        name="the wake alarm takes silence for waiting",
        at="Serving/EndpointScalingWakeAlarm",
        change=put("Properties.TreatMissingData", "breaching"),
    ),
    Defect(
        name="the wake alarm asks for more points than it looks at",
        at="Serving/EndpointScalingWakeAlarm",
        change=put("Properties.DatapointsToAlarm", 3),
    ),
    Defect(
        name="the wake alarm's period is none that CloudWatch has",
        at="Serving/EndpointScalingWakeAlarm",
        change=put("Properties.Period", 45),
    ),
    Defect(
        name="the wake alarm watches an endpoint of another name",
        at="Serving/EndpointScalingWakeAlarm",
        change=put("Properties.Dimensions.0.Value", "endpoint"),
    ),
    Defect(
        name="the scaling of styles' endpoints is misspelt",
        at="Training/WorkflowMachine",
        state="PutBacklogPolicy",
        change=swap("ApproximateBacklogSizePerInstance", "ApproximateBacklogSize"),
    ),
    Defect(
        name="a style's endpoint never sleeps",
        at="Training/WorkflowMachine",
        state="RegisterScalableTarget",
        change=put("Arguments.MinCapacity", 1),
    ),
    Defect(
        name="a style's wake alarm starts nothing",
        at="Training/WorkflowMachine",
        state="PutWakeAlarm",
        change=drop("Arguments.AlarmActions"),
    ),
    Defect(
        name="a style's wake alarm has the name of no style",
        at="Training/WorkflowMachine",
        state="PutWakeAlarm",
        change=put("Arguments.AlarmName", "wake"),
    ),
)
