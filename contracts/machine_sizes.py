"""How large and how fast the machines of jobs are: memory of their GPUs and of the host, and operations a second.

A size (``2xlarge``) has four processors for each ``xlarge``; memory is a fixed share of them (EC2's pages of instance types).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from contracts.machines import family

_GPU_GIB: Mapping[str, float] = {
    "g4dn": 14.5,
    "g5": 22.0,
    "g6": 22.0,
    "g6e": 44.3,
    "p4d": 39.3,
    "p4de": 79.1,
    "p5": 79.1,
    "p5e": 139.7,
    "p5en": 139.7,
}
"""GiB of one GPU as PyTorch finds them, the least that was read: less than the data sheets' round numbers.

Errors that people published say 14.76 of a T4 (github.com/hpcaitech/ColossalAI/issues/2360), 22.20 of an A10G
(github.com/XavierXiao/Dreambooth-Stable-Diffusion/issues/18), 44.40 and 44.53 of an L40S (github.com/QwenLM/Qwen3-VL/issues/2097,
github.com/Wan-Video/Wan2.1/issues/205). The L4's is taken to be as the A10G's; A100, H100 and H200 are from memory.
"""

_GPUS: Mapping[str, Mapping[str, int]] = {
    "g4dn": {"12xlarge": 4},
    **{name: {"12xlarge": 4, "24xlarge": 4, "48xlarge": 8} for name in ("g5", "g6", "g6e")},
    **{name: {"24xlarge": 8, "48xlarge": 8} for name in ("p4d", "p4de", "p5", "p5e", "p5en")},
}
"""How many GPUs a size has; those that are not named have one."""

_HOST_GIB: Mapping[str, float] = {"g6e": 8, "p4d": 12, "p4de": 12, "p5": 10.6, "p5e": 10.6, "p5en": 10.6}
_HOST_GIB_BY_KIND: Mapping[str, float] = {"c": 2, "m": 4, "r": 8, "g": 4, "t": 4}
"""GiB of the host for each processor, by family, else by its first letter."""

_BEFORE_BF16 = ("g4dn", "p3", "p3dn")
"""Turing and Volta; Ampere was the first with bf16 (NVIDIA's white paper on the A100)."""

_SYSTEM_SHARE = 0.92
"""Of a host's memory is a container's."""

TERAFLOPS: Mapping[str, float] = {"g4dn": 8.6, "g5": 25, "g6": 17, "g6e": 48, "p4d": 114, "p4de": 114, "p5": 187}
"""Operations (1e12) a second of Stable Diffusion's UNets in half precision, by family of machines: estimates, not measured on them.

An A100 does 114, by 8.4 steps of SDXL a second (diffusers with PyTorch's attention, github.com/fal-ai/stable-diffusion-benchmarks).
A10G, L4, L40S and H100 have the smaller of two shares of that, by NVIDIA's data sheets: of 312e12 dense operations a second and of 2,039
GB/s. They are the A10G with 70e12 and 600, the L4 with 121e12 and 300, the L40S with 362e12 and 864, the H100 with 989e12 and 3,350.
The T4 takes 70 seconds for what takes an A10G 24 (huggingface.co/spaces/Tune-A-Video-library/Tune-A-Video-Training-UI).
"""

_PROCESSOR_TERAFLOPS = 0.011
"""Of one processor in single precision: 0.022 were measured with a thread of a core (AMD EPYC, AVX2), which is two processors."""


@dataclass(frozen=True, kw_only=True)
class MachineSize:
    """One machine: GiB of each of its ``gpus`` and of its host, and operations (1e12) a second of a GPU, or else of all processors.

    None is what is not known of the type.
    """

    instance: str
    gpus: int
    gpu_gib: float | None
    host_gib: float | None
    teraflops: float | None

    @property
    def on_gpu(self) -> bool:
        """Whether a GPU computes."""
        return self.gpus > 0

    @property
    def scales_losses(self) -> bool:
        """Whether its GPU is older than bf16, and so learns in fp16, in which small gradients would be 0 if the loss were not scaled."""
        return family(self.instance) in _BEFORE_BF16


def size_of(instance: str) -> MachineSize:
    """What is known of an instance type (``ml.g5.2xlarge``)."""
    name, size = family(instance), instance.rpartition(".")[2]
    processors = _processors(size)
    gib = _HOST_GIB.get(name, _HOST_GIB_BY_KIND.get(name[0]))
    host = None if processors is None or gib is None else processors * gib * _SYSTEM_SHARE
    if name[0] in "gp":
        gpus = _GPUS.get(name, {}).get(size, 1)
        return MachineSize(
            instance=instance, gpus=gpus, gpu_gib=_GPU_GIB.get(name), host_gib=host, teraflops=TERAFLOPS.get(name)
        )
    speed = None if processors is None else processors * _PROCESSOR_TERAFLOPS
    return MachineSize(instance=instance, gpus=0, gpu_gib=None, host_gib=host, teraflops=speed)


def _processors(size: str) -> int | None:
    if size == "large":
        return 2
    found = re.fullmatch(r"(\d*)xlarge", size)
    return 4 * int(found[1] or 1) if found else None
