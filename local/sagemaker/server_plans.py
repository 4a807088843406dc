"""What a variant of an endpoint runs: its model's container, or that of the model package which the model names."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from local.errors import validation_error
from local.sagemaker.containers import ContainerSpec
from local.sagemaker.images import Image
from local.sagemaker.store import Record, RecordStore

HOST_VARIABLE = "ATELIER_HOST"


@dataclass(frozen=True, kw_only=True)
class ServerPlan:
    """One variant of an endpoint: the production variant's record, its model's container and the model's role."""

    endpoint: str
    variant: Record
    container: Record
    role: str
    folder: Path

    @property
    def name(self) -> str:
        """The variant's name."""
        return str(self.variant["VariantName"])

    def spec(self, image: Image, root: Path, environment: Mapping[str, str]) -> ContainerSpec:
        """What runs below `root`; `environment` is that of its process."""
        # No container stands between the server and this machine's network.
        variables = {**environment, **self.container.get("Environment", {}), HOST_VARIABLE: "127.0.0.1"}
        return ContainerSpec(
            image=image,
            command=image.command(None, ["serve"]),
            environment=variables,
            root=root,
            log_group=f"/aws/sagemaker/Endpoints/{self.endpoint}",
            log_stream=f"{self.name}/i-{root.name.rsplit('-', 1)[-1]}",
        )


def server_plan(store: RecordStore, endpoint: str, variant: Record, run_dir: Path) -> ServerPlan:
    """The plan of a variant's servers. Raises ServiceError where its model cannot be deployed."""
    model = store.get("Model", variant["ModelName"])
    return ServerPlan(
        endpoint=endpoint,
        variant=variant,
        container=_container(store, model),
        role=model["ExecutionRoleArn"],
        folder=run_dir / "endpoints" / endpoint,
    )


def _container(store: RecordStore, model: Record) -> Record:
    container: Record = model.get("PrimaryContainer") or model["Containers"][0]
    if "ModelPackageName" not in container:
        return container
    package = store.get("ModelPackage", container["ModelPackageName"])
    if package.get("ModelApprovalStatus", "Approved") != "Approved":
        raise validation_error(f"Cannot deploy unapproved model package {package['ModelPackageArn']}.")
    packaged: Record = package["InferenceSpecification"]["Containers"][0]
    environment = {**packaged.get("Environment", {}), **container.get("Environment", {})}
    return {**packaged, "Environment": environment}
