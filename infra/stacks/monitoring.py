"""Monitoring: alarms, dashboard and budget, all telling the topic of news; and the address that hears of it."""

from collections.abc import Mapping
from string import capwords
from typing import Any

from aws_cdk import CfnOutput, CfnResource, Token
from constructs import Construct

from infra.components.access import REGION
from infra.components.attributes import topic_arn
from infra.components.json_text import json_text
from infra.components.topic import EncryptedTopic
from infra.monitoring.alarms import AlarmSpec, alarms
from infra.monitoring.budget import budget
from infra.monitoring.dashboard import body
from infra.monitoring.watched import WatchedStage
from infra.settings.stage import Stage
from infra.stacks.api import ApiStack
from infra.stacks.serving import ServingStack
from infra.stacks.stage_stack import StageStack
from infra.stacks.training import TrainingStack


class MonitoringStack(StageStack):
    """The last stack: it watches what the others made."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        stage: Stage,
        serving: ServingStack,
        training: TrainingStack,
        api: ApiStack,
    ) -> None:
        super().__init__(scope, construct_id, stage=stage, about="alarms, dashboard, budget, and who hears of them")
        watched = _watched(stage, serving, training, api)
        news = topic_arn(training.topic)
        arns = [self._alarm(alarm, news) for alarm in alarms(watched)]
        name, dashboard = (
            f"{stage.prefix}-{REGION}",
            body(watched, REGION, arns),
        )  # dashboards are one list for all regions
        text = {"DashboardName": name, "DashboardBody": json_text(dashboard)}
        self._resource("Dashboard", "AWS::CloudWatch::Dashboard", text)
        self._tell(stage, training.topic)
        CfnOutput(self, "DashboardName", value=name)

    def _tell(self, stage: Stage, topic: EncryptedTopic) -> None:
        watching = stage.watching
        if watching.contact:
            address = {"TopicArn": topic_arn(topic), "Protocol": "email", "Endpoint": watching.contact}
            self._resource("Contact", "AWS::SNS::Subscription", address)
        if watching.monthly_dollars:
            name = f"{stage.prefix}-{REGION}"
            limit = budget(name, stage.tags, watching.monthly_dollars, topic_arn(topic))
            self._resource("Budget", "AWS::Budgets::Budget", limit)

    def _alarm(self, alarm: AlarmSpec, topic: str) -> str:
        """Its ARN: what lies in a stack itself has its name as its logical id."""
        self._resource(alarm.name, "AWS::CloudWatch::Alarm", alarm.properties(topic))
        return Token.as_string({"Fn::GetAtt": [alarm.name, "Arn"]})

    def _resource(self, construct_id: str, kind: str, properties: Mapping[str, Any]) -> CfnResource:
        return CfnResource(self, construct_id, type=kind, properties=properties)


def _watched(stage: Stage, serving: ServingStack, training: TrainingStack, api: ApiStack) -> WatchedStage:
    unattended = {**api.unattended, **training.unattended}
    if serving.caller:
        unattended |= serving.caller.dead_letters.functions
    return WatchedStage(
        service=stage.prefix,
        endpoint=serving.endpoint.name,
        instance_type=stage.serving.instance,
        api=stage.prefix,
        functions={capwords(name, "_").replace("_", ""): function for name, function in unattended.items()},
        queues={
            "Answers": api.answers.dead_letters.queue.queue_name,
            "Training": training.settlement.dead_letters.queue.queue_name,
            **({"Asking": serving.caller.dead_letters.queue.queue_name} if serving.caller else {}),
        },
        real_time=stage.serving.is_real_time,
        machines={
            "Workflow": training.workflow.arn,
            "Pretraining": training.pretraining.arn,
            "Batches": api.batches.machine.arn,
        },
    )
