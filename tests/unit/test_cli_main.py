"""The atelier command: its help, and what it says of a line that it cannot run."""

import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import (
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    ProfileNotFound,
    UnauthorizedSSOTokenError,
)

from cli.account import api_key
from cli.advice import advice
from cli.app import COMMANDS
from cli.main import main
from contracts.errors import InvalidInputError

NAMES = [command.__name__ for commands in COMMANDS.values() for command in commands]


@pytest.mark.parametrize("columns", [40, 80, 120])
def test_help_lists_every_command_however_narrow_the_terminal(
    columns: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    assert main(["--help"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [name for name in NAMES if not any(line.startswith(f"│ {name} ") for line in lines)] == []
    assert max(map(len, lines)) <= columns


@pytest.mark.parametrize("command", [*NAMES, "local"])
def test_each_command_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([command, "--help"]) == 0
    assert f"Usage: atelier {command} " in capsys.readouterr().out


def test_a_command_takes_its_file_s_name_and_says_what_it_is_for(root: Path) -> None:
    files = {path.stem for path in (root / "cli" / "commands").glob("*.py")} - {"__init__"}
    assert sorted(NAMES) == sorted(files)
    assert [name for commands in COMMANDS.values() for name in commands if not name.__doc__] == []


def test_a_line_without_a_command_is_refused_and_says_which_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert "Usage: atelier [OPTIONS] COMMAND" in capsys.readouterr().out


def test_a_command_that_is_not_there_is_refused_with_the_one_that_was_meant(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["dmeo"]) == 2
    assert "No such command 'dmeo'. Did you mean 'demo'" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["key"], ["key", "moon"], ["key", "trial", "--stage", "dev"]])
def test_a_stage_that_is_none_or_two_is_refused_with_those_that_there_are(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 2
    assert "allowed: one of local, trial, dev, prod" in capsys.readouterr().err


def test_a_stage_is_named_in_either_way(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr("cli.deployed.run_key", lambda stage, client, **_: asked.append(stage + client))
    assert main(["key", "trial"]) == main(["key", "--stage", "trial"]) == main(["key", "trial", "--stage=trial"]) == 0
    assert asked == ["trial"] * 3
    assert main(["key", "trial", "--client", "-studio"]) == 0
    assert asked[-1] == "trial-studio"


def test_a_key_is_its_clients_and_an_unknown_client_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    def client(_: str) -> Any:
        return SimpleNamespace(get_api_key=lambda **names: {"value": f"value of {names['apiKey']}"})

    outputs = {"ApiKeyId": "a", "ApiKeyIds": '{"first": "a", "studio": "b"}'}
    assert [api_key(client, outputs, name) for name in ("", "studio")] == ["value of a", "value of b"]
    with pytest.raises(InvalidInputError, match=r"--client: got 'other'; allowed: first \| studio"):
        api_key(client, outputs, "other")


def test_an_unknown_option_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["up", "--prot", "80"]) == 2
    assert "atelier up: No such option: --prot (Possible options: --out, --port)" in capsys.readouterr().err


@pytest.mark.parametrize("port", ["0", "65536", "http"])
def test_a_port_that_cannot_be_says_what_is_allowed(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo", "--port", port]) == 2
    assert f"'--port': got {port!r}; allowed: 1 to 65535" in capsys.readouterr().err


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


def test_an_interrupt_while_the_command_is_still_being_imported_is_no_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Interrupted:
        def __getattr__(self, name: str) -> None:
            raise KeyboardInterrupt

    monkeypatch.setitem(sys.modules, "cli.app", Interrupted())
    assert main(["--help"]) == 130
    assert capsys.readouterr() == ("", "")


def test_what_help_needs_is_quick_to_import() -> None:
    """Half a second of boto3, numpy or the CDK before a page of help is read is half a second too much."""
    script = "import sys, cli.app; print(*sorted({m.split('.')[0] for m in sys.modules}))"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    slow = {"aws_cdk", "boto3", "botocore", "infra", "local", "ministack", "numpy", "PIL", "psutil", "torch", "urllib3"}
    assert slow & set(run.stdout.split()) == set()


def test_what_is_no_users_fault_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(stage: str, _: str, **__: bool) -> None:
        raise ZeroDivisionError(stage)

    monkeypatch.setattr("cli.deployed.run_key", broken)
    with pytest.raises(ZeroDivisionError):
        main(["key", "trial"])


def test_a_reader_that_has_seen_enough_is_no_error() -> None:
    script = "import sys; from cli.main import main; sys.exit(main(['--help']))"
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as command:
        assert command.stdout is not None
        command.stdout.close()
        assert command.stderr is not None
        assert command.stderr.read() == b""
