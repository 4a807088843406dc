"""What the command prints while it waits."""

import io

import pytest

from cli.progress import Progress


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
