"""What the doctor says of accounts, machines and limits, each answer being one that AWS's own service model allows."""

import dataclasses
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from cli.doctor.account import check_api_logs, check_bootstrap, check_identity
from cli.doctor.diagnosis import Diagnosis, Mark, conclusion
from cli.doctor.licences import check_licences
from cli.doctor.limits import check_quotas
from cli.doctor.machine import check_builder, check_cdk, check_node, check_registry
from cli.doctor.network import check_network
from cli.doctor.run import examine
from cli.doctor.surroundings import Surroundings, run_program
from cli.main import main
from infra.config import STAGES
from infra.quotas import VPCS, quotas
from infra.settings.placement import Placement
from infra.settings.stage import Stage
from models.catalogue import CATALOGUE

TRIAL, DEV = STAGES["trial"], STAGES["dev"]
REGION = "eu-west-1"
ROLE = "arn:aws:iam::111122223333:role/logs"
CALLER = {"Account": "111122223333", "Arn": "arn:aws:iam::111122223333:user/sam", "UserId": "AID"}


class Aws:
    """boto3 clients that answer what a test has written down, and nothing else."""

    def __init__(self) -> None:
        self._stubs: dict[str, Stubber] = {}
        self.elsewhere: set[tuple[str, str]] = set()

    def answers(self, service: str, operation: str, answer: dict[str, Any], **expected: Any) -> "Aws":
        self._stub(service).add_response(operation, answer, expected or None)
        return self

    def refuses(self, service: str, operation: str, code: str) -> "Aws":
        self._stub(service).add_client_error(operation, service_error_code=code, service_message="no")
        return self

    def client(self, service: str, region: str = "") -> Any:
        if region:
            self.elsewhere.add((service, region))
        return self._stub(service).client

    def _stub(self, service: str) -> Stubber:
        if service not in self._stubs:
            make: Callable[..., Any] = boto3.client
            client = make(service, region_name=REGION, aws_access_key_id="k", aws_secret_access_key="s")
            self._stubs[service] = Stubber(client)
            self._stubs[service].activate()
        return self._stubs[service]


def around(
    aws: Aws | None = None,
    stage: Stage = TRIAL,
    *,
    run: Callable[[Sequence[str]], str] = lambda _: "linux/x86_64",
    region: str = REGION,
    environment: Mapping[str, str] | None = None,
) -> Surroundings:
    client = (aws or Aws()).client
    return Surroundings(stage=stage, region=region, client=client, run=run, environment=environment or {})


def only(findings: Iterator[Diagnosis]) -> Diagnosis:
    (finding,) = findings
    return finding


def placed(stage: Stage, **fields: Any) -> Stage:
    return dataclasses.replace(stage, placement=Placement(**fields))


def test_who_is_asking_and_where_is_said() -> None:
    aws = Aws().answers("sts", "get_caller_identity", CALLER)
    assert [(f.mark, f.says) for f in check_identity(around(aws))] == [
        (Mark.GOOD, "111122223333"),
        (Mark.GOOD, REGION),
        (Mark.GOOD, CALLER["Arn"]),
    ]


@pytest.mark.parametrize(
    ("fields", "what", "do"),
    [({"account": "999999999999"}, "account", "PROFILE="), ({"region": "us-east-1"}, "region", "REGION=us-east-1")],
)
def test_a_stage_that_belongs_elsewhere_cannot_be_deployed_from_here(
    fields: dict[str, str], what: str, do: str
) -> None:
    aws = Aws().answers("sts", "get_caller_identity", CALLER)
    wrong = only(f for f in check_identity(around(aws, placed(TRIAL, **fields))) if f.mark is Mark.TO_DEPLOY)
    assert wrong.what == what
    assert f"but the stage belongs to {next(iter(fields.values()))}" in wrong.says
    assert do in wrong.do


