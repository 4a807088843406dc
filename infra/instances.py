"""What the templates must know of an ML instance type."""

_LOCAL_NVME_FAMILIES = frozenset({"g4dn", "g5", "g6", "g6e", "p4d", "p4de", "p5", "p5e", "p5en"})
_EFA_FAMILIES = frozenset({"p4d", "p4de", "p5", "p5e", "p5en"})
"""GPU families whose only sizes have an Elastic Fabric Adapter. Large g5 and g6 have one too, but a slow one."""

_GPU_AMI = "al2023-ami-sagemaker-inference-gpu-4-1"
"""The inference AMI whose driver runs CUDA 13 images."""


def family(instance_type: str) -> str:
    """``ml.g5.xlarge`` → ``g5``."""
    return instance_type.split(".")[1]


def has_gpu(instance_type: str) -> bool:
    """Whether the type carries NVIDIA GPUs (the g and p families)."""
    return family(instance_type)[0] in "gp"


def has_efa(instance_type: str) -> bool:
    """Whether hosts of this type reach each other over an Elastic Fabric Adapter, past the kernel."""
    return family(instance_type) in _EFA_FAMILIES


def volume_key(instance_type: str, key_id: str) -> str | None:
    """The KMS key for the storage volume, or ``None`` where the type stores on local NVMe.

    SageMaker refuses ``VolumeKmsKeyId`` on such types: their disks are encrypted by a hardware key of their own.
    """
    return None if family(instance_type) in _LOCAL_NVME_FAMILIES else key_id


def inference_ami(instance_type: str) -> str | None:
    """The AMI an endpoint's variant asks for: only GPU types have a choice."""
    return _GPU_AMI if has_gpu(instance_type) else None
