"""What a stage keeps less long than the rest, as the buckets have it."""

from dataclasses import replace
from typing import Any

import pytest
from aws_cdk import App, Stack
from aws_cdk.assertions import Template

from infra.components.buckets import Buckets
from infra.config import STAGES
from infra.settings.retention import Retention


def rules(retention: Retention) -> dict[str, list[dict[str, Any]]]:
    """By bucket, its lifecycle rules."""
    stack = Stack(App(), "Storage")
    days: dict[str, Any] = {"media_days": 30, "run_days": 180, "log_days": 30}
    Buckets(stack, "Buckets", keep=True, retention=retention, **days)
    found = Template.from_stack(stack).find_resources("AWS::S3::Bucket")
    named = {name: each["Properties"]["LifecycleConfiguration"]["Rules"] for name, each in found.items()}
    return {kind: next(each for name, each in named.items() if kind in name) for kind in ("Data", "Model", "Media")}


def expiring(found: list[dict[str, Any]]) -> dict[str, int]:
    return {rule.get("Prefix", ""): rule["ExpirationInDays"] for rule in found if "ExpirationInDays" in rule}


def test_uploads_and_datasets_expire_sooner_where_a_stage_says_so() -> None:
    kept = {"uploads_days": 2, "outputs_days": 3, "masks_days": 2, "datasets_days": 90}
    said = rules(Retention(**kept, old_versions_days=7))
    assert (expiring(said["Media"])["uploads/"], expiring(said["Media"])[""]) == (2, 30)
    assert (expiring(said["Media"])["outputs/"], expiring(said["Media"])["outputs/masks/"]) == (3, 2)
    assert expiring(said["Data"])["datasets/"] == 90
    for bucket in ("Data", "Model"):
        (old,) = [rule for rule in said[bucket] if "NoncurrentVersionExpiration" in rule and "Prefix" not in rule]
        assert old["NoncurrentVersionExpiration"]["NoncurrentDays"] == 7


def test_a_stage_that_says_nothing_keeps_them_with_the_rest() -> None:
    said = rules(Retention())
    assert not {"uploads/", "outputs/", "outputs/masks/"} & {*expiring(said["Media"])}
    assert "datasets/" not in expiring(said["Data"])


def test_what_makes_no_sense_is_refused() -> None:
    with pytest.raises(ValueError, match=r"retention.old_versions_days: got 1; allowed: at least 7 days"):
        Retention(old_versions_days=1)
    with pytest.raises(ValueError, match=r"retention.uploads_days: got 99; allowed: media_days at most"):
        replace(STAGES["dev"], retention=Retention(uploads_days=99))
    with pytest.raises(ValueError, match=r"retention.outputs_days: got 1; allowed: at least 2 days"):
        Retention(outputs_days=1)
    with pytest.raises(ValueError, match=r"retention.outputs_days: got 99; allowed: media_days at most"):
        replace(STAGES["dev"], retention=Retention(outputs_days=99))
    with pytest.raises(ValueError, match=r"retention.masks_days: got 5; allowed: outputs_days at most"):
        replace(STAGES["dev"], retention=Retention(outputs_days=4, masks_days=5))
    with pytest.raises(ValueError, match=r"retention.masks_days: got 99; allowed: media_days at most"):
        replace(STAGES["dev"], retention=Retention(masks_days=99))
