"""What the command prints while it waits."""

import io

import pytest
from rich.cells import cell_len

from cli.progress import Progress, bar_of


def test_a_stage_ends_in_one_line_and_its_seconds_are_kept() -> None:
    out = io.StringIO()
    progress = Progress(out)
    with progress.stage("deploy") as stage:
        stage.detail("half-way")
    assert out.getvalue().startswith("✓ deploy")
    assert set(progress.seconds) == {"deploy"}


def test_a_failed_stage_says_so_and_the_error_goes_on() -> None:
    out = io.StringIO()
    with pytest.raises(ValueError, match="no"), Progress(out).stage("deploy"):
        raise ValueError("no")
    assert out.getvalue().startswith("✗ deploy")


def test_a_stage_entered_twice_adds_up() -> None:
    progress = Progress(io.StringIO())
    first = progress.begin("Segment")
    progress.end(first)
    again = progress.begin("Segment")
    progress.end(again)
    assert list(progress.seconds) == ["Segment"]


def test_what_is_left_is_told_by_what_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    times = [0.0]
    monkeypatch.setattr("cli.progress.time.monotonic", lambda: times[-1])
    out = io.StringIO()
    stage = Progress(out).begin("restyle")
    for now, done, left in ((20.0, 0, ""), (40.0, 1, ", about 120 s left"), (60.0, 4, "")):
        times.append(now)
        stage.detail("a.png", done=done, total=4)
        assert out.getvalue().splitlines()[-1].endswith(f"s  a.png{left}")


class Terminal(io.StringIO):
    """What a stage writes to a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("columns", [20, 40, 200])
def test_a_line_that_changes_in_place_is_never_wider_than_the_terminal(
    columns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    out = Terminal()
    Progress(out).begin("restyle").detail("빨간 치마 앞모습 사진.jpg" * 9, done=1, total=2)
    for line in out.getvalue().split("\r\033[K"):
        assert cell_len(line) < min(columns, 119)


@pytest.mark.parametrize(("done", "bar"), [(0, "░" * 12), (2, "█" * 6 + "░" * 6), (4, "█" * 12), (9, "█" * 12)])
def test_a_bar_shows_what_is_done(done: int, bar: str) -> None:
    assert bar_of(done, 4) == bar
    out = Terminal()
    Progress(out).begin("restyle").detail("a.png", done=done, total=4)
    assert bar in out.getvalue()
