"""The terminal that README shows: what is written to it, and how that is drawn."""

import base64
import io
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from PIL import Image, ImageChops, ImageStat

from cli.terminal import half_blocks
from docs.terminal.__main__ import LINES, PICTURE
from docs.terminal.drawing import MARGIN, WIDTH, drawn
from docs.terminal.phone import SAMPLE, lay_out
from docs.terminal.screen import Look, Screen
from imaging.pictures import decode


def screen_of(text: str, columns: int = 10) -> Screen:
    screen = Screen(columns=columns)
    screen.write(text)
    return screen


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("a\r\nb", ["a", "b"]),
        ("abc\rx", ["xbc"]),
        ("abc\r\x1b[Kx", ["x"]),
        ("abc\r\n\x1b[1A\x1b[2Kx", ["x", ""]),
        ("\x1b[?25labc\x1b[?25h", ["abc"]),
        ("0123456789ab", ["0123456789", "ab"]),
        ("치마를 입은", ["치마를 입", "은"]),
        ("0123456789\r\nx", ["0123456789", "x"]),
    ],
)
def test_a_terminal_shows_what_was_written_last(text: str, lines: list[str]) -> None:
    assert screen_of(text).lines == lines


def test_a_sequence_that_it_does_not_know_is_refused() -> None:
    with pytest.raises(ValueError, match=r"escape sequence: got '3H'"):
        screen_of("\x1b[3H")


def test_looks_hold_until_they_are_changed() -> None:
    (row,) = screen_of("\x1b[1mA\x1b[32mB\x1b[0mC\x1b[38;2;1;2;255;48;2;0;0;0mD").rows
    assert [cell.look for cell in row] == [
        Look(bold=True),
        Look(bold=True, colour="#69db7c"),
        Look(),
        Look(colour="#0102ff", ground="#000000"),
    ]


def test_words_that_are_apart_are_drawn_apart_whatever_a_browser_makes_of_spaces() -> None:
    svg = ElementTree.fromstring(drawn(screen_of("a b  치마   c", 40).rows, columns=40, title="t", about="a"))
    _, *texts = svg.iter("{http://www.w3.org/2000/svg}text")
    assert [part.text for part in texts] == ["a b", "치마", "c"]
    assert [round((float(part.attrib["x"]) - MARGIN) / WIDTH) for part in texts] == [0, 5, 12]
    assert [round(float(part.attrib["textLength"]) / WIDTH) for part in texts] == [3, 4, 1]


def test_half_blocks_are_drawn_as_the_picture_that_they_are() -> None:
    picture = Image.new("RGB", (4, 4), (200, 10, 10))
    picture.putpixel((1, 3), (0, 0, 255))
    file = io.BytesIO()
    picture.save(file, "PNG")
    screen = screen_of("<a & 치마>\r\n" + "\r\n".join(half_blocks(file.getvalue(), 4)) + "\r\nend", columns=40)
    text = drawn(screen.rows, columns=40, title="t", about="a & b")
    svg = ElementTree.fromstring(text)
    assert [part.text for part in svg.iter("{http://www.w3.org/2000/svg}text")] == ["t", "<a & 치마>", "end"]
    (address,) = re.findall(r'href="data:image/png;base64,([^"]+)"', text)
    with Image.open(io.BytesIO(base64.b64decode(address))) as again:
        assert again.convert("RGB").tobytes() == picture.tobytes()


def test_the_photos_are_upright_for_whoever_reads_their_metadata(tmp_path: Path) -> None:
    lay_out(tmp_path)
    names = sorted(path.name for path in (tmp_path / "photos").iterdir())
    assert len(names) == 12
    assert names[0] == "IMG_2041.JPG"
    sample = Image.open(SAMPLE / "photos" / "street-02.png").convert("RGB")
    upright = decode((tmp_path / "photo.jpg").read_bytes(), name="photo").resize(sample.size)
    assert ImageStat.Stat(ImageChops.difference(upright, sample)).mean < [8] * 3
    assert ImageStat.Stat(ImageChops.difference(upright.rotate(90), sample)).mean > [8] * 3


def test_the_picture_in_the_repository_is_of_these_commands(root: Path) -> None:
    svg = ElementTree.parse(PICTURE)
    texts = ["".join(part.itertext()) for part in svg.iter("{http://www.w3.org/2000/svg}text")]
    assert [text for text in texts if text.startswith("atelier ")] == [f"atelier {line}" for line in LINES]
    assert PICTURE.stat().st_size < 60_000
    assert "docs/pictures/terminal.svg" in (root / "README.md").read_text(encoding="utf-8")
