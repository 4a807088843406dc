"""The second state machine: a base model from many captioned pictures. It registers and reports as the first one does."""

from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from infra.components.training_network import TrainingNetwork
from infra.components.workflow import ending, pretraining_jobs, registration
from infra.components.workflow.handlers import WorkflowHandlers
from infra.components.workflow.jobs import JobSettings
from infra.components.workflow.machine import Targets, state_machine
from infra.components.workflow.permissions import accept_names, statements
from infra.components.workflow.preparation import prepare
from infra.components.workflow.pretraining_handlers import PREPARE_SECONDS, PretrainingHandlers
from infra.components.workflow.registration import Package
from infra.components.workflow.task import LAMBDA_TRANSIENT, Task, invoke, retry
from infra.config import Stage

_SUBJECT = "'Atelier: base model ' & $reference & ' is ready'"
_OUTCOME = (
    "{'base_model': $reference, 'version': $version, 'package': $package, 'uri': $uri, "
    "'metrics': $gate.metrics, 'report': $plan.runs.evaluate & 'report.html'}"
)


def pretraining_name(prefix: str) -> str:
    """A physical name, for the same reason as the first machine's."""
    return f"{prefix}-pretraining"


class PretrainingWorkflow(Construct):
    """``machine``: Prepare → Shard → Train → Evaluate → Gate → Register → Approve → Publish → Notify → Succeed."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        stage: Stage,
        settings: JobSettings,
        own: PretrainingHandlers,
        shared: WorkflowHandlers,
        targets: Targets,
        network: TrainingNetwork | None,
    ) -> None:
        super().__init__(scope, construct_id)
        self._stage, self._settings, self._own, self._shared = stage, settings, own, shared
        self._targets, self._network = targets, network
        self._broken = ending.record_failure(self, shared.record_failure.arn)
        self.machine = state_machine(self, pretraining_name(stage.prefix), self._states(), stage.log_days)
        accept_names(self.machine)
        used = (own.prepare, shared.gate, shared.request_approval, own.publish, shared.record_failure)
        for statement in statements(self, stage.prefix, settings, targets.topic, [handler.arn for handler in used]):
            self.machine.add_to_role_policy(statement)

    def _states(self) -> sfn.IChainable:
        broken, settings, config = self._broken, self._settings, self._stage.pretraining
        publish = self._publish()
        notify = ending.notify(self, self._targets.topic.topic_arn, _SUBJECT, _OUTCOME, broken)
        publish.next(notify).next(sfn.Succeed(self, "Succeed"))
        register = registration.registered(self, self._package(), self._shared.request_approval.arn, publish, broken)
        return (
            prepare(self, self._own.prepare.arn, broken, seconds=PREPARE_SECONDS + 60)
            .next(pretraining_jobs.shard(self, settings, config, broken))
            .next(pretraining_jobs.train(self, settings, config, self._network, broken))
            .next(pretraining_jobs.evaluate(self, settings, broken))
            .next(registration.gated(self, self._shared.gate.arn, register, broken))
        )

    def _package(self) -> Package:
        metadata = {
            "name": "$plan.name",
            "execution": "$plan.execution",
            "model": "$plan.model",
            "base_model": "$plan.base.reference",
            "dataset_sha256": "$plan.dataset.sha256",
            "trained_seconds": "$string($trained)",
        }
        return Package(
            image_uri=self._targets.inference_image_uri,
            group="'Versions of the base model ' & $plan.name",
            description="$plan.model & ' from ' & $plan.base.reference & ': ' & $plan.execution",
            metadata=metadata,
            tags=self._settings.tag_list(),
            left={},
        )

    def _publish(self) -> Task:
        """Copy the artifact to ``base/{name}@{version}/``, where executions find it."""
        names = ("plan", "artifact", "package", "version")
        payload = {name: f"{{% ${name} %}}" for name in names} | {"metrics": "{% $gate.metrics %}"}
        return Task(
            self,
            "Publish",
            resource="lambda:invoke",
            arguments=invoke(self._own.publish.arn, payload),
            assign={
                "reference": "{% $states.result.Payload.reference %}",
                "uri": "{% $states.result.Payload.uri %}",
            },
            retries=[retry(LAMBDA_TRANSIENT)],
            on_error=self._broken,
            seconds=900,
        )
