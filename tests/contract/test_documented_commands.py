"""Every command that the documentation tells people to type is run by a test, or its text says that it is for an AWS account.

Lines of ``atelier`` are run here, with the API in memory and files of the names that they give; requests by curl in
``test_documented_requests.py``. Calls of ``aws`` are compared with what AWS declares. What ``make`` does is read from the
Makefile: what CI runs, a line of ``atelier``, or a module that a test imports; ``MEASURED`` and ``BY_HAND`` name the rest.
"""

import importlib.util
import json
import re
import shlex
import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest
from PIL import Image

import cli.paint
from cli.main import main
from tests.contract.documented import TypedCommand, inline_commands, typed_commands
from tests.contract.test_runbook import SHELL, wrong
from tests.unit.ops_stage import put_promoted, put_version
from tests.unit.test_cli_json import MACHINE, OF_THE_CDK, OUTPUTS, WORDS, laid_out

__all__ = ["laid_out"]

ROOT = Path(__file__).resolve().parents[2]
TYPED = typed_commands(ROOT)
ATELIER = list(dict.fromkeys(command.line for command in TYPED if command.line.startswith(".venv/bin/atelier ")))
ELSEWHERE = {"docs/runbook.md", "README.md", "README.ko.md"}
"""Pages whose calls of ``aws`` test_runbook.py and test_readme_requests.py look at; the Korean README's blocks are the same."""

IN_AWS = {"bootstrap", "deploy", "deployed", "destroy", "diff", "key", "smoke"}
"""Targets of make that ask an account; ``doctor`` and ``costs`` need none."""

MEASURED = {
    name: importlib.util.resolve_name(f".{name.removeprefix('bench-')}", "bench")
    for name in (
        *("bench-cold", "bench-colour", "bench-ddp", "bench-demo", "bench-encoding", "bench-hostile", "bench-load"),
        *("bench-needs", "bench-photos", "bench-soak", "bench-synth"),
    )
}
"""Measurements of minutes, which no test runs, and their modules: strict types hold them to what they measure."""

BY_HAND = {
    "clean": "removes what is installed, this environment with it",
    "docs": "writes what tests/contract/test_docs.py and tests/infra/test_nist.py compare",
    "help": "prints the Makefile's own lines",
    "lambda-packages": "fetches packages; the install step that CI begins with does the same",
    "lock": "writes what is installed",
}
"""Targets of make that no test runs, and why."""


@cache
def recipe(target: str) -> str:
    """What make would do, all else being up to date."""
    words = ["make", "--dry-run", "--always-make", "--old-file=.venv/.installed", target]
    return subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True).stdout


@cache
def imported() -> str:
    """The import lines of every test, and what they name in quotes."""
    return "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("*.py"))


def proves(target: str) -> bool:
    """Whether some test runs what a target of make does."""
    ci = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    named = {word for line in re.findall(r"^make (.+)$", ci, re.MULTILINE) for word in line.split()} | {"check"}
    if target in named | IN_AWS:
        return True
    done = recipe(target)
    modules = set(re.findall(r"python (?:-W ignore )?-m ([a-z_.]+)", done)) - {"pip", "venv"}
    commands = re.findall(r"\.venv/bin/atelier ([a-z]+)", done)
    tested = [
        bool(re.search(rf"\b{re.escape(module)}\b|\bfrom {module.replace('.', '[.]')}", imported()))
        for module in modules
    ]
    return bool(tested or commands) and all(tested) and {*commands} <= {*WORDS, *OF_THE_CDK}


