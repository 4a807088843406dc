"""A state machine made from a flow of steps: its definition, and a role that may do what the steps need and no more."""

from collections import ChainMap
from typing import Any

from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from infra.components.access import allow, grant, service_principal
from infra.components.json_text import json_text
from infra.components.log_retention import log_group
from infra.components.workflow.flow import Flow, first, states, steps
from infra.components.workflow.resources import Resources
from infra.components.workflow.step import SUCCEED
from infra.components.workflow.steps.ending import end_states, record_failure
from infra.nag import accept, accept_prefixes

LONGEST_RUN_SECONDS = 30 * 24 * 3600

_OBSERVE = allow(
    [
        "logs:CreateLogDelivery",
        "logs:GetLogDelivery",
        "logs:UpdateLogDelivery",
        "logs:DeleteLogDelivery",
        "logs:ListLogDeliveries",
        "logs:PutResourcePolicy",
        "logs:DescribeResourcePolicies",
        "logs:DescribeLogGroups",
        "xray:PutTraceSegments",
        "xray:PutTelemetryRecords",
        "xray:GetSamplingRules",
        "xray:GetSamplingTargets",
    ],
    ["*"],
)
"""Have a log written, and traces: https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html and
https://docs.aws.amazon.com/step-functions/latest/dg/concepts-xray-tracing.html. None of it knows resources."""


class Machine(Construct):
    """``machine`` runs ``flow``. ``name`` is its physical name: handlers that answer its task tokens must know its ARN beforehand."""

    def __init__(self, scope: Construct, construct_id: str, *, name: str, flow: Flow, use: Resources) -> None:
        super().__init__(scope, construct_id)
        self.flow = flow
        recorder = use.handlers.of(record_failure(use)).arn
        role = iam.Role(
            self, "Role", assumed_by=service_principal("states"), description=f"Atelier state machine {name}"
        )
        record = allow(["lambda:InvokeFunction"], [recorder])
        granted = grant(role, [_OBSERVE, record], *(step.allows for step in steps(flow)))
        log = log_group(self, "Log", use.stage.log_days, use.key)
        self.machine = self._machine(name, granted, definition(flow, recorder), log)
        self.arn = self.machine.state_machine_arn
        self._accept_findings()

    def _machine(self, name: str, role: iam.IRole, states: dict[str, Any], log: logs.LogGroup) -> sfn.StateMachine:
        """It logs every state that is entered, but not the data that pass through."""
        return sfn.StateMachine(
            self,
            "Machine",
            state_machine_name=name,
            role=role,
            definition_body=sfn.DefinitionBody.from_string(json_text(states)),
            logs=sfn.LogOptions(destination=log, level=sfn.LogLevel.ALL, include_execution_data=False),
            tracing_enabled=True,
        )

    def _accept_findings(self) -> None:
        accept_prefixes(
            self, because="Jobs, packages and endpoints are made while the service runs, named with the stage's prefix."
        )
        delivery = "Log delivery and X-Ray: those calls know no resources."
        own = ChainMap(*(dict(step.accepts) for step in steps(self.flow)))
        accept(self, {"AwsSolutions-IAM5[Resource::*]": delivery, **own})


def definition(flow: Flow, recorder_arn: str) -> dict[str, Any]:
    """The whole machine in Amazon States Language; every error goes to the handler that records it."""
    return {
        "QueryLanguage": "JSONata",
        "StartAt": first(flow, SUCCEED),
        "TimeoutSeconds": LONGEST_RUN_SECONDS,
        "States": {**states(flow, SUCCEED), **end_states(recorder_arn)},
    }
