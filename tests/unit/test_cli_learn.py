"""``atelier train``: what is checked and said before it costs, what goes up, how it is followed, and how it ends."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from atelier.errors import TrainingFailedError
from cli.errors import CommandError
from cli.learn import expectation, read_lesson, run_train, style_named_after, to_use
from contracts.errors import InvalidInputError
from tests.unit.cli_client import Commanded
from tests.unit.ops_fakes import JPEG, PNG
from tests.unit.test_ops_api_styles import wait
from tests.unit.test_ops_api_trainings import event
from tests.unit.test_ops_training_progress import PREPARED, SEGMENT, STREAM, TRAINING, line, look

GATED = event("Gate", 31, entered=False, assigned={"gate": {"metrics": {"garment_share": 0.7}}})
EVALUATED = [event("Evaluate", 20, entered=True), event("Gate", 30, entered=True), GATED]
ASKED = event("RequestApproval", 32, entered=True)


@pytest.fixture
def commanded(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Commanded:
    commanded = Commanded()
    monkeypatch.setattr("cli.learn.connected", commanded.connected)
    monkeypatch.setattr("atelier.drivers.time.sleep", lambda seconds: None)
    monkeypatch.delenv("ATELIER_API_URL", raising=False)
    monkeypatch.chdir(tmp_path)
    return commanded


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "My Skirt"
    folder.mkdir()
    for name in ("앞모습.jpg", "뒷모습.jpg", "IMG 1.JPG", "IMG_1.jpg"):
        (folder / name).write_bytes(JPEG)
    (folder / "notes.docx").write_bytes(b"1")
    return folder


def train(folder: Path, **changes: Any) -> None:
    given: dict[str, Any] = {"target": "a skirt", "style": "", "settings": {}, "stage": "", "cloud": Path("out/local")}
    run_train(folder, **{**given, "save": None, "yes": False, "json": False, **changes})


def succeed(commanded: Commanded, training: str) -> None:
    """A training that comes to its end at the third look, and says more each time."""
    api = commanded.api
    looks = sum(request.method == "GET" and "trainings" in request.url.path for request in commanded.seen)
    if looks == 1:
        seen = look(20, "validation_loss=0.5065 validation_garment_share=0.8780", 20)
        api.logs.written[STREAM] = [line(1, 0.9), seen, line(40, 0.25)]
        api.buckets.put("data", "checkpoints/skirt-1/validation/strip.png", PNG)
        api.executions.history = [*PREPARED, SEGMENT, TRAINING]
    elif looks == 2:
        for name in ("report.html", "sheet.png"):
            api.buckets.put("data", f"runs/skirt-1/evaluate/{name}", PNG)
        api.executions.history = [*PREPARED, SEGMENT, TRAINING, *EVALUATED, event("Notify", 40, entered=True)]
        output = {"style": "my-skirt", "version": 1, "metrics": {"garment_share": 0.7}}
        commanded.change_training(training, status="SUCCEEDED", output=output)


def test_a_folder_becomes_a_style_and_its_report_is_kept(
    commanded: Commanded, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    commanded.looked = succeed
    train(folder, settings={"hyperparameters.max_steps": "160"})
    ((training, execution),) = commanded.api.executions.started.items()
    assert execution.input["hyperparameters"] == {"max_steps": 160}
    assert execution.input["instance_prompt"] == "a photo of sks skirt"
    names = commanded.api.buckets.store("data").names("datasets/my-skirt/")
    assert [name.rpartition("/")[2] for name in names] == ["IMG 1.JPG", "IMG_1.jpg", "뒷모습.jpg", "앞모습.jpg"]
    told = capsys.readouterr()
    assert "my-skirt: 4 pictures to learn, 0 kB to put up" in told.err
    assert "note: 1 file is not used: notes.docx" in told.err
    assert [word for word in ("Segment", "FineTune") if word in told.err] == ["FineTune"]
    assert "garment_share  0.7" in told.out
    assert "loss  0.900 █▁ 0.250" in told.out
    assert 'atelier style PHOTO "a skirt" "WORDS" --style my-skirt@1' in told.out
    assert (
        told.err.count("look at step 20, 88% of the garment, loss 0.5065 on pictures set aside, the best so far") == 1
    )
    for name in ("sheet.png", "strip.png"):
        assert (tmp_path / "out" / training / name).read_bytes() == PNG


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({}, 'atelier style PHOTO "a skirt" "WORDS" --style skirt@1'),
        ({"task": "inpaint", "target": "a coat"}, 'atelier style PHOTO "a coat" "WORDS" --style skirt@1'),
        (
            {"task": "text-to-image", "instance_prompt": "a photo of sks skirt"},
            'atelier generate "a photo of sks skirt" --style skirt@1',
        ),
        ({"task": "upscale"}, "atelier upscale PHOTO --style skirt@1"),
    ],
)
def test_the_command_that_is_offered_at_the_end_is_of_the_style_s_task(asked: dict[str, Any], told: str) -> None:
    assert to_use(asked, "skirt@1") == told


def test_a_preflight_says_what_is_to_be_known_of_the_pictures_and_learns_nothing(
    commanded: Commanded, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def look(commanded: Commanded, name: str) -> None:
        few = {"matter": "count", "level": "warning", "found": "only 4 pictures", "do": "add some", "pictures": []}
        commanded.api.buckets.put("data", "runs/skirt-1/segment/advice.json", json.dumps({"advice": [few]}).encode())
        commanded.api.executions.history = [*PREPARED, SEGMENT, event("Segment", 30, entered=False)]
        commanded.change_training(name, status="SUCCEEDED", output={"style": "my-skirt"})

    commanded.looked = look
    train(folder, settings={"preflight": "true"})
    told = capsys.readouterr()
    assert told.err.count("warning: only 4 pictures: add some") == 1
    assert "the same command without --preflight" in told.out
    assert "atelier style" not in told.out


def test_a_run_that_waits_for_a_person_is_left_to_them(
    commanded: Commanded, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def ask(commanded: Commanded, name: str) -> None:
        commanded.api.executions.history = [*PREPARED, *EVALUATED, ASKED]
        wait(commanded.api, 3, run=name)

    commanded.looked = ask
    train(folder, style="skirt", settings={"approval": "manual"})
    assert "atelier approve skirt@3, or atelier reject skirt@3" in capsys.readouterr().out


def test_json_is_the_training_alone(commanded: Commanded, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    commanded.looked = succeed
    train(folder, json=True)
    document = json.loads(capsys.readouterr().out)
    assert (document["status"], document["output"]) == ("succeeded", {"version": "atelier/my-skirt:my-skirt@1"})


def test_a_run_that_fails_is_an_error_with_its_cause(commanded: Commanded, folder: Path) -> None:
    commanded.looked = lambda self, name: self.change_training(name, status="FAILED", cause="Segment: no skirt found")
    with pytest.raises(TrainingFailedError, match="no skirt found"):
        train(folder)


def test_an_interrupted_command_leaves_the_training_at_work(
    commanded: Commanded, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(commanded: Commanded, _: str) -> None:
        raise KeyboardInterrupt

    commanded.looked = interrupt
    with pytest.raises(KeyboardInterrupt):
        train(folder)
    (training,) = commanded.api.executions.started
    assert f"atelier show {training} says how far" in capsys.readouterr().err
    assert commanded.api.executions.started[training].status == "RUNNING"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"target": ""}, "target"),
        ({"target": "юбка"}, "input.target: got 'юбка'"),
        ({"style": "My Skirt"}, "style"),
        ({"settings": {"hyperparameters.max_steps": "0"}}, "max_steps: got 0"),
        ({"stage": "dev"}, "--yes"),
    ],
)
def test_what_can_never_succeed_starts_nothing(
    commanded: Commanded, folder: Path, changes: dict[str, Any], words: str
) -> None:
    with pytest.raises(InvalidInputError, match=words):
        train(folder, **changes)
    assert (commanded.asked, commanded.seen) == ([], [])


def test_what_an_earlier_upload_left_is_learnt_or_deleted_only_where_told_to(
    commanded: Commanded, folder: Path
) -> None:
    commanded.looked = lambda self, name: self.change_training(name, status="FAILED", cause="no")
    with commanded.client() as client:
        client.files.upload(JPEG, name="old.jpg", style="my-skirt")
    data = commanded.api.buckets.store("data")
    with pytest.raises(InvalidInputError, match=r"of an earlier upload old.jpg.*--add.*--replace"):
        train(folder)
    assert commanded.api.executions.started == {}
    for others, left in (("add", True), ("replace", False)):
        with pytest.raises(TrainingFailedError):
            train(folder, others=others)
        assert ("datasets/my-skirt/old.jpg" in data.names("datasets/my-skirt/")) is left


def test_who_is_asked_may_say_no(commanded: Commanded, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("cli.learn.typer.confirm", lambda *words, **options: False)
    with pytest.raises(CommandError, match="nothing was started"):
        train(folder, stage="dev")
    assert commanded.asked == []


def test_a_style_is_called_as_its_folder_or_has_to_be_given_a_name() -> None:
    assert style_named_after(Path("/x/My  Skirt_2")) == "my-skirt-2"
    for name in ("치마", "치마 2", "..."):
        with pytest.raises(InvalidInputError, match="--style"):
            style_named_after(Path("/x") / name)


def test_costs_are_said_where_the_stage_is_known(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lesson = read_lesson(folder, target="a skirt", style="", settings={})
    said = expectation("dev", lesson)
    assert re.search(
        r"takes about \d+ minutes, \d+ of them training; about \$\d\.\d\d \(on demand \$\d\.\d\d, with spot", said
    )
    assert "the smoke test, which wakes the endpoint, 8 minutes and $" in said
    monkeypatch.delenv("ATELIER_API_URL", raising=False)
    assert "costs nothing" in expectation("", lesson)
    monkeypatch.setenv("ATELIER_API_URL", "https://api.test/live")
    assert "ATELIER_API_URL" in expectation("", lesson)


def test_a_training_that_does_not_fit_its_machine_is_not_put_up(folder: Path, commanded: Commanded) -> None:
    large = {"method": "full", "hyperparameters.train_text_encoder": "true", "hyperparameters.max_grad_norm": "1"}
    with pytest.raises(
        InvalidInputError, match=r"GPU memory of ml\.g5\.2xlarge: got 'about .* GiB.*train_text_encoder false"
    ):
        train(folder, stage="dev", settings=large, yes=True)
    assert commanded.seen == []