def test_without_credentials_or_a_region_the_way_to_them_is_said() -> None:
    expired = only(check_identity(around(Aws().refuses("sts", "get_caller_identity", "ExpiredToken"))))
    assert (expired.mark, expired.what) == (Mark.TO_DEPLOY, "credentials")
    assert "aws sso login" in expired.do
    nowhere = only(check_identity(around(region="")))
    assert (nowhere.mark, nowhere.what) == (Mark.TO_DEPLOY, "region")


@pytest.mark.parametrize(
    ("version", "mark"), [("6", Mark.GOOD), ("28", Mark.GOOD), ("5", Mark.TO_DEPLOY), (None, Mark.TO_DEPLOY)]
)
def test_an_account_without_a_bootstrap_that_is_new_enough_is_bootstrapped(version: str | None, mark: Mark) -> None:
    aws, stage = Aws(), placed(TRIAL, qualifier="team42")
    if version:
        answer = {"Parameter": {"Name": "n", "Value": version}}
        aws.answers("ssm", "get_parameter", answer, Name="/cdk-bootstrap/team42/version")
    else:
        aws.refuses("ssm", "get_parameter", "ParameterNotFound")
    if mark is Mark.GOOD:
        aws.answers("sts", "get_caller_identity", CALLER).answers("sts", "assume_role", {})
    finding = next(check_bootstrap(around(aws, stage)))
    assert finding.mark is mark
    assert finding.do == ("" if mark is Mark.GOOD else "make bootstrap STAGE=trial")


def test_a_caller_who_may_not_take_the_cdks_role_is_told_which_right_it_is() -> None:
    aws = Aws().answers("ssm", "get_parameter", {"Parameter": {"Name": "n", "Value": "28"}})
    aws.answers("sts", "get_caller_identity", CALLER).refuses("sts", "assume_role", "AccessDenied")
    finding = list(check_bootstrap(around(aws)))[-1]
    assert (finding.mark, finding.what) == (Mark.NOTE, "rights")
    assert "arn:aws:iam::111122223333:role/cdk-hnb659fds-deploy-role-111122223333-eu-west-1 cannot" in finding.says
    assert "sts:AssumeRole" in finding.do


def test_the_role_that_writes_api_logs_is_looked_up_because_it_may_be_gone() -> None:
    assert only(check_api_logs(around(Aws().answers("apigateway", "get_account", {})))).mark is Mark.GOOD
    held = Aws().answers("apigateway", "get_account", {"cloudwatchRoleArn": ROLE})
    held.answers("iam", "get_role", {"Role": _role()}, RoleName="logs")
    assert only(check_api_logs(around(held))).mark is Mark.GOOD
    gone = Aws().answers("apigateway", "get_account", {"cloudwatchRoleArn": ROLE})
    finding = only(check_api_logs(around(gone.refuses("iam", "get_role", "NoSuchEntity"))))
    assert (finding.mark, finding.says) == (Mark.TO_USE, f"{ROLE} is gone: no API of this region writes logs")
    assert "update-account" in finding.do


def _role() -> dict[str, Any]:
    return {"Path": "/", "RoleName": "logs", "RoleId": "AROA0123456789012", "Arn": ROLE, "CreateDate": "2026-01-01"}


@pytest.mark.parametrize(
    ("platform", "mark", "says"),
    [
        ("linux/x86_64", Mark.GOOD, "docker runs on linux/x86_64"),
        ("linux/aarch64", Mark.NOTE, "built by emulation"),
    ],
)
def test_a_builder_on_another_processor_is_slower(platform: str, mark: Mark, says: str) -> None:
    finding = only(check_builder(around(run=lambda _: platform)))
    assert (finding.mark, says in finding.says) == (mark, True)


def test_a_builder_that_does_not_run_is_named_as_the_environment_names_it() -> None:
    def run(command: Sequence[str]) -> str:
        raise OSError(f"{command[0]}: no such file")

    finding = only(check_builder(around(run=run, environment={"CDK_DOCKER": "podman"})))
    assert (finding.mark, finding.says) == (Mark.TO_DEPLOY, "podman: podman: no such file")
    assert "CDK_DOCKER" in finding.do


