"""What commands show, on terminals and in pipes."""

import io
import re
import sys
from contextlib import suppress
from types import SimpleNamespace

import pytest
from PIL import Image
from rich.cells import cell_len

from cli.terminal import curve, duration, facts, half_blocks, print_picture, table
from cli.watching import Watch
from docs.terminal.screen import Screen


def test_a_pipe_gets_whole_lines_without_colours(capsys: pytest.CaptureFixture[str]) -> None:
    table(["id", "말"], [["a" * 200, "[red]치마[/red]"], ["b", None]])
    facts({"name": "x", "nothing": None})
    told = capsys.readouterr().out
    assert "a" * 200 + "  [red]치마[/red]" in told
    assert "nothing" not in told
    assert "\033" not in told


WIDE = ["sd2-inpaint@5f74973cbb64c8568780732c17f43eb269d63a0d", "inpaint", "치마", "owner/a-name-of-some-length"]


def on_a_terminal(columns: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> list[str]:
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    table(["model", "task", "말", "source"], [WIDE, ["tiny@v1", "segment", "", "folder"]])
    return re.sub("\033[^m]*m", "", capsys.readouterr().out).splitlines()


@pytest.mark.parametrize("columns", [20, 34, 40, 60, 80, 120])
def test_a_narrow_terminal_cuts_nothing(
    columns: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = on_a_terminal(columns, monkeypatch, capsys)
    assert max(map(cell_len, lines)) <= columns
    shown = "".join("".join(line.split()) for line in lines)
    assert "…" not in shown
    assert [cell for cell in WIDE if cell not in re.sub("^(model|source)", "", shown)] == []


def test_what_does_not_fit_as_a_row_is_a_block(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert [line.rstrip() for line in on_a_terminal(60, monkeypatch, capsys)][-4:] == [
        "",
        "model   tiny@v1",
        "task    segment",
        "source  folder",
    ]
    assert len(on_a_terminal(120, monkeypatch, capsys)) == 3


@pytest.mark.parametrize(
    ("values", "drawn"), [([], ""), ([1.0], "▁"), ([2, 1, 0], "█▅▁"), ([1, 1], "▁▁"), ([0, 0, 8, 8], "▁▁██")]
)
def test_a_curve_is_as_high_as_its_numbers(values: list[float], drawn: str) -> None:
    assert curve(values) == drawn


def test_a_long_curve_is_drawn_by_means() -> None:
    assert curve([float(number) for number in range(100)], columns=8) == "▁▂▃▄▅▆▇█"


def test_a_picture_is_drawn_by_half_blocks_where_the_terminal_can(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = io.BytesIO()
    Image.new("RGB", (4, 2), (255, 0, 0)).save(file, "PNG")
    print_picture(file.getvalue())
    assert capsys.readouterr().out == ""
    (line,) = half_blocks(file.getvalue(), 2)
    assert line.count("▀") == 2
    assert line.startswith("\033[38;2;255;0;0;48;2;255;0;0m")
    monkeypatch.setenv("COLORTERM", "truecolor")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    print_picture(file.getvalue())
    assert "▀▀▀▀" in capsys.readouterr().out.replace("\033[38;2;255;0;0;48;2;255;0;0m", "")
    monkeypatch.setenv("NO_COLOR", "1")
    print_picture(file.getvalue())
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("seconds", "said"), [(0.4, "0 s"), (89, "89 s"), (90, "2 min"), (3540, "59 min"), (4800, "1 h 20 min")]
)
def test_times_are_said_as_people_do(seconds: float, said: str) -> None:
    assert duration(seconds) == said


def test_where_no_terminal_is_only_changes_are_said() -> None:
    out = io.StringIO()
    with Watch(out) as watch:
        watch.show("queued, 3 before it", detail="about 9 s left")
        watch.show("queued, 3 before it", detail="about 8 s left")
        watch.show("running")
        watch.say("[done]")
    assert out.getvalue().splitlines() == ["queued, 3 before it", "running", "[done]"]


class Terminal(io.StringIO):
    """A stream that is one."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("error", "mark"), [(None, "✓"), (RuntimeError("no"), "✗"), (KeyboardInterrupt(), "·")])
def test_each_step_leaves_a_line_that_says_how_it_ended(
    error: BaseException | None, mark: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    out, now = Terminal(), [0.0]
    monkeypatch.setattr("cli.watching.time", SimpleNamespace(monotonic=lambda: now[0]))
    with suppress(RuntimeError, KeyboardInterrupt), Watch(out) as watch:
        watch.begin("Segment")
        now[0] = 12.0
        watch.begin("FineTune")
        now[0] = 120.0
        if error:
            raise error
    screen = Screen()
    screen.write(out.getvalue())
    assert [line.split() for line in screen.lines if line] == [
        ["✓", "Segment", "12", "s"],
        [mark, "FineTune", "2", "min"],
    ]


@pytest.mark.parametrize(("cut", "columns"), [(False, 10), (True, 40)])
def test_a_picture_is_no_higher_than_the_terminal(
    cut: bool, columns: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in (("COLORTERM", "truecolor"), ("LINES", "24"), ("COLUMNS", "80"), ("TERM", "xterm")):
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    file = io.BytesIO()
    Image.new("RGB", (40, 160)).save(file, "PNG")
    print_picture(file.getvalue(), cut=cut)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 20
    assert {line.count("▀") for line in lines} == {columns}
