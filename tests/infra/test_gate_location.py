"""The gate and places: a stage that is pinned to another region has no finding, and what is another region's is named."""

from pathlib import Path

from infra.gate.door import findings
from infra.gate.location import Location
from infra.gate.placements import EVERYTHING
from infra.gate.sold import HOSTING, sold
from tests.infra.conftest import Synthesized
from tests.infra.mutants import asked, changed, put

P = "Properties"
CONFIG, FUNCTION, PERMISSION = "AWS::SageMaker::EndpointConfig", "AWS::Lambda::Function", "AWS::Lambda::Permission"
VARIABLES = (P, "Environment", "Variables")


def test_a_stage_that_is_pinned_with_everything_at_once_has_no_finding(prod: Synthesized, root: Path) -> None:
    assert prod.assembly.location == Location(pinned_account=EVERYTHING.account, pinned_region=EVERYTHING.region)
    assert findings(prod.assembly, root) == []
    for role in prod.assembly.of("AWS::IAM::Role"):
        boundary = role.properties["PermissionsBoundary"]
        assert boundary == f"arn:aws:iam::{EVERYTHING.account}:policy/{EVERYTHING.permissions_boundary}"


def test_what_is_written_out_is_named_in_a_stage_that_goes_anywhere(dev: Synthesized, root: Path) -> None:
    texts = {
        "PARTITION": "arn:aws:s3:::bucket",
        "OTHER_PARTITION": "arn:aws-cn:s3:::bucket",
        "REGION": "bucket-us-east-1",
        "OTHER_REGION": "bucket-us-gov-west-1",
        "ACCOUNT": "bucket-111122223333",
        "NONE_OF_THESE": "atelier-dev-bucket-2026-08, sha256 000000000000abc",
    }
    assembly = changed(dev.assembly, FUNCTION, put(*VARIABLES, value=texts), named="Training/HandlersGate")
    named = [
        each.wrong.partition(", in ")[0].removeprefix("it names the ") for each in asked("location", assembly, root)
    ]
    assert named == [
        "partition aws",
        "partition aws-cn",
        "region us-east-1",
        "region us-gov-west-1",
        "account 111122223333",
    ]


def test_what_is_another_region_s_is_named_in_a_pinned_stage(prod: Synthesized, root: Path) -> None:
    texts = {"OWN": "arn:aws:s3:::b-eu-west-1-111122223333", "REGION": "b-us-east-1", "ACCOUNT": "b-123456789012"}
    pool = [{"InstanceType": "ml.g6e.xlarge", "Priority": 1}]
    source = "arn:aws:execute-api:us-east-1:123456789012:a/b/POST/v1/files"
    assembly = changed(prod.assembly, FUNCTION, put(*VARIABLES, value=texts), named="Training/HandlersGate")
    assembly = changed(assembly, CONFIG, put(P, "ProductionVariants", 0, "InstancePools", value=pool))
    assembly = changed(assembly, PERMISSION, put(P, "SourceArn", value=source), named="Api/RestApiApiPermission")
    for check, wrong in (
        ("location", ["the region us-east-1", "the account 123456789012"]),
        ("hosting", ["AWS sells no ml.g6e.xlarge for hosting in eu-west-1"]),
        ("callers", ["does not let apigateway"]),
    ):
        found = [each.wrong for each in asked(check, assembly, root)]
        assert all(any(each in said for said in found) for each in wrong), found
        assert not any("eu-west-1-111122223333" in said.partition(", in ")[0] for said in found)


def test_references_are_read_as_their_region_reads_them() -> None:
    beijing = Location(pinned_account="111122223333", pinned_region="cn-north-1")
    assert beijing.arn("states", "x") == "arn:aws-cn:states:cn-north-1:111122223333:x"
    assert beijing.pseudo_parameters["AWS::URLSuffix"] == "amazonaws.com.cn"
    assert Location().partition == "aws"


def test_what_is_sold_where_is_still_found() -> None:
    assert "ml.g5.xlarge" in sold(HOSTING, "eu-west-1")
    assert sold(HOSTING, "eu-nowhere-1") == frozenset()
