"""What the images start from, AWS's own with PyTorch in the version that the tests run with, and what all hold. ADR 0018 says why."""

from datetime import date

PUBLIC_REGISTRY = "public.ecr.aws/deep-learning-containers"
"""AWS's public registry: no account and no login are needed to pull from it."""

CPU_IMAGE = "pytorch:2.13-cpu-amzn2023"
GPU_IMAGE = "pytorch:2.13-cu133-amzn2023"
"""CUDA 13.3, NCCL and EFA. It needs driver 580 or newer: endpoints ask for it (``contracts.machines.GPU_AMI``)."""

SUPPORTED_UNTIL = date(2027, 7, 20)
"""The day on which AWS's patches for both end, as its changelog of the images says."""

SHARED = ("contracts", "imaging", "diffusion")
"""The packages that every image carries besides its own."""
