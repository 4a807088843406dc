"""The state machine: one style from pictures to a tested, promoted version. Its definition is the same in every stage."""

from dataclasses import dataclass

from aws_cdk import ArnFormat, Duration, RemovalPolicy, Stack
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from infra.components.log_retention import retention
from infra.components.workflow import deployment, ending, jobs, registration
from infra.components.workflow.handlers import WorkflowHandlers
from infra.components.workflow.jobs import JobSettings
from infra.components.workflow.permissions import accept_names, accept_scaling, publication, statements
from infra.components.workflow.preparation import prepare
from infra.components.workflow.registration import Package
from infra.components.workflow.task import when
from infra.config import Serving

_LONGEST_RUN = Duration.days(30)

_SUBJECT = "'Atelier: ' & $plan.style & ' version ' & $string($version) & ' is ready'"
_OUTCOME = (
    "{'style': $plan.style, 'version': $version, 'package': $package, 'adapter': $adapter, 'endpoint': $endpoint, "
    "'metrics': $gate.metrics, 'report': $plan.runs.evaluate & 'report.html'}"
)


@dataclass(frozen=True, kw_only=True)
class Targets:
    """What the states write to: the image a package is registered with, the model bucket, the topic people read."""

    inference_image_uri: str
    model_bucket: s3.IBucket
    topic: sns.ITopic


def workflow_name(prefix: str) -> str:
    """A physical name, because the handlers that answer task tokens must be allowed to before the machine exists."""
    return f"{prefix}-workflow"


def machine_arn(scope: Construct, name: str) -> str:
    """The ARN of a state machine, known before it exists."""
    return Stack.of(scope).format_arn(
        service="states", resource="stateMachine", resource_name=name, arn_format=ArnFormat.COLON_RESOURCE_NAME
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
        self.machine = state_machine(self, workflow_name(prefix), self._states(), log_days)
        accept_names(self.machine)
        accept_scaling(self.machine)
        allowed = [
            *statements(self, prefix, settings, targets.topic, [handler.arn for handler in handlers.states]),
            *publication(self, prefix, targets.model_bucket),
        ]
        for statement in allowed:
            self.machine.add_to_role_policy(statement)

    def _states(self) -> sfn.IChainable:
        """Prepare → Segment → FineTune → Evaluate → Gate → Register → Approve → Publish → … → Notify → Succeed."""
        notify = ending.notify(self, self._targets.topic.topic_arn, _SUBJECT, _OUTCOME, self._broken)
        notify.next(sfn.Succeed(self, "Succeed"))
        deploy = self._deployment(notify)
        register = registration.registered(
            self, self._package(), self._handlers.request_approval.arn, deploy, self._broken
        )
        trained = self._training(register)
        segment = jobs.segment(self, self._settings, self._broken)
        segment.next(trained)
        needs_masks = sfn.Choice(self, "NeedsMasks")
        needs_masks.when(when("$plan.task = 'text-to-image'"), trained).otherwise(segment)
        return prepare(self, self._handlers.prepare.arn, self._broken).next(needs_masks)

    def _training(self, passed: sfn.IChainable) -> sfn.CustomState:
        """FineTune → Evaluate → Gate → GatePassed."""
        tune = jobs.fine_tune(self, self._settings, self._broken)
        evaluate = jobs.evaluate(self, self._settings, self._broken)
        gate = registration.gated(self, self._handlers.gate.arn, passed, self._broken)
        tune.next(evaluate).next(gate)
        return tune

    def _package(self) -> Package:
        metadata = {
            "style": "$plan.style",
            "execution": "$plan.execution",
            "task": "$plan.task",
            "method": "$plan.method",
            "base_model": "$plan.base.reference",
            "dataset_sha256": "$plan.dataset.sha256",
            "trained_seconds": "$string($trained)",
        }
        return Package(
            image_uri=self._targets.inference_image_uri,
            group="'Versions of the style ' & $plan.style",
            description="$plan.method & ' on ' & $plan.base.reference & ': ' & $plan.execution",
            metadata=metadata,
            tags=self._settings.tag_list(),
            # What a run without deployment reports.
            left={"adapter": "", "endpoint": ""},
        )

    def _deployment(self, done: sfn.IChainable) -> sfn.Choice:
        """DeployChoice → Publish → (DeployEndpoint → its scaling) → SmokeTest → Promote."""
        smoke = deployment.smoke_test(self, self._handlers.smoke_test.arn, self._broken)
        smoke.next(deployment.promote(self, self._targets.model_bucket.bucket_name, self._broken)).next(done)
        needs_endpoint = sfn.Choice(self, "NeedsEndpoint")
        needs_endpoint.when(when("$plan.deploy = 'endpoint'"), self._endpoint(smoke)).otherwise(smoke)
        publish = deployment.publish(self, self._handlers.publish.arn, self._broken)
        publish.next(needs_endpoint)
        return sfn.Choice(self, "DeployChoice").when(when("$plan.deploy = 'none'"), done).otherwise(publish)

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


def state_machine(scope: Construct, name: str, states: sfn.IChainable, log_days: int) -> sfn.StateMachine:
    """A machine in JSONata that logs every state it enters, but not the data that pass through it."""
    log_group = logs.LogGroup(scope, "Log", retention=retention(log_days), removal_policy=RemovalPolicy.DESTROY)
    return sfn.StateMachine(
        scope,
        "Machine",
        state_machine_name=name,
        query_language=sfn.QueryLanguage.JSONATA,
        definition_body=sfn.DefinitionBody.from_chainable(states),
        timeout=_LONGEST_RUN,
        logs=sfn.LogOptions(destination=log_group, level=sfn.LogLevel.ALL, include_execution_data=False),
        tracing_enabled=True,
    )
