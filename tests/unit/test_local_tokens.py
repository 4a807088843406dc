"""Of task tokens that nobody waits for any more the local cloud keeps whose they were, so that a late answer is told so."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from local.durable import Durable

MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:batch/PaintItems"
CHILD = "arn:aws:states:us-east-1:123456789012:execution:batch/PaintItems:7"


@pytest.fixture
def durable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Durable]:
    """A folder's tables, with a child of a map at work in this thread."""
    from local.seams import kept_tokens, states

    run = SimpleNamespace(record={"executionArn": CHILD, "stateMachineArn": MACHINE})
    monkeypatch.setattr(states, "running_execution", lambda: run)
    monkeypatch.setattr(kept_tokens, "task_machines", {})
    kept = Durable(tmp_path)
    yield kept
    kept.close()


def wait(keeper: Any, token: str) -> None:
    """Wait for a token, whose answer comes at once."""
    keeper._kept(lambda *_: None)("lambda:invoke.waitForTaskToken", {}, token, {})


def test_a_token_that_was_answered_is_its_machines_after_a_restart(durable: Durable) -> None:
    from local.seams import kept_tokens

    wait(kept_tokens.TokenKeeper(durable), "late")
    kept_tokens.TokenKeeper(durable).restore()

    assert kept_tokens.task_machines == {"late": MACHINE}


def test_no_more_of_them_are_kept_than_that(durable: Durable, monkeypatch: pytest.MonkeyPatch) -> None:
    from local.seams import kept_tokens

    monkeypatch.setattr(kept_tokens, "MOST_ENDED", 2)
    keeper = kept_tokens.TokenKeeper(durable)
    for token in ("first", "second", "third"):
        wait(keeper, token)
    kept_tokens.TokenKeeper(durable).restore()

    assert list(kept_tokens.task_machines) == ["second", "third"]
