"""The instance types that SageMaker has, use by use, as its own API's description lists them (botocore brings it)."""

from difflib import get_close_matches
from functools import cache
from importlib.metadata import version
from typing import Any, Literal

from contracts.machines import family, runs_our_images
from contracts.prices import DOLLARS_PER_HOUR
from infra.settings.validation import check, check_text

Use = Literal["endpoints", "processing jobs", "training jobs"]
_ENUMERATIONS = {
    "endpoints": "ProductionVariantInstanceType",
    "processing jobs": "ProcessingInstanceType",
    "training jobs": "TrainingInstanceType",
}


def check_instance_type(what: str, value: str, use: Use) -> None:
    """Raises ValueError for anything but an ML instance type that SageMaker has for that use, and that runs the images.

    One that has a price in ``contracts/prices.py`` is taken as it is: so is a type used that is newer than the pinned botocore.
    """
    check_text(what, value, r"ml\.[a-z0-9-]+\.[a-z0-9]+", "an ML instance type such as ml.m5.xlarge")
    allowed = "an x86 type (ml.c…, ml.m…, ml.r…, ml.t…) or one with NVIDIA GPUs of CUDA 13 (ml.g4dn and newer, ml.p4d and newer)"
    check(runs_our_images(value), what, got=value, allowed=allowed)
    check(value in DOLLARS_PER_HOUR or value in types(use), what, got=value, allowed=_like(value, use))


@cache
def types(use: Use) -> frozenset[str]:
    """The instance types for a use."""
    # Here, because whoever reads settings without a machine to check needs no AWS.
    from botocore.loaders import Loader

    model: Any = Loader().load_service_model("sagemaker", "service-2")
    return frozenset(model["shapes"][_ENUMERATIONS[use]]["enum"])


def _like(value: str, use: Use) -> str:
    """What there is instead: the sizes of the same family, or else what is spelt nearly so."""
    known = sorted(name for name in types(use) if runs_our_images(name))
    near = [name for name in known if family(name) == family(value)] or get_close_matches(value, known, n=5)
    newer = f"a type newer than botocore {version('botocore')}, once contracts/prices.py has its price"
    return f"what SageMaker has for {use}, such as {', '.join(near or known[:5])}; or {newer}"
