"""What a terminal shows at the end of what was written to it: as much of one as the ``atelier`` command uses."""

import re
from dataclasses import asdict, dataclass, field
from typing import Any

from rich.cells import cell_len

_CODE = re.compile(r"\x1b\[([?0-9;]*)([A-Za-z])")
"""An escape sequence: its numbers and what it does (ECMA-48, 5.4)."""


@dataclass(frozen=True, kw_only=True)
class Look:
    """How a sign looks. Colours are ``#rrggbb``; empty: the terminal's own."""

    bold: bool = False
    dim: bool = False
    colour: str = ""
    ground: str = ""


@dataclass(frozen=True, kw_only=True)
class TerminalCell:
    """A sign, and how it looks; an empty sign stands behind one that is two cells wide."""

    sign: str = " "
    look: Look = Look()


@dataclass
class Screen:
    """Lines of cells, ``columns`` wide and without an end below, and where the next sign goes."""

    columns: int = 10_000
    rows: list[list[TerminalCell]] = field(default_factory=lambda: [[]])
    row: int = 0
    column: int = 0
    look: Look = Look()

    def write(self, text: str) -> None:
        """Take what a program writes. Raises ValueError for a sequence that this terminal does not know."""
        at = 0
        while at < len(text):
            if code := _CODE.match(text, at):
                self._obey(code[1], code[2])
                at = code.end()
                continue
            self._sign(text[at])
            at += 1

    @property
    def lines(self) -> list[str]:
        """The signs alone, without spaces at the ends of lines."""
        return ["".join(cell.sign for cell in row).rstrip() for row in self.rows]

    def _sign(self, sign: str) -> None:
        if sign == "\n":
            self.row += 1
            while len(self.rows) <= self.row:
                self.rows.append([])
        elif sign == "\r":
            self.column = 0
        else:
            if self.column + cell_len(sign) > self.columns:
                self._sign("\n")
                self.column = 0
            self._put(sign)

    def _put(self, sign: str) -> None:
        cells = [
            TerminalCell(sign=sign, look=self.look),
            *[TerminalCell(sign="", look=self.look)] * (cell_len(sign) - 1),
        ]
        line = self.rows[self.row]
        line.extend([TerminalCell()] * (self.column - len(line)))
        line[self.column : self.column + len(cells)] = cells
        self.column += len(cells)

    def _obey(self, numbers: str, letter: str) -> None:
        if letter == "m":
            self._change([int(number or 0) for number in numbers.split(";")])
        elif letter == "A":
            self.row = max(0, self.row - int(numbers or 1))
        elif letter == "K":
            del self.rows[self.row][0 if numbers == "2" else self.column :]
        elif not numbers.startswith("?"):  # those switch the cursor off and on
            raise ValueError(f"escape sequence: got {numbers + letter!r}; allowed: m, A, K and ?…")

    def _change(self, numbers: list[int]) -> None:
        """Select how signs look from here on (SGR)."""
        left = list(numbers)
        while left:
            number = left.pop(0)
            if number == 0:
                self.look = Look()
            elif number in (38, 48) and left[:1] == [2]:
                name, colour = "colour" if number == 38 else "ground", "#" + bytes(left[1:4]).hex()
                self.look, left = Look(**asdict(self.look) | {name: colour}), left[4:]
            else:
                self.look = Look(**asdict(self.look) | _LOOKS.get(number, {}))


_NAMED = ("#868e96", "#ff8787", "#69db7c", "#ffd43b", "#74c0fc", "#e599f7", "#66d9e8", "#f1f3f5")
"""The eight colours that have numbers, from black to white, as they are well read on a dark ground."""
_LOOKS: dict[int, dict[str, Any]] = {
    1: {"bold": True},
    2: {"dim": True},
    22: {"bold": False, "dim": False},
    39: {"colour": ""},
    49: {"ground": ""},
    **{30 + number: {"colour": colour} for number, colour in enumerate(_NAMED)},
    **{90 + number: {"colour": colour} for number, colour in enumerate(_NAMED)},
}
