"""Training: the training image, the two state machines, the handlers behind their steps."""

from aws_cdk import CfnOutput
from constructs import Construct

from contracts.machines import has_gpu
from infra.components.access import reading, writing
from infra.components.attributes import topic_arn
from infra.components.base_image import base_image
from infra.components.execution_role import ExecutionRole
from infra.components.idle_alarm import IdleAlarm
from infra.components.image import ContainerImage
from infra.components.log_expiry import LogExpiry
from infra.components.settlement import Settlement
from infra.components.stopped_runs import StoppedRuns
from infra.components.style_deletion import StyleDeletion
from infra.components.topic import EncryptedTopic
from infra.components.training_network import TrainingNetwork
from infra.components.workflow.fine_tuning import fine_tuning
from infra.components.workflow.handlers import Handlers
from infra.components.workflow.machine import Machine
from infra.components.workflow.pretraining import pretraining
from infra.components.workflow.resources import Resources
from infra.components.workflow.steps.ending import record_failure
from infra.settings.stage import Stage
from infra.stacks.network import NetworkStack
from infra.stacks.serving import ServingStack
from infra.stacks.stage_stack import StageStack
from infra.stacks.storage import StorageStack


class TrainingStack(StageStack):
    """Jobs, handlers, both state machines, and the topic that people subscribe to."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        stage: Stage,
        storage: StorageStack,
        network: NetworkStack | None,
        serving: ServingStack,
    ) -> None:
        super().__init__(scope, construct_id, stage=stage, about="state machines, jobs and handlers that train")
        self._storage, self._hosts = storage, network.hosts if network else None
        self.topic = EncryptedTopic(self, "News", key=storage.key)
        self.topic.allow_alarms()
        if not stage.serving.is_real_time:
            IdleAlarm(self, "IdleAlarm", endpoint=serving.endpoint, serving=stage.serving, topic=self.topic)
        self.topic.allow_budgets()
        self.resources = use = self._resources(serving)
        self.settlement = Settlement(self, "Settlement", use=use)
        StoppedRuns(self, "StoppedRuns", use=use, settlement=self.settlement)
        # No run waits for these: where they fail, only an alarm tells.
        LogExpiry(self, "LogExpiry", use=use, dead_letters=self.settlement.dead_letters)
        StyleDeletion(self, "StyleDeletion", use=use, dead_letters=self.settlement.dead_letters)
        recorder = use.handlers.of(record_failure(use))
        self.unattended = {recorder.name: recorder.function_name, **self.settlement.dead_letters.functions}
        self.workflow = Machine(self, "Workflow", name=use.machine_names[0], flow=fine_tuning(use), use=use)
        self.pretraining = Machine(self, "Pretraining", name=use.machine_names[1], flow=pretraining(use), use=use)
        CfnOutput(self, "StateMachineArn", value=self.workflow.arn)
        CfnOutput(self, "PretrainingMachineArn", value=self.pretraining.arn)
        CfnOutput(self, "NewsTopicArn", value=topic_arn(self.topic))

    def _image(self) -> ContainerImage:
        """One image for all jobs: the one with CUDA runs on machines without a GPU too."""
        jobs, pretraining = self.stage.jobs, self.stage.pretraining
        machines = [jobs.processing_instance, jobs.training_instance]
        machines += [pretraining.shard_instance, pretraining.train_instance]
        base = base_image(self, gpu=any(map(has_gpu, machines)), source=self.stage.base_images)
        return ContainerImage(self, "Image", folder="training", base=base)

    def _resources(self, serving: ServingStack) -> Resources:
        stage, storage, lustre = self.stage, self._storage, self.stage.pretraining.lustre
        mounted = TrainingNetwork(self, "Network", lustre=lustre) if lustre else None
        image = self._image()
        return Resources(
            stage=stage,
            handlers=Handlers(self, "Handlers", key=storage.key, log_days=stage.log_days, network=serving.clients),
            data_bucket=storage.data_bucket,
            model_bucket=storage.model_bucket,
            media_bucket=storage.media_bucket,
            key=storage.key,
            table=storage.table,
            topic=self.topic,
            endpoint=serving.endpoint,
            handing_over=serving.handing_over,
            hosting=serving.hosting,
            machine_names=(f"{stage.prefix}-workflow", f"{stage.prefix}-pretraining"),
            job_image_uri=image.uri,
            job_role_arn=self._job_role(image, mounted).role.role_arn,
            job_network=self._hosts,
            pretraining_network=mounted.config if mounted else self._hosts,
        )

    def _job_role(self, image: ContainerImage, mounted: TrainingNetwork | None) -> ExecutionRole:
        storage = self._storage
        return ExecutionRole(
            self,
            "JobRole",
            description="Atelier jobs",
            image=image,
            log_group="/aws/sagemaker/*Jobs",
            key=storage.key,
            in_vpc=bool(mounted or self._hosts),
            grants=[
                reading(storage.data_bucket, "datasets/*", "runs/*", "checkpoints/*"),
                writing(storage.data_bucket, "runs/*", "checkpoints/*"),
                reading(storage.model_bucket, "base/*", "styles/*"),
                *([mounted.mounting()] if mounted else []),
            ],
        )
