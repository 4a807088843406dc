"""``atelier batch``: what is about to happen, what became of it, and what needs a look."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cli.batch import progress_of
from cli.main import main
from contracts.batch_answers import CatalogueBatch
from tests.unit.cli_client import Commanded
from tests.unit.ops_fakes import PNG


@pytest.fixture
def commanded(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Commanded:
    commanded = Commanded()
    for module in ("batch", "batches", "cancel", "versions"):
        monkeypatch.setattr(f"cli.{module}.connected", commanded.connected)
    monkeypatch.delenv("ATELIER_API_URL", raising=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.png").write_bytes(PNG)
    (tmp_path / "rows.csv").write_text("image,colour\na.png,red\na.png,blue\n", encoding="utf-8")
    return commanded


WORDS = ["batch", "rows.csv", "--garment", "a skirt", "--words", "a {colour} skirt"]


def test_a_catalogue_is_restyled_and_what_needs_a_look_is_named(
    commanded: Commanded, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*WORDS, "--save", "report"]) == 0
    told = capsys.readouterr()
    assert "2 rows, 1 photos" in told.err
    assert "it costs nothing" in told.err
    assert "the garment is 14.0 ΔE bluer" in told.out
    assert "from 7 on, the garment is lighter" in told.out
    assert sorted(path.name for path in Path("report").iterdir()) == [
        "report.csv", "report.html", "report.json", "review.json",
    ]  # fmt: skip


def test_a_batch_that_fails_ends_with_1(commanded: Commanded, capsys: pytest.CaptureFixture[str]) -> None:
    commanded.batch_status = "failed"
    assert main(WORDS) == 1
    assert re.search("is failed: atelier batch --resume [0-9a-f]{26} goes on", capsys.readouterr().err)


def test_it_is_one_json_document(commanded: Commanded, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*WORDS, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["counts"]["succeeded"] == 1


@pytest.mark.parametrize("words", [["batch"], [*WORDS, "--resume", "b1"]])
def test_a_source_or_a_batch_to_go_on_with(
    commanded: Commanded, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 2
    assert "allowed: a list or a folder, or --resume ID" in capsys.readouterr().err
    assert not commanded.seen


def test_what_it_costs_is_said_and_asked_before_anything_goes_up(
    commanded: Commanded, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*WORDS, "--stage", "prod"]) == 2
    told = capsys.readouterr().err
    assert "In stage prod it is about" in told
    assert "--yes, where nobody can be asked" in told
    assert not commanded.seen


def test_a_batch_s_progress_says_its_pace(commanded: Commanded) -> None:
    image = commanded.api.upload("a.png", PNG)
    with commanded.client() as client:
        inputs = {"mask_prompt": "a skirt", "prompt": "x", "image": image}
        made = client.batches.create(inputs, items=[{"a": 1}]).model_dump(mode="json")
    counts: dict[str, Any] = {"total": 9, "waiting": 4, "running": 2, "succeeded": 2, "failed": 1, "canceled": 0}
    now = CatalogueBatch.model_validate({**made, "stage": "painting", "counts": counts, "eta_seconds": 120.0})
    assert progress_of(now) == ("painting: 2 of 9, 1 failed", "2 at once, about 2 min left")


def test_a_batch_that_runs_is_followed_and_one_that_has_ended_is_gone_on_with(
    commanded: Commanded, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = commanded.api.upload("a.png", PNG)
    with commanded.client() as client:
        inputs = {"mask_prompt": "a skirt", "prompt": "x", "image": image}
        batch = client.batches.create(inputs, items=[{"a": 1}]).id
    monkeypatch.setattr("atelier.drivers.time.sleep", lambda seconds: None)
    commanded.batch_status = "succeeded"
    commanded.seen.clear()
    assert main(["batch", "--resume", batch, "--stage", "prod"]) == 2
    assert not commanded.seen, "it paints, which costs: nobody said yes"
    statuses = iter(["processing", "processing", "succeeded"])
    answered = commanded._batch

    def ending(response: Any) -> Any:
        commanded.batch_status = next(statuses)
        return answered(response)

    monkeypatch.setattr(commanded, "_batch", ending)
    assert main(["batch", "--resume", batch]) == 0
    assert [request.method for request in commanded.seen if request.url.path.endswith("/resume")] == []


def begun(commanded: Commanded) -> str:
    image = commanded.api.upload("a.png", PNG)
    with commanded.client() as client:
        inputs = {"mask_prompt": "a skirt", "prompt": "x", "image": image}
        return client.batches.create(inputs, items=[{"a": 1}], name="spring").id


def test_batches_are_listed_shown_and_canceled_by_their_id(
    commanded: Commanded, capsys: pytest.CaptureFixture[str]
) -> None:
    batch = begun(commanded)
    assert main(["batches"]) == 0
    listed = capsys.readouterr().out
    assert [word in listed for word in (batch, "starting", "spring")] == [True] * 3
    assert main(["batches", "--json"]) == 0
    assert [each["id"] for each in json.loads(capsys.readouterr().out)] == [batch]
    assert main(["cancel", batch]) == 0
    assert capsys.readouterr().out == f"{batch} is canceled\n"
    commanded.batch_status = "canceled"
    assert main(["show", batch]) == 0
    shown = capsys.readouterr().out
    assert [word in shown for word in (batch, "canceled", "$0.5000", "https://media.test/report.html")] == [True] * 4


def test_a_batch_that_was_started_by_hand_is_canceled_by_its_name(
    commanded: Commanded, capsys: pytest.CaptureFixture[str]
) -> None:
    made = commanded.api.records.items[f"batch#{begun(commanded)}"]
    by_hand = {**made.data, "id": "night-1", "by_hand": True}
    commanded.api.records.put(replace(made, key="batch#night-1", data=by_hand))
    assert main(["cancel", "night-1"]) == 0
    assert capsys.readouterr().out == "night-1 is canceled\n"


@pytest.mark.parametrize(
    ("name", "kinds"), [("a" * 26, "a prediction or a batch"), ("nothing", "a training or a batch")]
)
def test_an_id_of_nothing_says_what_it_could_be_of(
    commanded: Commanded, capsys: pytest.CaptureFixture[str], name: str, kinds: str
) -> None:
    assert main(["cancel", name]) == 1
    assert f"name: got {name}; allowed: that of {kinds} that is there" in capsys.readouterr().err


def test_who_is_interrupted_is_told_how_to_go_on_and_how_to_stop(
    commanded: Commanded, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: Any) -> Any:
        raise KeyboardInterrupt

    batch, commanded.batch_status = begun(commanded), "processing"
    monkeypatch.setattr("cli.batch.progress_of", interrupted)
    assert main(["batch", "--resume", batch, "--stage", "dev", "--yes"]) == 130
    told = capsys.readouterr().err
    assert f"atelier batch --resume {batch} --stage dev follows it" in told
    assert f"atelier cancel {batch} --stage dev stops it" in told
