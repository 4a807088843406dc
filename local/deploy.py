"""Deploys a cloud assembly into the local cloud, through the same calls that the CDK CLI makes."""

import io
import threading
import time
import zipfile
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from local.assembly import FileAsset, Stack
from local.errors import DeploymentError
from local.sagemaker.images import ImageAsset, push, pushed
from local.sagemaker.transfer import split_uri

BOOTSTRAP_VERSION = "30"  # of the bootstrap template that aws-cdk 2.1148 installs
_BOOTSTRAP_PARAMETER = "/cdk-bootstrap/hnb659fds/version"
_CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]
_BEGINNINGS = ("CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS")  # of a stack itself: the start of its last operation
_POLL_SECONDS = 0.05
_ZIP_DATE = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, kw_only=True)
class StackProgress:
    """One step of a deployment: a stack and its status; counts and seconds once it has ended."""

    stack: str
    status: str
    resources: int = 0
    seconds: float = 0.0
    reason: str | None = None


OnProgress = Callable[[StackProgress], None]


class Deployer:
    """Publishes assets and creates or updates stacks. `client(service)` is a boto3 client of the account's root."""

    def __init__(self, client: Callable[[str], Any], *, url: str, region: str) -> None:
        self._client, self._url, self._region = client, url, region
        self._formation = client("cloudformation")
        self._s3 = client("s3")

    def deploy(self, stacks: Sequence[Stack], progress: OnProgress) -> None:
        """Deploy every stack in order. Raises DeploymentError with the failing resource's reason."""
        self._client("ssm").put_parameter(
            Name=_BOOTSTRAP_PARAMETER, Value=BOOTSTRAP_VERSION, Type="String", Overwrite=True
        )
        for image in dict.fromkeys(image for stack in stacks for image in stack.images):
            self._push(image)
        shared = {(asset.bucket, asset.key): asset for stack in stacks for asset in stack.files}
        for asset in shared.values():  # stacks of one assembly share assets
            self._publish(asset)
        for stack in stacks:
            self._deploy_stack(stack, progress)
        self._drop_all_but(shared)

    def _deploy_stack(self, stack: Stack, progress: OnProgress) -> None:
        start = time.monotonic()
        progress(StackProgress(stack=stack.name, status="IN_PROGRESS"))
        status = self._apply(stack)
        reason = None if status.endswith("_COMPLETE") and "ROLLBACK" not in status else self._reason(stack.name)
        pages = self._formation.get_paginator("list_stack_resources").paginate(StackName=stack.name)
        resources = sum(len(page["StackResourceSummaries"]) for page in pages)
        seconds = time.monotonic() - start
        progress(StackProgress(stack=stack.name, status=status, resources=resources, seconds=seconds, reason=reason))
        if reason:
            raise DeploymentError(f"stack {stack.name} ended as {status}: {reason}")

    def _push(self, image: ImageAsset) -> None:
        """Build and push it where the repository lacks the tag, as the CLI does, or where its folder has been moved since.

        Raises LocalCloudError where it cannot be built.
        """
        ecr = self._client("ecr")
        image.build()
        with suppress(ecr.exceptions.RepositoryAlreadyExistsException):
            ecr.create_repository(repositoryName=image.repository, imageTagMutability="IMMUTABLE")
        place = {"repositoryName": image.repository, "imageIds": [{"imageTag": image.tag}]}
        found = ecr.batch_get_image(**place)["images"]
        if not found or pushed(found[0]) != image:
            ecr.batch_delete_image(**place)
            push(ecr, image)

    def _publish(self, asset: FileAsset) -> None:
        # Every region but the first wants its name.
        place = {"CreateBucketConfiguration": {"LocationConstraint": self._region}}
        try:
            self._s3.create_bucket(Bucket=asset.bucket, **({} if self._region == "us-east-1" else place))
        except ClientError as error:
            if error.response["Error"]["Code"] not in ("BucketAlreadyOwnedByYou", "BucketAlreadyExists"):
                raise
        body = zip_folder(asset.path) if asset.zipped and asset.path.is_dir() else asset.path.read_bytes()
        self._s3.put_object(Bucket=asset.bucket, Key=asset.key, Body=body)

    def _drop_all_but(self, current: Collection[tuple[str, str]]) -> None:
        """Remove the assets of earlier assemblies from their buckets: what was made of them has a copy of its own."""
        for bucket in {bucket for bucket, _ in current}:
            for page in self._s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
                for item in page.get("Contents", []):
                    if (bucket, item["Key"]) not in current:
                        self._s3.delete_object(Bucket=bucket, Key=item["Key"])

    def _apply(self, stack: Stack) -> str:
        status, updated = self._status(stack.name), self._updated(stack.name)
        if status and (status.startswith(("ROLLBACK", "DELETE")) or status == "CREATE_FAILED"):
            self._formation.delete_stack(StackName=stack.name)
            self._settled(stack.name)
            status = None
        template = {"TemplateBody": stack.template.read_text(encoding="utf-8")}
        if stack.template_uri:
            template = {"TemplateURL": f"{self._url}/{'/'.join(split_uri(stack.template_uri))}"}
        try:
            change = self._formation.update_stack if status else self._formation.create_stack
            change(
                StackName=stack.name,
                Capabilities=_CAPABILITIES,
                Parameters=[{"ParameterKey": k, "ParameterValue": v} for k, v in stack.parameters.items()],
                Tags=[{"Key": k, "Value": v} for k, v in stack.tags.items()],
                **template,
            )
        except ClientError as error:
            if "No updates are to be performed" in str(error):
                # An update whose answer was lost is sent again, and has ended in some way by now; how an earlier deployment ended
                # does not matter to one that has nothing to change.
                settled = self._settled(stack.name) or "DELETE_COMPLETE"
                return settled if self._updated(stack.name) != updated else "UPDATE_COMPLETE"
            raise DeploymentError(f"stack {stack.name} was refused: {error}") from error
        return self._settled(stack.name) or "DELETE_COMPLETE"

    def _status(self, name: str) -> str | None:
        status: str | None = self._described(name).get("StackStatus")
        return status

    def _updated(self, name: str) -> datetime | None:
        """When its last update began; None where there was none."""
        updated: datetime | None = self._described(name).get("LastUpdatedTime")
        return updated

    def _described(self, name: str) -> Mapping[str, Any]:
        """The stack; empty where there is none."""
        try:
            stack: Mapping[str, Any] = self._formation.describe_stacks(StackName=name)["Stacks"][0]
        except ClientError as error:
            if "does not exist" in str(error):
                return {}
            raise
        return stack

    def _settled(self, name: str) -> str | None:
        """Wait for the end of an operation; the status, or None when the stack is gone."""
        pause = threading.Event()
        while (status := self._status(name)) is not None and status.endswith("_IN_PROGRESS"):
            pause.wait(_POLL_SECONDS)
        return status

    def _reason(self, name: str) -> str:
        """The first failure of the last operation: what failed and why."""
        reason = "no resource reported a reason"
        pages = self._formation.get_paginator("describe_stack_events").paginate(StackName=name)
        for event in (event for page in pages for event in page["StackEvents"]):  # newest first
            if event["ResourceStatus"].endswith("_FAILED") and event.get("ResourceStatusReason"):
                reason = f"{event['LogicalResourceId']} ({event['ResourceType']}): {event['ResourceStatusReason']}"
            if event["LogicalResourceId"] == name and event["ResourceStatus"] in _BEGINNINGS:
                break
        return reason


def zip_folder(folder: Path) -> bytes:
    """A zip of a folder's files with fixed dates, so that the same files give the same bytes.

    It is not compressed: nothing is saved on the loopback interface, and a layer of packages would take seconds.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path in sorted(p for p in folder.rglob("*") if p.is_file()):
            entry = zipfile.ZipInfo(path.relative_to(folder).as_posix(), _ZIP_DATE)
            entry.external_attr = path.stat().st_mode << 16
            archive.writestr(entry, path.read_bytes())
    return buffer.getvalue()
