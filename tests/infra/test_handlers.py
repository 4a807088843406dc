"""The Lambdas: the environment that docs/architecture.md promises them, and nothing else."""

import json
import re
from collections.abc import Iterable
from importlib.metadata import distribution
from pathlib import Path
from zipfile import ZipFile

import pytest
from aws_cdk import App, Stack
from aws_cdk import aws_logs as logs
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from infra.components import packages
from infra.components.handler import PACKAGES
from infra.components.log_retention import OFFERED, retention
from infra.config import STAGES
from tests.infra.conftest import Synthesized

ROW = re.compile(r"^\| `([a-z_]+)` \| (.*) \|$", re.MULTILINE)


def promised(root: Path) -> dict[str, set[str]]:
    """The table "Lambda settings" of the architecture page."""
    page = (root / "docs" / "architecture.md").read_text(encoding="utf-8")
    section = page.partition("## Lambda settings")[2].partition("\nHandlers are")[0]
    rows = {name: re.sub(r"\([^)]*\)", "", cell) for name, cell in ROW.findall(section)}
    return {name: set(re.findall(r"\b[A-Z][A-Z_]+\b", cell)) for name, cell in rows.items()}


def given(stage: Synthesized) -> dict[str, set[str]]:
    """The variables of every handler as synthesized."""
    found = {}
    for function in stage.resources("AWS::Lambda::Function").values():
        properties = function["Properties"]
        if properties["Handler"].startswith("atelier_ops.handlers."):
            name = properties["Handler"].split(".")[2]
            variables = properties.get("Environment", {}).get("Variables", {})
            found[name] = {variable for variable in variables if not variable.startswith("POWERTOOLS_")}
    return found


def test_every_handler_gets_the_variables_of_the_architecture_page(stage: Synthesized, root: Path) -> None:
    outward = {"deliver_webhooks"} if STAGES[stage.name].network else set()
    outward |= set() if STAGES[stage.name].serving.is_real_time else {"ask_endpoint"}
    assert not STAGES[stage.name].api.signed
    page = STAGES[stage.name].page
    assert page
    outward |= {"authorize" if page.sign_in else "authorize_people"}
    assert given(stage) == {name: names for name, names in promised(root).items() if name not in outward}


def test_every_handler_has_its_stack_s_layer_of_packages(stage: Synthesized) -> None:
    for stack in stage.templates:
        layers = set(stage.resources("AWS::Lambda::LayerVersion", stack))
        functions = stage.resources("AWS::Lambda::Function", stack).values()
        ours = [f["Properties"] for f in functions if f["Properties"]["Handler"].startswith("atelier_ops.")]
        assert {layer["Ref"] for properties in ours for layer in properties["Layers"]} == layers, stack


def test_the_layer_is_for_the_functions_processor_and_python(dev: Synthesized) -> None:
    assets = json.loads(Path(dev.folder, "Api.assets.json").read_text(encoding="utf-8"))
    (layer,) = [
        asset["source"]["path"] for asset in assets["files"].values() if asset["source"]["path"].endswith(".zip")
    ]
    with ZipFile(Path(dev.folder, layer)) as packed:
        files = {file.filename: file for file in packed.infolist()}
    libraries = [name for name in files if name.endswith(".so")]
    assert libraries
    assert all(name.startswith("python/") and name.endswith(".cpython-313-aarch64-linux-gnu.so") for name in libraries)
    assert not [name for name in files if name.startswith("python/boto3/")]
    assert sum(file.file_size for file in files.values()) < 30 * 2**20
    # Lambda runs the function as another user than the one whose files these were.
    assert all(file.external_attr >> 16 & 0o444 == 0o444 for file in files.values())


@pytest.mark.parametrize(("lock", "got"), [(None, "got none"), ("pydantic==1.0\n", "got another lock file's")])
def test_synth_says_which_command_fetches_the_packages(
    lock: str | None, got: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if lock is not None:
        (tmp_path / "requirements.lock").write_text(lock, encoding="utf-8")
    monkeypatch.setattr(packages, "FOLDER", tmp_path)
    with pytest.raises(packages.PackagesMissingError, match=rf"{got}.*make lambda-packages"):
        packages.packages_layer(Stack(App(), "Any"))


def test_the_layer_s_lock_is_what_its_requirements_need_at_the_versions_of_the_tests(root: Path) -> None:
    locked = set(versions(root / "lambdas" / "requirements.lock").items())
    assert locked <= set(versions(root / "requirements.lock").items())
    wanted = needed(Requirement(line) for line in lines(root / "lambdas" / "requirements.txt"))
    runtime = {"botocore", "urllib3", "python-dateutil", "six"}
    assert {name for name, _ in locked} == wanted - runtime


def lines(path: Path) -> list[str]:
    """A requirements file without its comments."""
    return [line for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]


def versions(path: Path) -> dict[str, str]:
    """Version by canonical name."""
    pairs = (line.split("==") for line in lines(path))
    return {canonicalize_name(name): version for name, version in pairs}


def needed(requirements: Iterable[Requirement]) -> set[str]:
    """Canonical names of the requirements and of everything that they need, as installed here."""
    names = set[str]()
    for requirement in requirements:
        extras = requirement.extras or {""}
        inner = (Requirement(text) for text in distribution(requirement.name).requires or [])
        applies = (r for r in inner if r.marker is None or any(r.marker.evaluate({"extra": e}) for e in extras))
        names |= {canonicalize_name(requirement.name)} | needed(applies)
    return names


def test_the_code_holds_the_packages_side_by_side_and_no_caches(dev: Synthesized) -> None:
    assets = json.loads(Path(dev.folder, "Training.assets.json").read_text(encoding="utf-8"))
    folders = [Path(dev.folder, asset["source"]["path"]) for asset in assets["files"].values()]
    (code,) = [folder for folder in folders if (folder / "atelier_ops").is_dir()]
    assert sorted(path.name for path in code.iterdir()) == sorted(Path(package).name for package in PACKAGES)
    assert not list(code.rglob("__pycache__"))


def test_a_log_cannot_be_kept_for_a_time_that_cloudwatch_does_not_offer() -> None:
    with pytest.raises(ValueError, match=r"got 2 days; allowed: 1, 3, 5, 7, 14, 30, .*, 3653"):
        retention(2)


def test_a_log_can_be_kept_for_every_time_that_cloudwatch_offers() -> None:
    scratch = Stack()
    for days, member in OFFERED.items():
        group = logs.LogGroup(scratch, member.name, retention=member).node.default_child
        assert isinstance(group, logs.CfnLogGroup)
        assert group.retention_in_days == days


def test_events_of_other_people_s_packages_and_endpoints_let_nothing_go_on(stage: Synthesized) -> None:
    rules = [rule["Properties"] for rule in stage.resources("AWS::Events::Rule").values()]
    ours = [rule for rule in rules if "HandlersSettleFunction" in json.dumps(rule["Targets"])]
    patterns = [rule["EventPattern"] for rule in ours if "EventPattern" in rule]
    assert [rule["ScheduleExpression"] for rule in ours if "EventPattern" not in rule] == ["rate(15 minutes)"]
    prefixes = {pattern["detail-type"][0]: next(iter(pattern["detail"].values()))[0]["prefix"] for pattern in patterns}
    assert prefixes == {
        "SageMaker Model Package State Change": f"atelier-{stage.name}-",
        "SageMaker Endpoint State Change": f"atelier-{stage.name}-style-",
    }
