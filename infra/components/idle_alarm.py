"""The alarm of a shared endpoint that is awake and has nothing to do: it puts the fleet to sleep, and the topic hears that it had to."""

from aws_cdk import CfnResource
from constructs import Construct

from contracts.hosting import VARIANT
from infra.components.attributes import topic_arn
from infra.components.endpoint import SharedEndpoint
from infra.components.scaling import idle_alarm
from infra.components.topic import EncryptedTopic
from infra.settings.serving import Serving


class IdleAlarm(CfnResource):
    """One alarm; ``topic`` must allow alarms."""

    def __init__(
        self, scope: Construct, construct_id: str, *, endpoint: SharedEndpoint, serving: Serving, topic: EncryptedTopic
    ) -> None:
        actions = [endpoint.sleep_policy_arn, topic_arn(topic)]
        properties = idle_alarm(endpoint.name, VARIANT, serving, actions)
        super().__init__(scope, construct_id, type="AWS::CloudWatch::Alarm", properties=properties)
