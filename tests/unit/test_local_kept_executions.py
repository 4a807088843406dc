"""An execution is not written before what it goes by: a job's end that a full disk refused would be forgotten by a restart."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local.durable import Durable
from local.errors import ServiceError

ARN = "arn:aws:states:us-east-1:123456789012:execution:workflow:one"


@pytest.fixture
def durable(tmp_path: Path) -> Iterator[Durable]:
    kept = Durable(tmp_path)
    yield kept
    kept.close()


def test_an_execution_waits_for_the_records_of_its_jobs(durable: Durable, monkeypatch: pytest.MonkeyPatch) -> None:
    from ministack.services import stepfunctions

    from local.seams.kept_executions import ExecutionKeeper

    execution: dict[str, Any] = {"executionArn": ARN, "status": "FAILED", "events": [], "stopDate": None}
    monkeypatch.setitem(stepfunctions._executions._data, ("123456789012", "us-east-1", ARN), execution)
    full = [True]

    def write_records() -> None:
        if full[0]:
            raise ServiceError("ServiceUnavailable", "the disk is full", 503)

    keeper = ExecutionKeeper(durable, write_records)
    keeper._write(execution)
    assert durable.table("executions").items() == []

    full[0] = False
    keeper._write(execution)
    assert [arn for arn, _ in durable.table("executions").items()] == [ARN]
