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
def machines(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The state machines of the tokens that the server knows."""
    from local.seams import kept_tokens

    known: dict[str, str] = {}
    monkeypatch.setattr(kept_tokens, "task_machines", known)
    return known


@pytest.fixture
def durable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Durable]:
    """A folder's tables, with a child of a map at work in this thread."""
    from local.seams import states

    run = SimpleNamespace(record={"executionArn": CHILD, "stateMachineArn": MACHINE})
    monkeypatch.setattr(states, "running_execution", lambda: run)
    kept = Durable(tmp_path)
    yield kept
    kept.close()


def wait(keeper: Any, token: str) -> None:
    """Wait for a token, whose answer comes at once."""
    keeper._kept(lambda *_: None)("lambda:invoke.waitForTaskToken", {}, token, {})


def test_a_token_that_was_answered_is_its_machines_after_a_restart(durable: Durable, machines: dict[str, str]) -> None:
    from local.seams import kept_tokens

    wait(kept_tokens.TokenKeeper(durable), "late")
    kept_tokens.TokenKeeper(durable).restore()

    assert machines == {"late": MACHINE}


def test_no_more_of_them_are_kept_than_that(
    durable: Durable, machines: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from local.seams import kept_tokens

    monkeypatch.setattr(kept_tokens, "MOST_ENDED", 2)
    keeper = kept_tokens.TokenKeeper(durable)
    for token in ("first", "second", "third"):
        wait(keeper, token)
    kept_tokens.TokenKeeper(durable).restore()

    assert list(machines) == ["second", "third"]
