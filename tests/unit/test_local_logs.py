"""A container's output reaches CloudWatch Logs whatever becomes of its copy."""

from pathlib import Path
from typing import Any

from local.sagemaker.logs import LogStream


class Logs:
    """What CloudWatch Logs got."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def create_log_group(self, **_: Any) -> None:
        """Nothing to remember."""

    def create_log_stream(self, **_: Any) -> None:
        """Nothing to remember."""

    def put_log_events(self, **members: Any) -> None:
        self.lines += [event["message"] for event in members["logEvents"]]


def test_a_full_disk_does_not_end_the_reading(tmp_path: Path) -> None:
    for copy in (tmp_path / "output.log", Path("/dev/full")):
        logs = Logs()
        stream = LogStream(logs, group="g", stream="s", copy=copy)
        for line in ("one", "two"):
            stream.write(line)
        stream.close()
        assert logs.lines == ["one", "two"]
    assert (tmp_path / "output.log").read_text(encoding="utf-8") == "one\ntwo\n"
