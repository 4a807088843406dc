"""The training image as SageMaker runs it: a process, its folders, its log, its exit code."""

import importlib.metadata
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from atelier_training.__main__ import main
from atelier_training.engine.checkpoint import FILE
from atelier_training.paths import MlPaths
from contracts.artifact import TRAINING_LOG, StyleManifest, verify_files
from contracts.execution import TASKS
from contracts.layout import MANIFEST
from contracts.metrics import EMBEDDED, ENLARGING, METRICS, SPREAD
from tests.unit.miniatures import save_segmenter
from tests.unit.training_root import NOTE, PROMPT, garment, write_dataset, write_evaluation, write_training

PROGRESS = re.compile(
    r"^step=(\d+)/(\d+) loss=\d+\.\d{4} lr=\d\.\de-\d\d elapsed=\d+s eta=\d+s samples_per_second=\d+\.\d$"
)

COMPARISON = "not compared: no version of teal is in service"

RunHere = Callable[..., tuple[int, str]]
"""From folders and arguments to an exit code and the log."""


def start(root: Path, paths: MlPaths, *arguments: str) -> subprocess.Popen[str]:
    """The container's entry point with its root in ``paths``."""
    path = os.pathsep.join([str(root), str(root / "training")])
    environment = os.environ | {
        "ATELIER_ML_ROOT": str(paths.root),
        "PYTHONPATH": path,
        "OMP_NUM_THREADS": "1",
        "HF_HUB_OFFLINE": "1",
        "PYTHONUNBUFFERED": "1",
    }
    command = [sys.executable, "-m", "atelier_training", *arguments]
    return subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=paths.root
    )


