"""A state machine made from a flow of steps: its definition, and a role that may do what the steps need and no more."""

from typing import Any

from aws_cdk import ArnFormat, RemovalPolicy, Stack
from aws_cdk import aws_logs as logs
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from infra.components.access import allow
from infra.components.log_retention import retention
from infra.components.workflow.flow import Flow, first, states, steps
from infra.components.workflow.resources import Resources
from infra.components.workflow.steps.ending import SUCCEED, end_states, record_failure
from infra.nag import accept, accept_prefixes

LONGEST_RUN_SECONDS = 30 * 24 * 3600


def machine_arn(scope: Construct, name: str) -> str:
    """The ARN of a state machine before it exists: the roles of handlers that answer its task tokens name it."""
    return _arn(scope, "stateMachine", name)


def executions_arn(scope: Construct, name: str) -> str:
    """The ARN of every execution of it."""
    return _arn(scope, "execution", f"{name}:*")


class Machine(Construct):
    """``machine`` runs ``flow``. ``name`` is its physical name, so that ``machine_arn`` can be known beforehand."""

    def __init__(self, scope: Construct, construct_id: str, *, name: str, flow: Flow, use: Resources) -> None:
        super().__init__(scope, construct_id)
        self.flow = flow
        recorder = use.handlers.of(record_failure(use)).arn
        self.machine = self._machine(name, definition(flow, recorder), use.stage.log_days)
        self.machine.add_to_role_policy(allow(["lambda:InvokeFunction"], [recorder]))
        for step in steps(flow):
            for statement in step.allows:
                self.machine.add_to_role_policy(statement)
        self._accept_findings()

    def _machine(self, name: str, states: dict[str, Any], log_days: int) -> sfn.StateMachine:
        """It logs every state that is entered, but not the data that pass through."""
        log_group = logs.LogGroup(self, "Log", retention=retention(log_days), removal_policy=RemovalPolicy.DESTROY)
        return sfn.StateMachine(
            self,
            "Machine",
            state_machine_name=name,
            definition_body=sfn.DefinitionBody.from_string(Stack.of(self).to_json_string(states)),
            logs=sfn.LogOptions(destination=log_group, level=sfn.LogLevel.ALL, include_execution_data=False),
            tracing_enabled=True,
        )

    def _accept_findings(self) -> None:
        role = self.machine.role
        accept_prefixes(
            role, because="Jobs, packages and endpoints are made while the service runs, named with the stage's prefix."
        )
        reasons = {
            "AwsSolutions-IAM5[Resource::*]": "CDK's log delivery and X-Ray statements: those calls know no resources."
        }
        for step in steps(self.flow):
            reasons |= step.accepts
        for finding, because in reasons.items():
            accept(role, finding, because=because)


def definition(flow: Flow, recorder_arn: str) -> dict[str, Any]:
    """The whole machine in Amazon States Language; every error goes to the handler that records it."""
    return {
        "QueryLanguage": "JSONata",
        "StartAt": first(flow, SUCCEED),
        "TimeoutSeconds": LONGEST_RUN_SECONDS,
        "States": {**states(flow, SUCCEED), **end_states(recorder_arn)},
    }


def _arn(scope: Construct, resource: str, name: str) -> str:
    return Stack.of(scope).format_arn(
        service="states", resource=resource, resource_name=name, arn_format=ArnFormat.COLON_RESOURCE_NAME
    )
