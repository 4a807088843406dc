"""Which machines AWS sells for what in which region: its price list, as cfn-lint ships it with each of its versions."""

from functools import cache
from importlib import import_module
from typing import Any

from cfnlint.helpers import load_resource  # type: ignore[import-untyped]

HOSTING, PROCESSING = "hosting", "processing"
"""The uses that the list has. Training is not among them: Service Quotas knows it, which ``make doctor`` asks."""


@cache
def sold(use: str, region: str) -> frozenset[str]:
    """The instance types; empty where the list does not have the region."""
    return frozenset(_list(use).get(region, {}).get("enum", ()))


def regions() -> list[str]:
    """The regions where endpoints can be hosted at all."""
    return sorted(region for region, listed in _list(HOSTING).items() if "enum" in listed)


@cache
def _list(use: str) -> dict[str, Any]:
    module = import_module(f"cfnlint.data.schemas.extensions.aws_sagemaker_{use}")
    found: dict[str, Any] = load_resource(module, "instancetype_enum.json")
    return found