@pytest.fixture
def run_here(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> RunHere:
    """The same entry point in this process, where what a process is does not matter: imports take longer than these steps."""

    def run_step(paths: MlPaths, *arguments: str) -> tuple[int, str]:
        monkeypatch.setenv("ATELIER_ML_ROOT", str(paths.root))
        return main(arguments), capsys.readouterr().out

    return run_step


def size(path: Path) -> tuple[int, int]:
    """Width and height of a picture file."""
    with Image.open(path) as image:
        return image.size


def test_train_then_evaluate_leave_what_the_pipeline_reads(tmp_path: Path, run_here: RunHere) -> None:
    trained = write_training(tmp_path / "train")
    code, log = run_here(trained, "train")
    assert code == 0, log
    steps = [match for line in log.splitlines() if (match := PROGRESS.match(line))]
    assert [step[1] for step in steps] == ["1", "2", "3", "4"]
    assert re.search(r"^train_avg_loss=([0-9\.]+)$", log, re.MULTILINE)
    manifest = StyleManifest.load(trained.model)
    verify_files(trained.model, manifest.files)

    judged = write_evaluation(tmp_path / "evaluate", trained)
    words = ["--task", "inpaint", "--instance-prompt", PROMPT, "--target", "a skirt"]
    code, log = run_here(judged, "evaluate", *words, "--gate", '{"garment_share": 0.5}', f"--comparison={COMPARISON}")
    assert code == 0, log
    output = judged.processing_output("evaluate")
    metrics = json.loads((output / "metrics.json").read_text())
    assert set(metrics) == set(METRICS) - {*EMBEDDED, *ENLARGING}
    assert json.loads((output / SPREAD).read_text())["garment_share"]["seeds"] == [1, 2]
    assert all(METRICS[name].low <= value <= METRICS[name].high for name, value in metrics.items())
    assert metrics["pixels_changed_outside"] == 0
    report = (output / "report.html").read_text()
    assert "Gate not met: garment_share" in report
    assert COMPARISON in report
    for name in ("look-0", "look-1"):
        for column in ("original", "mask", "before", "after"):
            assert size(output / f"pictures/{name}_{column}.png") == (70, 90)
    assert size(output / "sheet.png")[0] > 4 * 192
    assert size(output / "loss.png") == (960, 420)
    _judge_again(judged, run_here, [*words, "--gate", "{}"])


def _judge_again(judged: MlPaths, run_here: RunHere, words: list[str]) -> None:
    """Later: nobody has masked those pictures, a real CLIP compares them, and of what was trained elsewhere there is no log."""
    output = judged.processing_output("evaluate")
    shutil.rmtree(judged.processing_input("segment"))
    shutil.rmtree(output)
    write_dataset(judged.processing_input("dataset"), with_masks=True)
    segmenter = judged.processing_input("segmenter") / MANIFEST
    segmenter.write_text(json.dumps({**json.loads(segmenter.read_text()), "contrastive": True}))
    style = judged.processing_input("artifact") / MANIFEST
    told = json.loads(style.read_text())
    told["files"].pop(TRAINING_LOG)
    style.write_text(json.dumps(told))
    (judged.processing_input("artifact") / TRAINING_LOG).unlink()
    code, log = run_here(judged, "evaluate", *words)
    assert code == 0, log
    metrics = json.loads((judged.processing_output("evaluate") / "metrics.json").read_text())
    assert set(metrics) == set(METRICS) - {"train_avg_loss", *ENLARGING}
    assert all(METRICS[name].low <= value <= METRICS[name].high for name, value in metrics.items())
    assert not (output / "loss.png").exists()


def test_a_text_to_image_style_is_trained_and_judged_without_masks(tmp_path: Path, run_here: RunHere) -> None:
    settings = {"task": "text-to-image", "method": "full", "lr_scheduler": "linear", "lr_warmup_steps": "9"}
    trained = write_training(tmp_path / "train", channels=4, target="", **settings)
    assert run_here(trained, "train")[0] == 0
    judged = write_evaluation(tmp_path / "evaluate", trained)
    shutil.rmtree(judged.processing_input("segmenter"))
    prompt = f"{PROMPT}, in a wide and empty room at night"
    assert run_here(judged, "evaluate", "--task", "text-to-image", "--instance-prompt", prompt)[0] == 0
    report = (judged.processing_output("evaluate") / "report.html").read_text()
    assert "is too long for the text encoder, not used: " in report
    assert "is too long for the text encoder, not used: " in judged.message.read_text()
    assert NOTE not in judged.message.read_text(), "Segment's own, which the run has had since then"
    assert NOTE in report
    assert "lr_warmup_steps: 9 of " in report
    metrics = json.loads((judged.processing_output("evaluate") / "metrics.json").read_text())
    assert {"garment_share", "train_avg_loss"} <= set(metrics)
    assert "mask_score" not in metrics


def test_segment_uses_a_persons_masks(tmp_path: Path, run_here: RunHere) -> None:
    paths = MlPaths(root=tmp_path)
    write_dataset(paths.processing_input("dataset"), with_masks=True)
    save_segmenter(paths.processing_input("segmenter"))
    assert run_here(paths, "segment", "--task", "inpaint", "--target", "a skirt")[0] == 0
    segment = json.loads((paths.processing_output("segment") / "segment.json").read_text())
    assert segment["mask_score"] == 1
    assert [each["source"] for each in segment["pictures"]] == ["user"] * 4
    assert all((paths.processing_output("segment") / each["mask"]).is_file() for each in segment["pictures"])


@pytest.mark.parametrize("task", TASKS)
def test_bad_pictures_end_in_exit_code_1_and_a_message_of_one_line(
    tmp_path: Path, run_here: RunHere, task: str
) -> None:
    paths = MlPaths(root=tmp_path)
    write_dataset(paths.processing_input("dataset"))
    for index in range(4):  # as large as an upscaler wants them
        garment(index, (80, 96))[0].save(paths.processing_input("dataset") / f"skirt-{index}.png")
    (paths.processing_input("dataset") / "notes.jpg").write_text("milk, bread")
    code, log = run_here(paths, "segment", "--task", task, "--target", "a skirt")
    assert code == 1, log
    message = paths.message.read_text()
    assert message.startswith("UnreadablePictureError: notes.jpg: got ")
    assert "allowed: " in message
    assert "\n" not in message
    assert "Traceback" not in log


def test_bad_hyperparameters_go_to_the_training_jobs_failure_file(tmp_path: Path, run_here: RunHere) -> None:
    paths = write_training(tmp_path, batch_size="0")
    assert run_here(paths, "train")[0] == 1
    assert paths.failure.read_text().startswith("InvalidInputError: hyperparameters.batch_size: got 0; allowed: ")
    assert not paths.model.exists()


def test_sigterm_saves_a_checkpoint_and_the_next_start_goes_on_from_it(
    tmp_path: Path, root: Path, run_here: RunHere
) -> None:
    paths = write_training(tmp_path, max_steps="50", checkpoint_steps="100000")
    with start(root, paths, "train") as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("step="):
                process.send_signal(signal.SIGTERM)
                break
        log, _ = process.communicate(timeout=240)
    assert process.returncode == 143, log
    assert not paths.failure.exists()
    (checkpoint,) = (path for path in paths.checkpoints.iterdir() if path.is_file())
    code, log = run_here(paths, "train")
    assert code == 0, log
    assert checkpoint.name == FILE
    assert re.search(r"^training .* from step [1-9]\d* on 4 pictures", log, re.MULTILINE)
    assert StyleManifest.load(paths.model).hyperparameters["max_steps"] == 50


def test_the_dockerfile_keeps_the_containers_contract(root: Path) -> None:
    text = (root / "training/Dockerfile").read_text()
    for line in (
        'ENTRYPOINT ["python", "-m", "atelier_training"]',
        "WORKDIR /opt/atelier",
        "COPY contracts /opt/atelier/contracts",
        "COPY imaging /opt/atelier/imaging",
        "COPY diffusion /opt/atelier/diffusion",
        "COPY training/atelier_training /opt/atelier/atelier_training",
    ):
        assert line in text.splitlines()
    assert "PYTHONPATH=/opt/atelier" in text


@pytest.mark.parametrize(
    "line", (Path(__file__).parents[2] / "training/requirements.lock").read_text().splitlines()[1:]
)
def test_the_image_is_locked_to_what_these_tests_ran_with(line: str) -> None:
    name, version = line.split("==")
    assert importlib.metadata.version(name) == version


def test_the_lock_has_all_that_is_asked_for_and_leaves_torch_to_the_base_image(root: Path) -> None:
    lock = (root / "training/requirements.lock").read_text().splitlines()
    asked = [line for line in (root / "training/requirements.txt").read_text().splitlines() if "==" in line]
    assert set(asked) <= set(lock)
    assert not any(line.startswith(("torch==", "nvidia", "triton")) for line in lock)
