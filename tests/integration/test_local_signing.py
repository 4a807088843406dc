"""Pictures are signed in the local cloud as in AWS: by a key of KMS's, by whom a role lets, and with the same certificates for ever."""

import io
import json
from collections.abc import Iterator
from typing import Any

import boto3
import c2pa
import pytest
from PIL import Image

from atelier_inference.provenance.facts import Facts
from atelier_inference.provenance.keys import KmsKey, SigningError
from atelier_inference.provenance.loading import certificates
from atelier_inference.provenance.manifest import manifest
from atelier_inference.provenance.signing import C2paSigner
from atelier_inference.store import Store
from contracts.layout import S3Uri
from imaging.pictures import encode
from imaging.xmp import PAINTED
from local.cloud import LocalCloud
from tests.integration import local_toy
from tests.integration.keyed import policy
from tests.integration.local_toy import allow

FACTS = Facts(source_type=PAINTED, mode="text_to_image", model="tiny@1", styles=[], settings={"seed": 1})


def template() -> dict[str, Any]:
    root = {**allow("kms:*"), "Principal": {"AWS": {"Fn::Sub": "arn:aws:iam::${AWS::AccountId}:root"}}}
    properties = {"KeySpec": "ECC_NIST_P256", "KeyUsage": "SIGN_VERIFY", "KeyPolicy": policy(root)}
    return {
        "Resources": {
            "Key": {"Type": "AWS::KMS::Key", "Properties": properties},
            "Bucket": {"Type": "AWS::S3::Bucket"},
        },
        "Outputs": {"Key": {"Value": {"Fn::GetAtt": ["Key", "Arn"]}}, "Bucket": {"Value": {"Ref": "Bucket"}}},
    }


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    folder = tmp_path_factory.mktemp("signing")
    with LocalCloud(folder / "run") as started:
        started.deploy(local_toy.write_assembly(folder / "out", {"Toy": template()}))
        yield started


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


def signed(cloud: LocalCloud) -> tuple[bytes, str]:
    """A picture, signed as a server does that has just started, and the chain."""
    outputs = cloud.outputs("Toy")
    prefix = S3Uri(bucket=outputs["Bucket"], key="certificates/")
    key = KmsKey(outputs["Key"])
    chain = certificates(key, Store([prefix]), prefix.child("k.pem"), "atelier-local")
    data = encode(Image.new("RGB", (64, 64), "tan"), "png")
    return C2paSigner(key, chain).signed(data, "png", manifest(FACTS)), chain


def test_whoever_may_sign_signs_and_servers_that_start_later_have_the_same_certificates(
    cloud: LocalCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    outputs = cloud.outputs("Toy")
    objects = f"arn:aws:s3:::{outputs['Bucket']}"
    rights = (
        allow("kms:Sign", "kms:GetPublicKey", on=outputs["Key"]),
        allow("s3:GetObject", "s3:PutObject", on=f"{objects}/certificates/*"),
        allow("s3:ListBucket", on=objects),
    )
    become(cloud, monkeypatch, "server", *rights)
    first, chain = signed(cloud)
    second, same = signed(cloud)
    assert same == chain
    root = chain[chain.rindex("-----BEGIN") :]
    settings = c2pa.Settings.from_dict({"verify": {"verify_trust": True}, "trust": {"trust_anchors": root}})
    for each in (first, second):
        with c2pa.Reader("image/png", io.BytesIO(each), context=c2pa.Context(settings)) as reader:
            assert reader.get_validation_state() == "Trusted"


def test_whoever_may_not_sign_gets_no_picture(cloud: LocalCloud, monkeypatch: pytest.MonkeyPatch) -> None:
    become(cloud, monkeypatch, "reader", allow("kms:GetPublicKey", on=cloud.outputs("Toy")["Key"]), allow("s3:*"))
    with pytest.raises(SigningError, match="kms:Sign"):
        signed(cloud)