def test_a_private_registry_is_asked_whether_it_lets_the_caller_in() -> None:
    assert only(check_registry(around())).says == "the base images are public: no login"
    private = dataclasses.replace(TRIAL, base_images="private")
    aws = Aws().answers("ecr", "get_authorization_token", {"authorizationData": []})
    assert only(check_registry(around(aws, private))).says.endswith("make deploy logs in")
    refused = Aws().refuses("ecr", "get_authorization_token", "AccessDeniedException")
    assert only(check_registry(around(refused, private))).mark is Mark.TO_DEPLOY


@pytest.mark.parametrize(
    ("logins", "mark"), [(["public.ecr.aws"], Mark.NOTE), (["https://index.docker.io"], Mark.GOOD)]
)
def test_an_old_login_to_the_public_registry_is_pointed_out(tmp_path: Path, logins: list[str], mark: Mark) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"auths": {address: {} for address in logins}}))
    finding = only(check_registry(around(environment={"DOCKER_CONFIG": str(tmp_path)})))
    assert finding.mark is mark
    assert finding.do == ("docker logout public.ecr.aws" if mark is Mark.NOTE else "")


def test_the_cdk_command_is_the_pinned_one(tmp_path: Path) -> None:
    (tmp_path / "package.json").write_text(json.dumps({"devDependencies": {"aws-cdk": "2.2.0"}}))
    assert "install 2.2.0" in only(check_cdk(around(), tmp_path)).says
    installed = tmp_path / "node_modules/aws-cdk/package.json"
    installed.parent.mkdir(parents=True)
    for version, mark in (("2.2.0", Mark.GOOD), ("3.0.0", Mark.TO_DEPLOY)):
        installed.write_text(json.dumps({"version": version}))
        assert only(check_cdk(around(), tmp_path)).mark is mark


def test_node_comes_with_the_packages() -> None:
    assert only(check_node(around(run=run_program))).says.startswith("v")


def limits(values: Mapping[str, int], stage: Stage) -> Aws:
    """An account in which every quota of the stage is 100, but these."""
    aws = Aws()
    for service in dict.fromkeys(quota.service for quota in quotas(stage)):
        names = [quota.name for quota in quotas(stage) if quota.service == service]
        entries = [limit(name, values.get(name, 100)) for name in names if values.get(name) != -1]
        first, rest = entries[:1], entries[1:]
        aws.answers("service-quotas", "list_service_quotas", {"Quotas": first, "NextToken": "2"}, ServiceCode=service)
        aws.answers("service-quotas", "list_service_quotas", {"Quotas": rest}, ServiceCode=service, NextToken="2")
    return aws


def limit(name: str, value: int) -> dict[str, Any]:
    return {
        "QuotaName": name,
        "QuotaCode": "L-1194D53C",
        "Value": float(value),
        "Adjustable": not name.startswith("ml.m5"),
    }


def test_quotas_that_suffice_are_one_line() -> None:
    finding = only(check_quotas(around(limits({}, DEV), DEV)))
    assert (finding.mark, finding.says) == (Mark.GOOD, "7 suffice to deploy and to use the stage")


def test_a_new_accounts_missing_gpus_are_told_apart_from_what_only_use_needs() -> None:
    lacking = {
        "ml.g5.xlarge for endpoint usage": 0,
        "ml.p4d.24xlarge for training job usage": 0,
        "Concurrent executions": 10,
    }
    found = {f.says.partition(":")[0]: f for f in check_quotas(around(limits(lacking, DEV), DEV)) if f.what == "quota"}
    assert {name: finding.mark for name, finding in found.items()} == {
        "ml.g5.xlarge for endpoint usage": Mark.TO_DEPLOY,
        "ml.p4d.24xlarge for training job usage": Mark.TO_USE,
        "Concurrent executions": Mark.TO_USE,
    }
    endpoint = found["ml.g5.xlarge for endpoint usage"]
    assert "0; needs 1 to deploy, 4 to use" in endpoint.says
    assert endpoint.do.startswith(
        "aws service-quotas request-service-quota-increase --region eu-west-1 --service-code sagemaker "
        "--quota-code L-1194D53C --desired-value 4 "
    )


