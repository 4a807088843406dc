"""The key of marks is made in the local cloud as in AWS: by KMS, for whom a role lets, and the same after a restart."""

import json
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from atelier_inference.marking import load_marking
from local.cloud import LocalCloud
from tests.integration import local_toy
from tests.integration.keyed import policy
from tests.integration.local_toy import allow


def template() -> dict[str, Any]:
    root = {**allow("kms:*"), "Principal": {"AWS": {"Fn::Sub": "arn:aws:iam::${AWS::AccountId}:root"}}}
    properties = {"KeySpec": "HMAC_256", "KeyUsage": "GENERATE_VERIFY_MAC", "KeyPolicy": policy(root)}
    return {
        "Resources": {"Key": {"Type": "AWS::KMS::Key", "Properties": properties}},
        "Outputs": {"Key": {"Value": {"Fn::GetAtt": ["Key", "Arn"]}}},
    }


def become(cloud: LocalCloud, monkeypatch: pytest.MonkeyPatch, name: str, *statements: dict[str, Any]) -> None:
    """Call as a user who may do what the statements say, as a container calls as its role."""
    iam = cloud.client("iam")
    iam.create_user(UserName=name)
    iam.put_user_policy(UserName=name, PolicyName="all", PolicyDocument=json.dumps(policy(*statements)))
    access = iam.create_access_key(UserName=name)["AccessKey"]
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    monkeypatch.setenv("AWS_ENDPOINT_URL", cloud.url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", access["AccessKeyId"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", access["SecretAccessKey"])
    monkeypatch.setenv("AWS_DEFAULT_REGION", cloud.region)


def made(arn: str) -> bytes:
    writer = load_marking(arn)
    assert writer is not None
    return writer.key


def test_who_may_has_the_same_key_made_for_ever_and_nobody_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with LocalCloud(tmp_path / "run") as cloud:
        cloud.deploy(local_toy.write_assembly(tmp_path / "out", {"Toy": template()}))
        arn = cloud.outputs("Toy")["Key"]
        become(cloud, monkeypatch, "server", allow("kms:GenerateMac", on=arn))
        key = made(arn)
        assert (len(key), made(arn)) == (32, key)
        become(cloud, monkeypatch, "reader", allow("kms:DescribeKey", on=arn))
        with pytest.raises(ClientError, match="kms:GenerateMac"):
            made(arn)
        region = cloud.region
    with LocalCloud(tmp_path / "run", region=region, fresh=False) as again:
        become(again, monkeypatch, "later", allow("kms:GenerateMac", on=arn))
        assert made(arn) == key
