"""The shared endpoint: one base model, every published style's adapter loaded on first use."""

from collections.abc import Mapping, Sequence

from aws_cdk import CfnResource
from constructs import Construct, IDependable

from contracts.hosting import VARIANT, Hosting
from infra.components import scaling
from infra.components.office_hours import scheduled
from infra.components.rollout import Rollout
from infra.settings.serving import Serving


class SharedEndpoint(Construct):
    """What is asked of it scales its fleet (``EndpointScaling``); of an asynchronous one the answers go to two topics.

    CloudFormation chooses ``name``; ``arn`` spells it in lower case. Where ``hosting`` names another instance type or another kind than
    before, a new endpoint takes the old one's place: for some minutes there are two, and what still waits in the old one's queue is lost.

    ``needs`` are created before the model is: the base models it reads and the policy
    of its role. ``service`` is what the stage's own metrics are called by.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        hosting: Hosting,
        serving: Serving,
        service: str,
        needs: Sequence[IDependable],
    ) -> None:
        super().__init__(scope, construct_id)
        # Plain resources: their properties are the requests with which a style's own endpoint is made.
        model = CfnResource(self, "Model", type="AWS::SageMaker::Model", properties=hosting.model(hosting.base_uri))
        model.node.add_dependency(*needs)
        model_name = model.get_att("ModelName").to_string()
        config = CfnResource(
            self, "Config", type="AWS::SageMaker::EndpointConfig", properties=hosting.endpoint_config(model_name)
        )
        config.add_property_override("ProductionVariants.0.InitialInstanceCount", serving.first_instances)
        rollout = Rollout(self, "Rollout", service=service, instances=serving.first_instances)
        config_name = config.get_att("EndpointConfigName").to_string()
        # Another machine makes another endpoint: SageMaker refuses to change the type of a variant whose fleet scales.
        # So does another kind.
        machine = hosting.instance_type.title().replace(".", "") + ("RealTime" if hosting.real_time else "")
        properties = {"EndpointConfigName": config_name, "DeploymentConfig": rollout.config}
        endpoint = CfnResource(self, f"Endpoint{machine}", type="AWS::SageMaker::Endpoint", properties=properties)
        self.name, self.arn = endpoint.get_att("EndpointName").to_string(), endpoint.ref
        self.sleep_policy_arn = EndpointScaling(self, "Scaling", endpoint=self.name, serving=serving).sleep_policy_arn


class EndpointScaling(Construct):
    """The scalable target of the variant of the endpoint called ``endpoint``, its policies and the alarm that wakes it.

    That of a real-time endpoint only follows its requests: ``sleep_policy_arn`` is empty. Of an asynchronous one, whoever has a topic adds
    the ``IdleAlarm``, which calls the sleep policy.
    """

    def __init__(self, scope: Construct, construct_id: str, *, endpoint: str, serving: Serving) -> None:
        super().__init__(scope, construct_id)
        policy = "AWS::ApplicationAutoScaling::ScalingPolicy"
        target = CfnResource(
            self,
            "Target",
            type="AWS::ApplicationAutoScaling::ScalableTarget",
            properties={
                **scaling.scalable(f"endpoint/{endpoint}/variant/{VARIANT}"),
                **scaling.capacity(serving),
                **scheduled(serving),
            },
        )
        scaled = {"ScalingTargetId": target.ref}
        self.sleep_policy_arn = ""
        if serving.is_real_time:
            CfnResource(self, "Requests", type=policy, properties=scaled | scaling.requests_policy(serving))
        else:
            self._follow_queue(endpoint, serving, scaled)

    def _follow_queue(self, endpoint: str, serving: Serving, scaled: Mapping[str, str]) -> None:
        """Down to zero, and awake again."""
        policy, scaled = "AWS::ApplicationAutoScaling::ScalingPolicy", dict(scaled)
        CfnResource(self, "Backlog", type=policy, properties=scaled | scaling.backlog_policy(endpoint, serving))
        wake = CfnResource(self, "Wake", type=policy, properties=scaled | scaling.wake_policy())
        sleep = CfnResource(self, "Sleep", type=policy, properties=scaled | scaling.sleep_policy(serving))
        self.sleep_policy_arn = sleep.get_att("Arn").to_string()
        alarm = scaling.wake_alarm(endpoint, wake.get_att("Arn").to_string())
        CfnResource(self, "WakeAlarm", type="AWS::CloudWatch::Alarm", properties=alarm)
