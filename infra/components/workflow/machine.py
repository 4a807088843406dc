"""The state machine: one style from pictures to a tested, promoted version. Its definition is the same in every stage."""

from dataclasses import dataclass

from aws_cdk import ArnFormat, Duration, RemovalPolicy, Stack
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from infra.components.handler import retention
from infra.components.workflow import deployment, ending, jobs, registration
from infra.components.workflow.handlers import WorkflowHandlers
from infra.components.workflow.jobs import JobSettings
from infra.components.workflow.permissions import accept_role, statements
from infra.components.workflow.preparation import prepare
from infra.components.workflow.task import failure
from infra.config import Serving

_LONGEST_RUN = Duration.days(30)


@dataclass(frozen=True, kw_only=True)
class Targets:
    """What the states write to: the image a package is registered with, the model bucket, the topic people read."""

    inference_image_uri: str
    model_bucket: s3.IBucket
    topic: sns.ITopic


def workflow_name(prefix: str) -> str:
    """A physical name, because the handlers that answer task tokens must be allowed to before the machine exists."""
    return f"{prefix}-workflow"


def workflow_arn(scope: Construct, prefix: str) -> str:
    """The state machine's ARN, known before it exists."""
    return Stack.of(scope).format_arn(
        service="states",
        resource="stateMachine",
        resource_name=workflow_name(prefix),
        arn_format=ArnFormat.COLON_RESOURCE_NAME,
    )


def executions_arn(scope: Construct, prefix: str) -> str:
    """The ARN of every execution of it."""
    return Stack.of(scope).format_arn(
        service="states",
        resource="execution",
        resource_name=f"{workflow_name(prefix)}:*",
        arn_format=ArnFormat.COLON_RESOURCE_NAME,
    )


class Workflow(Construct):
    """``machine`` with the states of docs/architecture.md, and a role that may do what they do and no more."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        prefix: str,
        settings: JobSettings,
        handlers: WorkflowHandlers,
        targets: Targets,
        serving: Serving,
        log_days: int,
    ) -> None:
        super().__init__(scope, construct_id)
        self._settings, self._handlers, self._targets, self._serving = settings, handlers, targets, serving
        self._broken = ending.record_failure(self, handlers.record_failure.arn)
        log_group = logs.LogGroup(self, "Log", retention=retention(log_days), removal_policy=RemovalPolicy.DESTROY)
        self.machine = sfn.StateMachine(
            self,
            "Machine",
            state_machine_name=workflow_name(prefix),
            query_language=sfn.QueryLanguage.JSONATA,
            definition_body=sfn.DefinitionBody.from_chainable(self._states()),
            timeout=_LONGEST_RUN,
            logs=sfn.LogOptions(destination=log_group, level=sfn.LogLevel.ALL, include_execution_data=False),
            tracing_enabled=True,
        )
        accept_role(self.machine, prefix)
        functions = [handler.arn for handler in handlers.states]
        for statement in statements(self, prefix, settings, targets.model_bucket, targets.topic, functions):
            self.machine.add_to_role_policy(statement)

    def _states(self) -> sfn.IChainable:
        """Prepare → Segment → FineTune → Evaluate → Gate → Register → Approve → Publish → … → Notify → Succeed."""
        notify = ending.notify(self, self._targets.topic.topic_arn, self._broken)
        notify.next(sfn.Succeed(self, "Succeed"))
        deploy = self._deployment(notify)
        register = self._registration(deploy)
        trained = self._training(register)
        segment = jobs.segment(self, self._settings, self._broken)
        segment.next(trained)
        needs_masks = sfn.Choice(self, "NeedsMasks")
        needs_masks.when(_is("$plan.task = 'text-to-image'"), trained).otherwise(segment)
        return prepare(self, self._handlers.prepare.arn, self._broken).next(needs_masks)

    def _training(self, passed: sfn.IChainable) -> sfn.CustomState:
        """FineTune → Evaluate → Gate → GatePassed."""
        tune = jobs.fine_tune(self, self._settings, self._broken)
        evaluate = jobs.evaluate(self, self._settings, self._broken)
        gate = registration.gate(self, self._handlers.gate.arn, self._broken)
        not_met = failure("Gate", "GateNotMet", "{% $join($gate.failures, '; ') %}")
        # A choice's own Assign counts where its default is taken.
        gate_passed = sfn.Choice(self, "GatePassed", assign={"failure": not_met})
        gate_passed.when(_is("$gate.passed"), passed).otherwise(self._broken)
        tune.next(evaluate).next(gate).next(gate_passed)
        return tune

    def _registration(self, approved: sfn.IChainable) -> sfn.CustomState:
        """EnsureModelPackageGroup → Register → Approval → AutoApprove or RequestApproval."""
        automatic = registration.auto_approve(self, self._broken)
        automatic.next(approved)
        asked = registration.request_approval(self, self._handlers.request_approval.arn, self._broken)
        asked.next(approved)
        approval = sfn.Choice(self, "Approval")
        approval.when(_is("$plan.approval = 'auto'"), automatic).otherwise(asked)
        register = registration.register(self, self._targets.inference_image_uri, self._broken)
        register.next(approval)
        exists = sfn.Choice(self, "GroupExists")
        exists.when(_is("$contains($failure.cause, 'already exist')"), register).otherwise(self._broken)
        ensure = registration.ensure_group(self, self._settings.tag_list(), exists)
        ensure.next(register)
        return ensure

    def _deployment(self, done: sfn.IChainable) -> sfn.Choice:
        """DeployChoice → Publish → (DeployEndpoint → its scaling) → SmokeTest → Promote."""
        smoke = deployment.smoke_test(self, self._handlers.smoke_test.arn, self._broken)
        smoke.next(deployment.promote(self, self._targets.model_bucket.bucket_name, self._broken)).next(done)
        needs_endpoint = sfn.Choice(self, "NeedsEndpoint")
        needs_endpoint.when(_is("$plan.deploy = 'endpoint'"), self._endpoint(smoke)).otherwise(smoke)
        publish = deployment.publish(self, self._handlers.publish.arn, self._broken)
        publish.next(needs_endpoint)
        return sfn.Choice(self, "DeployChoice").when(_is("$plan.deploy = 'none'"), done).otherwise(publish)

    def _endpoint(self, deployed: sfn.IChainable) -> sfn.CustomState:
        deploy = deployment.deploy_endpoint(self, self._handlers.deploy_endpoint.arn, self._broken)
        (
            deploy.next(deployment.register_scalable_target(self, self._serving, self._broken))
            .next(deployment.put_backlog_policy(self, self._serving, self._broken))
            .next(deployment.put_wake_policy(self, self._broken))
            .next(deployment.put_wake_alarm(self, self._broken))
            .next(deployed)
        )
        return deploy


def _is(expression: str) -> sfn.Condition:
    return sfn.Condition.jsonata(f"{{% {expression} %}}")
