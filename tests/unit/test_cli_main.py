"""The atelier command: its help, and what it says of a line that it cannot run."""

import json
from pathlib import Path

import pytest
from botocore.exceptions import (
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    ProfileNotFound,
    UnauthorizedSSOTokenError,
)

from cli.advice import advice
from cli.main import main


@pytest.mark.parametrize("command", ["demo", "local", "pretrain"])
def test_help_lists_each_command_and_each_command_explains_itself(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for words in (["--help"], [command, "--help"]):
        with pytest.raises(SystemExit, match="0"):
            main(words)
    listed, explained = capsys.readouterr().out.split("usage: atelier")[1:]
    assert f"    {command} " in listed
    assert "--out OUT" in explained


def test_an_unknown_option_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["local", "--prot", "80"]) == 1
    assert "got '--prot 80'; allowed: the options that --help lists" in capsys.readouterr().err


@pytest.mark.parametrize("port", ["0", "65536", "http"])
def test_a_port_that_cannot_be_says_what_is_allowed(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["demo", "--port", port])
    assert f"argument --port: got {port!r}; allowed: 1 to 65535" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (NoCredentialsError(), "sign in: aws sso login"),
        (ProfileNotFound(profile="nobody"), "PROFILE=name"),
        (UnauthorizedSSOTokenError(), "sign in: aws sso login"),
        (ClientError({"Error": {"Code": "ExpiredToken"}}, "DescribeStacks"), "sign in: aws sso login"),
        (ClientError({"Error": {"Code": "AccessDenied"}}, "DescribeStacks"), ""),
        (EndpointConnectionError(endpoint_url="https://sts.mars.amazonaws.com"), "HTTPS_PROXY"),
    ],
)
def test_what_to_do_about_missing_credentials_and_networks_is_said(error: Exception, says: str) -> None:
    assert says in advice(error)
    assert bool(advice(error)) == bool(says)


@pytest.mark.parametrize("command", ["bootstrap", "deploy", "diff", "destroy"])
def test_nothing_is_begun_without_a_region_or_credentials(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stack = {"stackName": "atelier-trial-storage", "templateFile": "t.json"}
    artifacts = {"Storage": {"type": "aws:cloudformation:stack", "properties": stack}}
    (tmp_path / "manifest.json").write_text(json.dumps({"artifacts": artifacts}), encoding="utf-8")
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/no/such/file")
    words = [command, "trial", f"--assembly={tmp_path}", "--cdk=--require-approval never"]
    assert main(words) == 1
    assert "✗ region       none is set\n               → REGION=eu-west-1" in capsys.readouterr().err
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    monkeypatch.setattr("cli.doctor.run.account_client", lambda _: _Denied())
    assert main(words) == 1
    assert "✗ credentials  An error occurred (ExpiredToken)" in capsys.readouterr().err


class _Denied:
    """AWS, whose session is over."""

    def get_caller_identity(self) -> None:
        raise ClientError({"Error": {"Code": "ExpiredToken", "Message": "over"}}, "GetCallerIdentity")
