"""docs/runbook.md: each situation has a symptom, commands that the tools know, and what they should answer."""

import re
import shlex
from pathlib import Path

import jmespath  # type: ignore[import-untyped]
import pytest
from botocore import xform_name
from botocore.session import Session

GLOBAL = {"query", "output", "region", "profile"}
SHELL = {"curl", "echo", "env", "export"}
CUSTOM = {"s3": {"ls", "cp", "rm"}}
"""Commands of the AWS command line that are no API calls."""

OUTFILE = {("lambda", "invoke")}
"""Calls whose answer is a stream: the file that takes it stands alone."""

PAGE = Path(__file__).resolve().parents[2] / "docs" / "runbook.md"


def sections() -> dict[str, str]:
    """The situations by their heading."""
    parts = PAGE.read_text(encoding="utf-8").split("\n## ")[1:]
    return {heading: text for heading, _, text in (part.partition("\n") for part in parts)}


def commands() -> list[str]:
    """Every line of every block of commands; of a loop, the command that it goes through."""
    blocks = re.findall(r"```sh\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines() if not re.fullmatch(r"[A-Z_]+=\S+", line)]
    return [re.sub(r"for \w+ in \$\((.*)\); do .*", r"\1", line) for line in lines]


def outputs(root: Path) -> set[str]:
    """The names of the outputs of the stacks."""
    sources = (root / "infra" / "stacks").glob("*.py")
    return {name for file in sources for name in re.findall(r'CfnOutput\(self, "(\w+)"', file.read_text("utf-8"))}


def test_there_are_at_least_fifteen_situations_each_told_whole() -> None:
    assert len(sections()) >= 15
    for heading, text in sections().items():
        assert all(part in text for part in ("\nSymptom: ", "```sh\n", "\nExpected: ")), heading


@pytest.mark.parametrize("command", commands())
def test_a_command_is_one_that_the_tool_knows(command: str, root: Path) -> None:
    tool, *words = shlex.split(command)
    if tool == "make":
        assert re.search(rf"^{words[0]}:", (root / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    elif tool == "aws":
        assert wrong(words) == []
    else:
        assert tool in SHELL


def test_what_the_commands_take_is_an_output_or_named_in_capitals(root: Path) -> None:
    used = {name for command in commands() for name in re.findall(r"\$\{?(\w+)", command)} - {"output"}
    assert {name for name in used if not name.isupper()} <= outputs(root)
    assert "EndpointName" in used


@pytest.mark.parametrize(
    "command",
    [
        "sns list-subscribers --topic-arn a",
        "sns subscribe --protocol email",
        "sns subscribe --topic-arn a --protocol email --endpoint a@example.com",
        "sagemaker describe-endpoint --endpoint-name e --query 'a[.b'",
        "sagemaker describe-endpoints --endpoint-name e",
        "s3 empty s3://bucket",
    ],
)
def test_a_wrong_command_is_seen(command: str) -> None:
    assert wrong(shlex.split(command))


def wrong(words: list[str]) -> list[str]:
    """What the AWS command line would refuse of ``aws WORDS``."""
    service, operation, *rest = words
    if service in CUSTOM:
        return [] if operation in CUSTOM[service] else [operation]
    model = Session().get_service_model(service)
    named = {xform_name(name, "-"): name for name in model.operation_names}
    if operation not in named:
        return [operation]
    shape = model.operation_model(named[operation]).input_shape
    members = {xform_name(name, "-"): name for name in shape.members} if shape else {}
    # The command line calls it so, because a member of this name would hide its own option.
    renamed = {"notification-endpoint": "endpoint"} if (service, operation) == ("sns", "subscribe") else {}
    options = [renamed.get(word[2:], word[2:]) for word in rest if word.startswith("--")]
    if renamed and "--endpoint" in rest:
        return ["--endpoint"]
    switches = {
        xform_name(name, "-") for name in members.values() if shape and shape.members[name].type_name == "boolean"
    }
    unknown = [option for option in options if option.removeprefix("no-") not in {*members, *GLOBAL, *switches}]
    missing = [
        name for name, member in members.items() if shape and member in shape.required_members and name not in options
    ]
    if "--query" in rest:
        try:
            jmespath.compile(rest[rest.index("--query") + 1])
        except jmespath.exceptions.ParseError as error:
            unknown.append(str(error))
    if (service, operation) in OUTFILE and rest[-1].startswith("--"):
        missing.append("outfile")
    return [*unknown, *missing]