@pytest.fixture
def files(laid_out: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The files that lines of the documentation name, in the folder that they are typed in."""
    Image.new("RGB", (64, 64)).save(tmp_path / "photo.jpg")
    Image.new("L", (64, 64), 255).save(tmp_path / "mask.png")
    (tmp_path / "catalogue.csv").write_text("image,colour\nphoto.jpg,red\n", encoding="utf-8")
    for name in ("photos", "spring", "out/figures"):
        shutil.copytree(tmp_path / "learnt", tmp_path / name)
    shutil.copytree(tmp_path / "weights", tmp_path / "artifacts" / "my-skirt")
    (tmp_path / "models" / "tiny").mkdir(parents=True)
    (tmp_path / "models" / "tiny" / "sample").symlink_to(ROOT / "models" / "tiny" / "sample")
    buckets = cli.paint.connected.__self__.api.buckets  # type: ignore[attr-defined]
    put_version(buckets, 1, style="sharp-skirt", task="upscale")
    put_promoted(buckets, 1, style="sharp-skirt")
    monkeypatch.setattr("cli.pretrain.upload", lambda *_: None)
    monkeypatch.setattr("cli.logs.services_of", lambda *_: lambda service: None)
    monkeypatch.setattr("cli.logs.last_events", lambda *_: [])
    keys = {"ApiKeyId": "1", "ApiKeyIds": json.dumps({"studio": "1"})}
    monkeypatch.setattr("cli.deployed.stage_outputs", lambda *_: {**OUTPUTS, **MACHINE, **keys})
    return laid_out


def known(words: list[str], made: dict[str, str]) -> list[str]:
    """The line for what the API in memory holds: the styles ``skirt`` and ``sharp-skirt``, one training and one prediction."""
    renamed = [re.sub(r"training-[0-9a-f]{12}", made["training"], word) for word in words]
    if words[0] not in ("train", "verify"):
        renamed = [re.sub(r"\b(my|own|painted)-skirt\b(?!-)", "skirt", word) for word in renamed]
    if words[0] == "reject":
        renamed = [word.replace("@2", "@3") for word in renamed]  # the one that waits for a decision
    if words[0] == "pretrain" and "--stage" not in words:
        renamed += ["--stage", "dev"]  # without it a local cloud is started: tests/e2e/test_pretraining.py
    return renamed


@pytest.mark.parametrize("line", ATELIER, ids=range(len(ATELIER)))
def test_a_line_of_atelier_runs(
    line: str, files: dict[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _, command, *rest = shlex.split(line, comments=True)
    words = known([command, *rest], files)
    if (
        command in OF_THE_CDK
    ):  # what they do is in tests/unit/test_cli_deploy.py and tests/integration/test_cdk_command.py
        module = "deploy" if command == "bootstrap" else command
        monkeypatch.setattr(f"cli.{module}.run_{command}", lambda *_, **__: None)
    code = main([*words, *(["--yes"] if command == "train" else [])])
    assert code == (1 if command == "doctor" else 0), capsys.readouterr().err


def test_what_make_does_is_run_by_a_test_or_asks_an_account() -> None:
    named = {command.words[command.words.index("make") + 1] for command in TYPED if command.words[:1] == ["make"]}
    named |= {words.split()[1] for _, words in inline_commands(ROOT) if words.startswith("make ")} - {"-s"}
    assert len(named) > 40
    assert sorted(target for target in named - BY_HAND.keys() - MEASURED.keys() if not proves(target)) == []
    assert sorted(target for target in {*BY_HAND, *MEASURED} if target not in named or proves(target)) == []


@pytest.mark.parametrize("target", MEASURED)
def test_a_measurement_is_there(target: str) -> None:
    assert f"-m {MEASURED[target]}" in recipe(target)
    assert importlib.util.find_spec(MEASURED[target])


def test_whoever_is_told_to_type_something_that_asks_an_account_is_told_so() -> None:
    asking = [command for command in TYPED if asks_an_account(command)]
    assert len(asking) > 30
    assert [f"{command.page}: {command.line}" for command in asking if not command.says_aws] == []


def asks_an_account(command: TypedCommand) -> bool:
    """Whether the command talks to AWS, by what it does or by the stage that it names; what begins with ``aws`` says so itself."""
    program, *rest = [*command.words, ""]
    stage = re.search(r"(?:--stage |STAGE=)(\w+)", command.line)
    of_cdk = program.endswith("atelier") and rest[0] in OF_THE_CDK
    return (
        program == "aws"
        or of_cdk
        or (program == "make" and rest[0] in IN_AWS)
        or (stage is not None and stage[1] != "local")
    )


def test_calls_of_aws_are_those_that_it_declares() -> None:
    calls = [command for command in TYPED if command.words[:1] == ["aws"] and command.page not in ELSEWHERE]
    assert [f"{each.page}: {each.line}" for each in calls if wrong(each.words[1:])] == []


def test_no_other_program_is_needed() -> None:
    programs = {command.words[0] for command in TYPED if command.words and not re.match(r"[A-Z_]+=", command.line)}
    assert programs - SHELL <= {"make", "aws", "for", ".venv/bin/atelier", ".venv/bin/python"}


def test_each_module_that_is_typed_is_run_by_a_test() -> None:
    modules = {command.words[2] for command in TYPED if command.words[:2] == [".venv/bin/python", "-m"]}
    assert modules == {"models.tiny.make.upload"}
    assert "from models.tiny.make import upload" in imported()


@pytest.mark.parametrize("line", ["make none", "make lambda-packages"])
def test_a_target_that_no_test_runs_is_seen(line: str) -> None:
    target = line.split()[1]
    if target == "none":
        with pytest.raises(subprocess.CalledProcessError):
            recipe(target)
    else:
        assert not proves(target)