def test_one_endpoint_instance_lets_a_stage_be_deployed() -> None:
    found = check_quotas(around(limits({"ml.g5.xlarge for endpoint usage": 1}, DEV), DEV))
    assert only(f for f in found if f.what == "quota").mark is Mark.TO_USE


def test_an_instance_type_that_the_region_does_not_offer_is_named() -> None:
    found = check_quotas(around(limits({"ml.m5.xlarge for endpoint usage": -1}, TRIAL)))
    finding = only(f for f in found if f.what == "quota")
    assert (finding.mark, "unknown in eu-west-1" in finding.says) == (Mark.TO_DEPLOY, True)
    assert finding.do.startswith("another REGION, or another instance type")


def test_a_stage_that_has_other_machines_in_the_region_is_to_be_pinned_there() -> None:
    prod = STAGES["prod"]
    found = list(check_quotas(around(limits({"ml.g6e.xlarge for endpoint usage": -1}, prod), prod)))
    assert [f.do.partition(",")[0] for f in found if f.what == "quota"] == ["REGION=eu-west-1"]
    ireland = prod.placed(Placement(region="eu-west-1"))
    assert [f.what for f in check_quotas(around(limits({}, ireland), ireland))] == ["quotas"]


def network(zones: str = "abc", lacking: str = "", vpcs: int = 1) -> Aws:
    """An account with this many VPCs of others, in a region whose zone ``b`` does not have the service ``lacking``."""
    places = [f"{REGION}{letter}" for letter in zones]
    services = [
        {
            "ServiceName": f"com.amazonaws.{REGION}.{service}",
            "AvailabilityZones": [f"{REGION}a"] if service == lacking else places,
        }
        for service in STAGES["prod"].interfaces
    ]
    own = {"Tags": [{"Key": "atelier:stage", "Value": "prod"}]}
    found: list[dict[str, Any]] = [*({} for _ in range(vpcs)), own]
    return (
        Aws()
        .answers("ec2", "describe_availability_zones", {"AvailabilityZones": [{"ZoneName": name} for name in places]})
        .answers("ec2", "describe_vpc_endpoint_services", {"ServiceDetails": services})
        .answers("ec2", "describe_vpcs", {"Vpcs": found})
        .answers("service-quotas", "list_service_quotas", {"Quotas": [limit(VPCS, 5)]})
    )


def test_a_network_needs_its_zones_the_services_in_them_and_room_for_a_vpc() -> None:
    assert list(check_network(around(Aws(), DEV))) == []
    prod = STAGES["prod"]
    good = only(check_network(around(network(vpcs=4), prod)))
    assert (good.mark, good.says) == (Mark.GOOD, "room for a VPC, with 8 interface endpoints in zones a, b")
    wrong = [only(check_network(around(aws, prod))) for aws in (network(lacking="states"), network(vpcs=5))]
    assert {each.mark for each in wrong} == {Mark.TO_DEPLOY}
    assert [each.says for each in wrong] == [
        "no interface endpoint for states in eu-west-1b",
        "5 VPCs of 5 are there already, and the stage makes one",
    ]
    assert "--service-code vpc --quota-code L-1194D53C --desired-value 6" in wrong[1].do
    zone, *_ = check_network(around(network(zones="ac"), prod))
    assert zone.says == "eu-west-1 has no zone b for this account"
    assert "a,c" in zone.do


def test_licences_with_restrictions_are_to_be_read() -> None:
    found = {f.says.partition(":")[0]: f for f in check_licences(around(stage=DEV))}
    assert found["CreativeML Open RAIL++-M"].mark is Mark.NOTE
    assert found["CreativeML Open RAIL++-M"].says == (
        "CreativeML Open RAIL++-M: sd2-inpaint, sd-x4-upscaler; commercial with use restrictions "
        "(https://github.com/Stability-AI/stablediffusion/blob/main/LICENSE-MODEL)"
    )
    assert found["Apache-2.0"].mark is Mark.GOOD
    assert [f.mark for f in check_licences(around())] == [Mark.GOOD]


