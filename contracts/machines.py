"""Facts of ML instance types that requests, templates and checks depend on: processors, disks, networks, drivers.

The names are those of SageMaker's own enumerations; a test holds this table to them, family by family. Sources: EC2's pages of instance
types (processors, "NVMe SSD", EFA), and the page on GPU drivers in SageMaker's developer guide (drivers of the AMIs).
"""

import re

_LOCAL_DISKS = frozenset(
    {"dl1", "g5", "g6", "g6e", "g7", "g7e", "p5", "p5e", "p5en", "p6-b200", "p6-b300", "p6e-gb200"}
    | {"trn1", "trn1n", "trn2"}
)
"""Families with NVMe disks that their names do not tell; all others have a ``d`` after the generation (``g4dn``, ``p4d``, ``m5d``).

``g7`` is inferred from g6 and g7e."""

_EFA = frozenset({"p4d", "p4de", "p5", "p5e", "p5en", "p6-b200", "p6-b300", "p6e-gb200"})
"""GPU families all of whose sizes for many hosts have an Elastic Fabric Adapter. Large g5 and g6 have one too, but a slow one."""

_TOO_OLD_FOR_CUDA_13 = frozenset({"p2", "p3", "p3dn"})
"""GPUs before Turing (K80, V100): CUDA 13 has no code for them."""

_ARM_WITH_GPU = frozenset({"p6e-gb200"})

GPU_AMI = "al2023-ami-sagemaker-inference-gpu-4-1"
"""The inference AMI whose driver (580) runs images of CUDA 13. Without one, g4dn and g5 get driver 470, too old for them."""


def family(instance_type: str) -> str:
    """``ml.g5.xlarge`` → ``g5``."""
    return instance_type.split(".")[1]


def has_gpu(instance_type: str) -> bool:
    """Whether the type carries NVIDIA GPUs (the g and p families)."""
    return family(instance_type)[0] in "gp"


def has_efa(instance_type: str) -> bool:
    """Whether hosts of this type reach each other over an Elastic Fabric Adapter, past the kernel."""
    return family(instance_type) in _EFA


def has_nvme(instance_type: str) -> bool:
    """Whether the type stores on local NVMe disks."""
    name = family(instance_type)
    return name in _LOCAL_DISKS or bool(re.fullmatch(r"[a-z]+\d+[a-z]*d[a-z]*", name))


def volume_key(instance_type: str, key: str) -> str | None:
    """The KMS key for the storage volume, or ``None`` where the type stores on local NVMe.

    SageMaker refuses a key for such types: their disks are encrypted by a hardware key of their own.
    """
    return None if has_nvme(instance_type) else key


def runs_our_images(instance_type: str) -> bool:
    """Whether images for x86 processors, and for GPUs CUDA 13, can run there: no Graviton, Inferentia, Trainium, Gaudi or old GPU."""
    name = family(instance_type)
    if has_gpu(instance_type):
        return name not in _TOO_OLD_FOR_CUDA_13 | _ARM_WITH_GPU
    # Graviton's families have a g after the generation: c7g, m6gd, c6gn.
    return name[0] in "cmrt" and not re.match(r"[cmrt]\d+g|trn", name)
