"""What the local cloud keeps: it comes back as it was, in the order it came, after a kill too, or not at all."""

import os
import signal
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from local.durable import NAME, Durable
from local.errors import LocalCloudError, ServiceError
from local.faults import Faults
from local.sagemaker.store import RecordStore

VALUES: list[Any] = [
    None,
    1.5,
    "ü\n",
    [{"at": datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC)}, datetime(2026, 1, 2, tzinfo=timezone(timedelta(hours=9)))],
    {"body": b"\x00\xff", "none": {}, "empty": ""},
    {"$time": "not a time"},
    {"$plain": {"$bytes": "not bytes"}},
]


def test_values_come_back_as_they_were_and_in_the_order_they_came(tmp_path: Path) -> None:
    table = Durable(tmp_path / "state").table("queue")
    for number, value in enumerate(VALUES):
        table.put(str(number), value)
    table.put("0", "changed")  # keeps its place
    table.remove("1")
    table.remove("never there")
    again = Durable(tmp_path / "state")
    expected = [("0", "changed"), *((str(number), value) for number, value in enumerate(VALUES) if number > 1)]
    assert again.table("queue").items() == expected
    assert again.table("another").items() == []


@pytest.mark.parametrize("value", [{1: "one"}, {"a": {1, 2}}])
def test_what_would_not_come_back_as_it_was_is_refused(tmp_path: Path, value: Any) -> None:
    table = Durable(tmp_path).table("queue")
    with pytest.raises(TypeError):
        table.put("key", value)
    assert table.items() == []


def test_what_was_put_survives_kill_9(tmp_path: Path) -> None:
    program = (
        "import os, pathlib, signal, sys\nfrom local.durable import Durable\n"
        "durable = Durable(pathlib.Path(sys.argv[1]))\ntable = durable.table('queue')\n"
        "for number in range(100): table.put(str(number), {'number': number})\n"
        "with durable.together():\n    table.put('half', 'done')\n    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    killed = subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert Durable(tmp_path).table("queue").items() == [(str(n), {"number": n}) for n in range(100)]


def test_changes_that_belong_together_are_all_made_or_none(tmp_path: Path) -> None:
    durable = Durable(tmp_path)
    one, other = durable.table("one"), durable.table("other")

    def half() -> None:
        with durable.together():
            one.put("a", 1)
            with durable.together():
                other.put("b", 2)
            raise KeyError

    with pytest.raises(KeyError):
        half()
    assert (one.items(), other.items()) == ([], [])
    one.put("a", 1)
    assert one.items() == [("a", 1)]


def test_a_full_disk_is_an_error_to_the_caller_and_all_goes_on_when_there_is_room(tmp_path: Path) -> None:
    durable = Durable(tmp_path)
    table = durable.table("queue")
    table.put("a", "kept")
    with durable.together() as connection:
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count={pages}")  # the same error as ENOSPC
    with pytest.raises(ServiceError, match="cannot write its state: database or disk is full") as caught:
        table.put("b", "x" * 100_000)
    assert caught.value.status == 503
    assert table.items() == [("a", "kept")]
    connection.execute("PRAGMA max_page_count=1000000")
    table.put("b", "x" * 100_000)
    assert len(table.items()) == 2


def test_a_resource_that_could_not_be_written_is_not_there_and_may_be_made_again(tmp_path: Path) -> None:
    durable = Durable(tmp_path)
    store = RecordStore(account="123456789012", region="us-east-1", faults=Faults(tmp_path), durable=durable)
    made = {"Text": "x" * 100_000, "Tags": [{"Key": "of", "Value": "a"}]}
    store.add("Model", "kept", dict(made))
    with durable.together() as connection:
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count={pages}")
    with pytest.raises(ServiceError, match="disk is full"):
        store.add("Model", "lost", dict(made))
    assert store.find("Model", "lost") is None
    with pytest.raises(ServiceError, match="disk is full"):
        store.tag(store.arn("Model", "kept"), [{"Key": "of", "Value": "b" * 100_000}])
    assert store.tags(store.arn("Model", "kept")) == made["Tags"]
    connection.execute("PRAGMA max_page_count=1000000")
    store.add("Model", "lost", dict(made))
    assert store.tags(store.arn("Model", "lost")) == made["Tags"]


def test_a_file_of_another_format_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    Durable(tmp_path).close()
    with sqlite3.connect(tmp_path / NAME) as connection:
        connection.execute("PRAGMA user_version=99")
    connection.close()
    before = (tmp_path / NAME).read_bytes()
    with pytest.raises(LocalCloudError, match=r"got format 99; allowed: 1\. Run the version .*`make local-clean`"):
        Durable(tmp_path)
    assert (tmp_path / NAME).read_bytes() == before


def test_a_damaged_file_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(os.urandom(5_000))
    before = (tmp_path / NAME).read_bytes()
    with pytest.raises(LocalCloudError, match=r"file is not a database; allowed: .*`make local-clean`"):
        Durable(tmp_path)
    assert (tmp_path / NAME).read_bytes() == before