@pytest.mark.parametrize(
    ("today", "mark", "says"),
    [
        (
            "2027-06-30",
            Mark.NOTE,
            "tiny-upscaler is deprecated and not to be used from 2027-07-01: there is a better one",
        ),
        ("2027-07-01", Mark.TO_DEPLOY, "tiny-upscaler is not to be used from 2027-07-01: there is a better one"),
    ],
)
def test_a_model_past_its_day_is_not_deployed(
    monkeypatch: pytest.MonkeyPatch, today: str, mark: Mark, says: str
) -> None:
    entry = dataclasses.replace(
        CATALOGUE["tiny-upscaler"], stage="deprecated", retires="2027-07-01", note="there is a better one"
    )
    monkeypatch.setitem(CATALOGUE, "tiny-upscaler", entry)
    here = dataclasses.replace(around(), today=date.fromisoformat(today))
    assert [(f.mark, f.says) for f in check_licences(here) if f.what == "base model"] == [(mark, says)]


def test_without_credentials_this_machine_is_looked_at_all_the_same() -> None:
    aws = Aws().refuses("sts", "get_caller_identity", "InvalidClientTokenId")
    assert [f.what for f in examine(around(aws))] == ["Node.js", "CDK command", "images", "licence", "credentials"]


def test_what_the_caller_may_not_read_does_not_end_the_report() -> None:
    aws = (
        limits({}, TRIAL).answers("sts", "get_caller_identity", CALLER).refuses("ssm", "get_parameter", "AccessDenied")
    )
    findings = {f.what: f for f in examine(around(aws.answers("apigateway", "get_account", {})))}
    assert findings["bootstrap"].says.startswith("cannot be read: ")
    assert findings["quotas"].mark is Mark.GOOD
    assert conclusion(findings.values()) == "Can be deployed and used."


@pytest.mark.parametrize(
    ("marks", "says"),
    [
        ([Mark.GOOD, Mark.NOTE], "Can be deployed and used."),
        ([Mark.TO_USE, Mark.GOOD], "Can be deployed. Not all of it can be used: 1 of"),
        ([Mark.TO_USE, Mark.TO_DEPLOY], "Cannot be deployed: 1 of"),
    ],
)
def test_the_last_line_says_what_it_comes_to(marks: list[Mark], says: str) -> None:
    assert conclusion(Diagnosis(mark=mark, what="x", says="y") for mark in marks).startswith(says)


def test_a_program_that_fails_is_quoted() -> None:
    with pytest.raises(OSError, match="no-such-program"):
        run_program(["no-such-program"])
    with pytest.raises(OSError, match="cannot access"):
        run_program(["ls", "/no/such/file"])


def test_the_command_says_what_lacks_and_ends_with_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/no/such/file")
    monkeypatch.setattr("cli.doctor.run.run_program", lambda _: "linux/x86_64")
    assert main(["doctor", "trial"]) == 1
    printed = capsys.readouterr()
    assert "✗ region       none is set\n               → REGION=eu-west-1, or" in printed.out
    assert printed.err == "UnfitError: Cannot be deployed: 1 of the lines above begin with ✗.\n"


def test_findings_are_told_to_programs_too(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    finding = Diagnosis(mark=Mark.TO_DEPLOY, what="region", says="none is set", do="REGION=eu-west-1")
    monkeypatch.setattr("cli.doctor.run.examine", lambda _: [finding])
    assert main(["doctor", "trial", "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["findings"] == [
        {"mark": "to_deploy", "what": "region", "says": "none is set", "do": "REGION=eu-west-1"}
    ]
    assert told["conclusion"].startswith("Cannot be deployed")


def test_a_context_that_the_cdk_would_refuse_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "trial", "--context", "qualifier=team42", "--context", "account=12"]) == 2
    assert (
        "--context: got 'qualifier=team42 account=12'; allowed: placement.account: got '12'" in capsys.readouterr().err
    )
