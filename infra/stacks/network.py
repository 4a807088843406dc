"""Network: the VPC of a stage that has one, before everything that runs in it."""

from constructs import Construct

from infra.components.network import PrivateNetwork
from infra.settings.network import Network
from infra.settings.stage import Stage
from infra.stacks.stage_stack import StageStack
from infra.stacks.storage import StorageStack


class NetworkStack(StageStack):
    """A stack of its own: the network outlives what runs in it, whose interfaces AWS removes minutes later."""

    def __init__(
        self, scope: Construct, construct_id: str, *, stage: Stage, network: Network, storage: StorageStack
    ) -> None:
        super().__init__(scope, construct_id, stage=stage, about="a network without a way to the internet")
        buckets = (storage.data_bucket, storage.model_bucket, storage.media_bucket)
        table = storage.table.table_arn
        inside = PrivateNetwork(
            self,
            "Network",
            network=network,
            services=stage.interfaces,
            buckets=[arn for bucket in buckets for arn in (bucket.bucket_arn, bucket.arn_for_objects("*"))],
            tables=[table, f"{table}/index/*"],
            key=storage.key,
            log_days=stage.log_days,
        )
        self.hosts, self.clients = inside.hosts, inside.clients
