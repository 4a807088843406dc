"""Waiting for approval: whoever comes first, the token or the decision, the run goes on exactly once."""

import pytest

from atelier_ops.logic.approval import REJECTED, request_message, settle_approval, waiting
from contracts.plan import read_plan
from tests.unit.ops_fakes import NOW, MemoryRecords, MemoryTokens
from tests.unit.ops_stage import make_stage, plan_of

PACKAGE = "arn:aws:sagemaker:eu-west-1:123456789012:model-package/atelier-test-skirt/3"


@pytest.fixture
def records() -> MemoryRecords:
    records = MemoryRecords()
    records.put(waiting(PACKAGE, "token", "run-1", int(NOW)))
    return records


def test_approval_lets_the_run_go_on(records: MemoryRecords) -> None:
    tokens = MemoryTokens()
    settle_approval(PACKAGE, "Approved", "", records, tokens)
    assert tokens.answers == {"token": ("success", {"package": PACKAGE, "status": "Approved"})}


def test_rejection_fails_it_with_the_reason(records: MemoryRecords) -> None:
    tokens = MemoryTokens()
    settle_approval(PACKAGE, "Rejected", "too blue", records, tokens)
    error, cause = tokens.answers["token"]
    assert error == REJECTED
    assert cause == f"{PACKAGE}: rejected: too blue"


def test_a_pending_package_keeps_waiting(records: MemoryRecords) -> None:
    tokens = MemoryTokens()
    settle_approval(PACKAGE, "PendingManualApproval", "", records, tokens)
    assert tokens.answers == {}
    assert records.items


def test_a_repeated_event_does_nothing(records: MemoryRecords) -> None:
    tokens = MemoryTokens()
    settle_approval(PACKAGE, "Approved", "", records, tokens)
    said = settle_approval(PACKAGE, "Rejected", "", records, tokens)
    assert tokens.answers["token"][0] == "success"
    assert "no run waits" in said


def test_a_run_that_no_longer_waits_is_no_error(records: MemoryRecords) -> None:
    tokens = MemoryTokens(answers={"token": ("timed out", "")})
    assert "no longer waits" in settle_approval(PACKAGE, "Approved", "", records, tokens)
    assert tokens.answers == {"token": ("timed out", "")}


def test_an_approval_of_a_package_nobody_waits_for_is_ignored() -> None:
    assert "no run waits" in settle_approval(PACKAGE, "Approved", "", MemoryRecords(), MemoryTokens())


def test_the_record_outlives_the_time_to_decide(records: MemoryRecords) -> None:
    (record,) = records.items.values()
    assert record.expires_at >= NOW + 7 * 86_400


def test_the_message_holds_commands_that_decide() -> None:
    subject, text = request_message(read_plan(plan_of(make_stage()[1])), PACKAGE)
    assert "skirt" in subject
    command = f"aws sagemaker update-model-package --region eu-west-1 --model-package-arn {PACKAGE}"
    assert f"{command} --model-approval-status Approved\n" in text
    assert f"{command} --model-approval-status Rejected" in text
    assert "s3://data/runs/run-1/evaluate/report.html" in text
