"""What the steps of a stage's state machines read, write, run and call."""

from dataclasses import dataclass

from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns

from contracts.hosting import Hosting
from contracts.vpc import VpcConfig
from infra.components.access import arn
from infra.components.endpoint import SharedEndpoint
from infra.components.handing_over import HandingOver
from infra.components.workflow.handlers import Handlers
from infra.settings.stage import Stage


@dataclass(frozen=True, kw_only=True)
class Resources:
    """``machine_names`` are those of both machines, the fine-tuning one first.

    ``job_network`` is where the hosts of jobs are, ``pretraining_network`` where those are that pretrain: where the file system is, if
    the stage has one. ``None`` is SageMaker's own network.
    """

    stage: Stage
    handlers: Handlers
    data_bucket: s3.IBucket
    model_bucket: s3.IBucket
    media_bucket: s3.IBucket
    key: kms.IKey
    table: dynamodb.ITable
    topic: sns.ITopic
    endpoint: SharedEndpoint
    handing_over: HandingOver
    hosting: Hosting
    machine_names: tuple[str, str]
    job_image_uri: str
    job_role_arn: str
    job_network: VpcConfig | None
    pretraining_network: VpcConfig | None

    @property
    def machine_arns(self) -> list[str]:
        """The machines' ARNs, known before they exist: the roles of handlers that answer their task tokens name them."""
        return [arn("states", f"stateMachine:{name}") for name in self.machine_names]

    @property
    def tags(self) -> list[dict[str, str]]:
        """The stage's tags as SageMaker takes them."""
        return [{"Key": key, "Value": value} for key, value in self.stage.tags.items()]
