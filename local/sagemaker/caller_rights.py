"""What SageMaker asks of a caller beside the permission of the call itself.

"SageMaker AI API Permissions: Actions, Permissions, and Resources Reference"
(https://docs.aws.amazon.com/sagemaker/latest/dg/api-permissions-reference.html) and the Service Authorization Reference.
"""

from collections.abc import Callable, Iterator
from typing import Any

from local.sagemaker.store import Record, RecordStore

# One permission: the action, the resource, the condition keys it is asked for with.
Need = tuple[str, str, dict[str, str]]

_ON_CONFIGURATION = ("CreateEndpoint", "UpdateEndpoint")
_VOLUMES = {
    "CreateTrainingJob": ("ResourceConfig",),
    "CreateProcessingJob": ("ProcessingResources", "ClusterConfig"),
    "CreateHyperParameterTuningJob": ("TrainingJobDefinition", "ResourceConfig"),
}


def needs(
    action: str, resource: str, params: Record, store: RecordStore, *, role_may: Callable[[Need, str], bool]
) -> Iterator[Need]:
    """The permissions that a call on `resource` needs besides its own.

    Whoever starts instances with an encrypted volume must be allowed to grant the use of its key; for a job it is enough if the role that
    it passes is: `role_may(need, role)`.
    """
    if action.startswith("Create") and params.get("Tags"):
        yield "sagemaker:AddTags", resource, {}
    if action in _ON_CONFIGURATION and isinstance(params.get("EndpointConfigName"), str):
        name = params["EndpointConfigName"]
        yield f"sagemaker:{action}", store.arn("EndpointConfig", name), {}
        yield from _grant((store.find("EndpointConfig", name) or {}).get("KmsKeyId"))
    if action == "CreateModelPackage" and isinstance(params.get("ModelPackageGroupName"), str):
        group = RecordStore.name(params["ModelPackageGroupName"])
        yield f"sagemaker:{action}", store.arn("ModelPackageGroup", group), {}
    role = passed_role(params)
    yield from (need for need in _grant(_volume_key(action, params)) if not role_may(need, role))


def passed_role(params: Record) -> str:
    """The role that a job is to have; empty where the request names none. A tuning job says it of its training jobs."""
    definition = params.get("TrainingJobDefinition")
    return str((definition if isinstance(definition, dict) else params).get("RoleArn", ""))


def _volume_key(action: str, params: Record) -> str | None:
    """The key of a job's volumes. The request has not been checked yet: any member may be missing or of another type."""
    found: Any = params
    for member in (*_VOLUMES.get(action, ("",)), "VolumeKmsKeyId"):
        found = found.get(member) if isinstance(found, dict) else None
    return found if isinstance(found, str) else None


def _grant(key: str | None) -> Iterator[Need]:
    if key:
        yield "kms:CreateGrant", key, {"kms:GrantIsForAWSResource": "true"}
