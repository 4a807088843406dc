"""What learns: the training image, the two state machines, the handlers behind their states."""

from aws_cdk import CfnOutput, Stack
from constructs import Construct

from infra.components.access import reading, using, writing
from infra.components.execution_role import ExecutionRole
from infra.components.handler import handler_code
from infra.components.image import ContainerImage
from infra.components.resumption import Resumption
from infra.components.topic import Topic
from infra.components.training_network import TrainingNetwork
from infra.components.workflow.handlers import Surroundings, WorkflowHandlers
from infra.components.workflow.jobs import JobSettings
from infra.components.workflow.machine import Targets, Workflow, machine_arn, workflow_name
from infra.components.workflow.pretraining import PretrainingWorkflow, pretraining_name
from infra.components.workflow.pretraining_handlers import PretrainingHandlers
from infra.config import Stage
from infra.stacks.serving import ServingStack
from infra.stacks.storage import StorageStack


class TrainingStack(Stack):
    """Jobs, handlers, state machine, and the topic that tells people."""

    def __init__(
        self, scope: Construct, construct_id: str, *, stage: Stage, storage: StorageStack, serving: ServingStack
    ) -> None:
        super().__init__(
            scope,
            construct_id,
            stack_name=f"{stage.prefix}-training",
            description="Atelier: what learns",
            tags=stage.tags,
        )
        self._stage, self._storage, self._serving = stage, storage, serving
        self.topic = Topic(self, "News", key=storage.key)
        around = self._surroundings()
        handlers = WorkflowHandlers(self, "Handlers", around=around)
        Resumption(self, "Resumption", prefix=stage.prefix, resume=handlers.resume)
        lustre = stage.pretraining.lustre
        network = TrainingNetwork(self, "Network", lustre=lustre) if lustre else None
        settings = self._job_settings(network)
        targets = Targets(inference_image_uri=serving.image.uri, model_bucket=storage.model_bucket, topic=self.topic)
        self.workflow = Workflow(
            self,
            "Workflow",
            prefix=stage.prefix,
            settings=settings,
            handlers=handlers,
            targets=targets,
            serving=stage.serving,
            log_days=stage.log_days,
        )
        self.pretraining = PretrainingWorkflow(
            self,
            "Pretraining",
            stage=stage,
            settings=settings,
            own=PretrainingHandlers(self, "PretrainingHandlers", around=around),
            shared=handlers,
            targets=targets,
            network=network,
        )
        CfnOutput(self, "StateMachineArn", value=self.workflow.machine.state_machine_arn)
        CfnOutput(self, "PretrainingMachineArn", value=self.pretraining.machine.state_machine_arn)
        CfnOutput(self, "NewsTopicArn", value=self.topic.topic_arn)

    def _surroundings(self) -> Surroundings:
        storage, serving = self._storage, self._serving
        return Surroundings(
            stage=self._stage,
            code=handler_code(),
            data_bucket=storage.data_bucket,
            model_bucket=storage.model_bucket,
            media_bucket=storage.media_bucket,
            key=storage.key,
            table=storage.table,
            topic=self.topic,
            endpoint=serving.endpoint,
            hosting=serving.hosting,
            workflow_arn=machine_arn(self, workflow_name(self._stage.prefix)),
            pretraining_arn=machine_arn(self, pretraining_name(self._stage.prefix)),
        )

    def _job_settings(self, network: TrainingNetwork | None) -> JobSettings:
        storage = self._storage
        image = ContainerImage(
            self, "Image", folder="training", includes=["training", "contracts", "imaging", "diffusion"]
        )
        role = ExecutionRole(self, "JobRole", description="Atelier jobs", image=image, log_group="/aws/sagemaker/*Jobs")
        role.grant(
            reading(storage.data_bucket, "datasets/*", "runs/*"),
            writing(storage.data_bucket, "runs/*"),
            reading(storage.model_bucket, "base/*"),
            using(storage.key),
        )
        role.grant_volumes(storage.key)
        if network is not None:
            role.grant(network.statements())
            network.accept_on(role.role)
        return JobSettings(
            image_uri=image.uri,
            role_arn=role.role.role_arn,
            key_arn=storage.key.key_arn,
            jobs=self._stage.jobs,
            tags=self._stage.tags,
        )
