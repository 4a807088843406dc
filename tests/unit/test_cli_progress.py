"""What the command prints while it waits."""

import io

import pytest

from cli.progress import Progress


def test_a_stage_ends_in_one_line_and_its_seconds_are_kept() -> None:
    out = io.StringIO()
    progress = Progress({"deploy": 5}, out)
    with progress.stage("deploy") as stage:
        stage.detail("half-way")
    assert out.getvalue().startswith("✓ deploy")
    assert "of about 5 s" in out.getvalue()
    assert set(progress.seconds) == {"deploy"}


def test_a_failed_stage_says_so_and_the_error_goes_on() -> None:
    out = io.StringIO()
    with pytest.raises(ValueError, match="no"), Progress({}, out).stage("deploy"):
        raise ValueError("no")
    assert out.getvalue().startswith("✗ deploy")


def test_a_stage_entered_twice_adds_up() -> None:
    progress = Progress({}, io.StringIO())
    first = progress.begin("Segment")
    progress.end(first)
    again = progress.begin("Segment")
    progress.end(again)
    assert list(progress.seconds) == ["Segment"]
