"""``atelier people``: a person's data are deleted, after a question, and the report is shown."""

import json
from pathlib import Path
from typing import Any

import pytest

from cli.forgetting import run_people
from contracts.errors import InvalidInputError
from tests.unit.cli_client import Commanded

WHERE: dict[str, Any] = {"stage": "", "cloud": Path("out/local"), "json": False}
REFERENCE = "release-2026-0417"


@pytest.fixture(autouse=True)
def _commanded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cli.forgetting.connected", Commanded().connected)


def test_it_is_asked_for_and_looked_at(capsys: pytest.CaptureFixture[str]) -> None:
    run_people("delete", REFERENCE, yes=True, **WHERE)
    assert capsys.readouterr().out.startswith(f"{REFERENCE} is being deleted, by ")
    run_people("show", REFERENCE, yes=False, **{**WHERE, "json": True})
    told = json.loads(capsys.readouterr().out)
    assert (told["consent"], told["status"], told["scope"]) == (REFERENCE, "deleting", "stage")


def test_nothing_is_deleted_where_nobody_can_be_asked() -> None:
    with pytest.raises(InvalidInputError, match="--yes"):
        run_people("delete", REFERENCE, yes=False, **WHERE)
    with pytest.raises(InvalidInputError, match=r"delete \| show"):
        run_people("forget", REFERENCE, yes=True, **WHERE)
