"""The atelier command: its help, and what it says of a line that it cannot run."""

import pytest

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
