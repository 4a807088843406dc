"""SageMaker's model packages and jobs, as far as the handlers read them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

from atelier_ops.gateways.aws import client, tag_list
from contracts.job_kinds import JOB_WORDS


@dataclass(frozen=True, kw_only=True)
class ModelPackage:
    """A model package: ``status`` of its approval (Approved, Rejected, PendingManualApproval), and what was said with it."""

    arn: str
    status: str
    reason: str = ""
    created: datetime | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)

    @property
    def number(self) -> int:
        """Its version."""
        return int(self.arn.rpartition("/")[2])


class Packages:
    """Model packages."""

    def make_group(self, name: str, description: str, tags: Mapping[str, str]) -> None:
        """Make the model package group; one that is there is fine. SageMaker says that only in the text of its error."""
        try:
            client("sagemaker").create_model_package_group(
                ModelPackageGroupName=name, ModelPackageGroupDescription=description, Tags=tag_list(tags)
            )
        except ClientError as error:
            if "already exist" not in str(error):
                raise

    def register(self, request: Mapping[str, Any]) -> str:
        """CreateModelPackage; the ARN, which ends in the version. The same ClientToken and request give the same one again."""
        return str(client("sagemaker").create_model_package(**request)["ModelPackageArn"])

    def listing(self, group: str) -> list[str]:
        """The ARNs of the group's packages; none where there is no such group."""
        try:
            pages = client("sagemaker").get_paginator("list_model_packages").paginate(ModelPackageGroupName=group)
            return [each["ModelPackageArn"] for page in pages for each in page["ModelPackageSummaryList"]]
        except ClientError as error:
            if is_missing(error):
                return []
            raise

    def find(self, package: str) -> ModelPackage | None:
        """The package with this ARN, or None."""
        try:
            found = client("sagemaker").describe_model_package(ModelPackageName=package)
        except ClientError as error:
            if is_missing(error):
                return None
            raise
        return ModelPackage(
            arn=found["ModelPackageArn"],
            status=found.get("ModelApprovalStatus", ""),
            reason=found.get("ApprovalDescription", ""),
            created=found.get("CreationTime"),
            metadata=found.get("CustomerMetadataProperties") or {},
        )

    def decide(self, package: str, status: str, reason: str) -> None:
        """Set the approval status, and say why in at most 1,024 characters of one line."""
        client("sagemaker").update_model_package(
            ModelPackageArn=package, ModelApprovalStatus=status, ApprovalDescription=reason
        )

    def approval(self, package: str) -> tuple[str, str]:
        """The package's approval status (Approved, Rejected, PendingManualApproval) and its description."""
        description = client("sagemaker").describe_model_package(ModelPackageName=package)
        return description.get("ModelApprovalStatus", ""), description.get("ApprovalDescription", "")

    def exists(self, package: str) -> bool:
        """Whether the package with this ARN is there."""
        try:
            self.approval(package)
        except ClientError as error:
            if is_missing(error):
                return False
            raise
        return True


class Jobs:
    """Training, processing and tuning jobs."""

    def describe(self, kind: str, name: str) -> Mapping[str, Any] | None:
        """The job of a kind of ``contracts.job_kinds``, as SageMaker describes it; None where it never started."""
        operation = {
            "training": "describe_training_job",
            "processing": "describe_processing_job",
            "tuning": "describe_hyper_parameter_tuning_job",
        }[kind]
        describe = getattr(client("sagemaker"), operation)
        try:
            description: Mapping[str, Any] = describe(**{f"{JOB_WORDS[kind]}Name": name})
        except ClientError as error:
            if is_missing(error):
                return None
            raise
        return description

    def stop(self, kind: str, name: str) -> None:
        """Begin to stop the job of a kind; one that has ended is fine, for which there is no code."""
        operation = {
            "training": "stop_training_job",
            "processing": "stop_processing_job",
            "tuning": "stop_hyper_parameter_tuning_job",
        }[kind]
        try:
            getattr(client("sagemaker"), operation)(**{f"{JOB_WORDS[kind]}Name": name})
        except ClientError as error:
            if "in status" not in str(error):
                raise

    def trials(self, name: str) -> list[Mapping[str, Any]]:
        """What SageMaker says of each training job that a tuning job has made, by name; none where that never started."""
        pages = client("sagemaker").get_paginator("list_training_jobs_for_hyper_parameter_tuning_job")
        try:
            found = pages.paginate(HyperParameterTuningJobName=name, SortBy="Name")
            return [each for page in found for each in page["TrainingJobSummaries"]]
        except ClientError as error:
            if is_missing(error):
                return []
            raise


def is_missing(error: ClientError) -> bool:
    """Whether SageMaker says that the named thing does not exist: it has no code of its own for that."""
    text = str(error).lower()
    return "ResourceNotFound" in str(error) or any(
        words in text for words in ("could not find", "not found", "does not exist", "cannot find", "can't find")
    )
