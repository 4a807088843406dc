"""How an asynchronous endpoint's fleet follows its queue, to zero and back: said once, for templates and for the state machine.

Two policies are needed. Target tracking on the backlog a running instance has shrinks the fleet to zero but cannot leave zero: with no
instance its metric has no value. Step scaling on ``HasBacklogWithoutCapacity`` wakes it. Both metrics are published with the dimension
``EndpointName`` ONLY; with a variant beside it an alarm never sees a data point.
https://docs.aws.amazon.com/sagemaker/latest/dg/async-inference-autoscale.html
"""

from aws_cdk import aws_applicationautoscaling as scaling
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_sagemaker as sagemaker
from constructs import Construct

from contracts.hosting import VARIANT
from infra.config import Serving

NAMESPACE = "AWS/SageMaker"
SERVICE = "sagemaker"
SCALABLE_DIMENSION = "sagemaker:variant:DesiredInstanceCount"
BACKLOG = "ApproximateBacklogSizePerInstance"
BACKLOG_WITHOUT_CAPACITY = "HasBacklogWithoutCapacity"
SCALE_IN_COOLDOWN_SECONDS = 600
SCALE_OUT_COOLDOWN_SECONDS = 300
WAKE_COOLDOWN_SECONDS = 300
WAKE_PERIOD_SECONDS = 60
WAKE_PERIODS = 2


class EndpointScaling(Construct):
    """The scalable target of a variant, its two policies and the alarm of the second."""

    def __init__(
        self, scope: Construct, construct_id: str, *, endpoint: sagemaker.CfnEndpoint, serving: Serving
    ) -> None:
        super().__init__(scope, construct_id)
        self._endpoint_name = endpoint.attr_endpoint_name
        self._target = scaling.CfnScalableTarget(
            self,
            "Target",
            service_namespace=SERVICE,
            scalable_dimension=SCALABLE_DIMENSION,
            resource_id=f"endpoint/{self._endpoint_name}/variant/{VARIANT}",
            min_capacity=serving.fewest_instances,
            max_capacity=serving.most_instances,
        )
        self._follow_backlog(serving.backlog_per_instance)
        self._wake_from_zero()

    def _follow_backlog(self, backlog_per_instance: int) -> None:
        policy = scaling.CfnScalingPolicy
        metric = policy.CustomizedMetricSpecificationProperty(
            namespace=NAMESPACE,
            metric_name=BACKLOG,
            dimensions=[policy.MetricDimensionProperty(name="EndpointName", value=self._endpoint_name)],
            statistic="Average",
        )
        tracking = policy.TargetTrackingScalingPolicyConfigurationProperty(
            target_value=backlog_per_instance,
            customized_metric_specification=metric,
            scale_in_cooldown=SCALE_IN_COOLDOWN_SECONDS,
            scale_out_cooldown=SCALE_OUT_COOLDOWN_SECONDS,
        )
        policy(
            self,
            "Backlog",
            policy_name="backlog",
            policy_type="TargetTrackingScaling",
            scaling_target_id=self._target.ref,
            target_tracking_scaling_policy_configuration=tracking,
        )

    def _wake_from_zero(self) -> None:
        policy = scaling.CfnScalingPolicy
        step = policy.StepAdjustmentProperty(metric_interval_lower_bound=0, scaling_adjustment=1)
        wake = policy(
            self,
            "Wake",
            policy_name="wake",
            policy_type="StepScaling",
            scaling_target_id=self._target.ref,
            step_scaling_policy_configuration=policy.StepScalingPolicyConfigurationProperty(
                adjustment_type="ChangeInCapacity",
                metric_aggregation_type="Average",
                cooldown=WAKE_COOLDOWN_SECONDS,
                step_adjustments=[step],
            ),
        )
        cloudwatch.CfnAlarm(
            self,
            "WakeAlarm",
            alarm_description="Requests wait and no instance runs",
            namespace=NAMESPACE,
            metric_name=BACKLOG_WITHOUT_CAPACITY,
            dimensions=[cloudwatch.CfnAlarm.DimensionProperty(name="EndpointName", value=self._endpoint_name)],
            statistic="Average",
            period=WAKE_PERIOD_SECONDS,
            evaluation_periods=WAKE_PERIODS,
            datapoints_to_alarm=WAKE_PERIODS,
            threshold=1,
            comparison_operator="GreaterThanOrEqualToThreshold",
            # The metric is published only while something waits: silence changes nothing.
            treat_missing_data="missing",
            alarm_actions=[wake.attr_arn],
        )
