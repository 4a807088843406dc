"""A wrong setting is named with its line of infra/config.py, and nobody meets the way that Python took there."""

import re
import subprocess
import sys
from dataclasses import fields, replace
from pathlib import Path
from shutil import copytree, ignore_patterns
from typing import Any

import pytest

from cli.main import main
from contracts.metrics import FineTuningMetrics
from contracts.prices import DOLLARS_PER_HOUR
from contracts.release import ReleaseRules
from infra.config import STAGES
from infra.settings import instance_types
from infra.settings.instance_types import types

DEV = STAGES["dev"]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"media_days": "30"}, "stage.media_days: got '30'; allowed: a whole number"),
        ({"media_days": True}, "stage.media_days: got true; allowed: a whole number"),
        ({"base_models": "sd2-inpaint"}, r"stage.base_models: got 'sd2-inpaint'; allowed: a tuple, each of it a text"),
        ({"keep_data": "no"}, "stage.keep_data: got 'no'; allowed: True or False"),
        ({"segmenter": None}, "stage.segmenter: got nothing; allowed: a text"),
        ({"jobs": DEV.serving}, "stage.jobs: got .*; allowed: JobSettings"),
        ({"log_days": 17}, "stage.log_days: got 17; allowed: what CloudWatch offers: 1, 3, 5, 7, 14, 30"),
    ],
)
def test_a_setting_of_another_kind_is_named(change: dict[str, object], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        replace(DEV, **change)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"most_instances": "3"}, "serving.most_instances: got '3'; allowed: a whole number"),
        ({"fallbacks": ["ml.g5.2xlarge"]}, r"serving.fallbacks: got \['ml.g5.2xlarge'\]; allowed: a tuple"),
        (
            {"elsewhere": {"eu-west-1": "ml.g6.xlarge"}},
            "serving.elsewhere: got .*; allowed: a mapping of a text to a tuple",
        ),
        ({"pace": (1.5, 2)}, r"serving.pace: got \[1.5, 2\]; allowed: \(a whole number, a whole number\) or None"),
    ],
)
def test_so_is_one_of_a_part(change: dict[str, object], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        replace(DEV.serving, **change)  # type: ignore[arg-type]


def test_a_rule_about_what_no_evaluation_of_the_stage_measures_is_refused() -> None:
    likeness = FineTuningMetrics(likeness=0.7)
    with pytest.raises(ValueError, match=r"rules.gate.inpaint.likeness: .*; allowed: a metric without CLIP"):
        replace(STAGES["local"], rules=ReleaseRules(gate={"inpaint": likeness}))
    with pytest.raises(ValueError, match=r"rules.gate.text-to-image.leak"):
        replace(DEV, rules=ReleaseRules(gate={"text-to-image": FineTuningMetrics(leak=0.2)}))
    assert replace(DEV, rules=ReleaseRules(gate={"inpaint": likeness}))


def test_machines_that_are_too_weak_for_the_models_are_refused_unless_they_were_measured() -> None:
    weak = replace(DEV.serving, instance="ml.t2.medium", fallbacks=(), elsewhere={})
    with pytest.raises(ValueError, match=r"serving.pace: got nothing; allowed: what was measured on t2"):
        replace(DEV, serving=weak)
    assert replace(DEV, serving=replace(weak, pace=(9_000, 900))).pace.pixels == 9_000


G5 = "ml.g5.12xlarge, ml.g5.16xlarge, ml.g5.24xlarge, ml.g5.2xlarge, ml.g5.48xlarge, ml.g5.4xlarge, ml.g5.8xlarge, ml.g5.xlarge"


@pytest.mark.parametrize(
    ("part", "field", "named", "use"),
    [
        (DEV.serving, "instance", "serving.instance", "endpoints"),
        (DEV.serving, "fallbacks", "serving.fallbacks", "endpoints"),
        (DEV.serving, "elsewhere", "serving.elsewhere['eu-west-1']", "endpoints"),
        (DEV.jobs, "processing_instance", "jobs.processing_instance", "processing jobs"),
        (DEV.jobs, "training_instance", "jobs.training_instance", "training jobs"),
        (DEV.pretraining, "shard_instance", "pretraining.shard_instance", "processing jobs"),
        (DEV.pretraining, "train_instance", "pretraining.train_instance", "training jobs"),
    ],
)
def test_a_machine_that_sagemaker_does_not_have_is_refused_with_those_like_it(
    part: Any, field: str, named: str, use: str
) -> None:
    kinds: dict[str, Any] = {"fallbacks": ("ml.g5.99xlarge",), "elsewhere": {"eu-west-1": ("ml.g5.99xlarge",)}}
    says = f"{named}: got 'ml.g5.99xlarge'; allowed: what SageMaker has for {use}, such as {G5}; or a type newer than botocore"
    with pytest.raises(ValueError, match=re.escape(says)):
        replace(part, **{field: kinds.get(field, "ml.g5.99xlarge")})


def test_every_setting_that_holds_a_machine_is_among_those() -> None:
    held = {
        (part, field.name)
        for part in ("serving", "jobs", "pretraining")
        for stage in STAGES.values()
        for field in fields(getattr(stage, part))
        if "'ml." in repr(getattr(getattr(stage, part), field.name))
    }
    (mark,) = test_a_machine_that_sagemaker_does_not_have_is_refused_with_those_like_it.pytestmark
    assert held == {(named.partition(".")[0], field) for _, field, named, _ in mark.args[1]}


def test_a_machine_of_another_use_is_refused_too() -> None:
    assert "ml.t3.medium" in types("processing jobs") - types("endpoints")
    with pytest.raises(ValueError, match=r"what SageMaker has for endpoints, such as ml\.t"):
        replace(DEV.serving, instance="ml.t3.medium")


def test_a_machine_of_no_known_family_is_refused_with_what_is_spelt_alike() -> None:
    with pytest.raises(
        ValueError, match=r"got 'ml.g55.xlarge'; allowed: what SageMaker has for training jobs, such as .*ml.g5.xlarge"
    ):
        replace(DEV.jobs, training_instance="ml.g55.xlarge")


def test_a_machine_that_is_newer_than_botocore_is_taken_once_it_has_a_price(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(instance_types, "DOLLARS_PER_HOUR", {**DOLLARS_PER_HOUR, "ml.g9.xlarge": 2.0})
    assert replace(DEV.jobs, training_instance="ml.g9.xlarge").training_instance == "ml.g9.xlarge"


def test_a_region_that_is_none_is_said_without_a_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cost", "dev", "--region", "Ireland"]) == 1
    assert "stage dev: placement.region: got 'Ireland'" in capsys.readouterr().err


@pytest.fixture(scope="module")
def tree(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the settings and the command need of this repository, to be broken."""
    tree = tmp_path_factory.mktemp("tree")
    for name in ("atelier", "cli", "contracts", "infra", "local"):
        copytree(root / name, tree / name, ignore=ignore_patterns("__pycache__"))
    copytree(root / "models", tree / "models", ignore=ignore_patterns("__pycache__", "tiny"))
    (tree / "app.py").write_text((root / "app.py").read_text(encoding="utf-8"), encoding="utf-8")
    return tree


@pytest.mark.parametrize(
    ("right", "wrong", "says"),
    [
        ("keep_data=False,", "keepdata=False,", "Stage: got 'keepdata'; allowed: .*; nearest: keep_data"),
        ("media_days=1,", 'media_days="1",', "stage.media_days: got '1'; allowed: a whole number"),
        ('segmenter="tiny-clipseg",', "", "Stage: missing 'segmenter'"),
        ('training_instance="ml.m5.xlarge"', 'training_instance="m5"', "jobs.training_instance: got 'm5'"),
        (
            'instance="ml.g6e.xlarge"',
            'instance="ml.g6e.99xlarge"',
            "serving.instance: got 'ml.g6e.99xlarge'; allowed: what Sage",
        ),
    ],
)
@pytest.mark.parametrize("command", [["-m", "cli", "cost", "trial"], ["app.py"]], ids=["cost", "synth"])
def test_the_line_of_a_wrong_setting_is_said_and_nothing_else(
    command: list[str], right: str, wrong: str, says: str, tree: Path, root: Path
) -> None:
    config = tree / "infra" / "config.py"
    text = (root / "infra" / "config.py").read_text(encoding="utf-8")
    assert right in text
    config.write_text(text.replace(right, wrong, 1), encoding="utf-8")
    words = ["-c", "import sys; from cli.main import main; sys.exit(main(sys.argv[1:]))", *command[2:]]
    ran = subprocess.run(
        [sys.executable, *(words if command[0] == "-m" else command)],
        cwd=tree,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 1
    assert ran.stdout == ""
    (line,) = ran.stderr.splitlines()
    assert re.fullmatch(rf"infra/config\.py, line \d+: {says}.*", line), line
