"""Make ``docs/pictures/terminal.svg``: a style is learnt from twelve photos, approved, and worn. Takes some minutes of two cores."""

import json
import shlex
import subprocess
import tempfile
from pathlib import Path

from docs.terminal.drawing import drawn
from docs.terminal.phone import lay_out
from docs.terminal.record import COLUMNS, command, local_cloud, shown, surroundings, wait_for
from docs.terminal.screen import Look, TerminalCell

PICTURE = Path(__file__).resolve().parents[1] / "pictures" / "terminal.svg"
LINES = (
    'train photos --target "a skirt" --style my-skirt --approval manual',
    'approve my-skirt@1 --reason "the hem is right"',
    'style photo.jpg "a skirt" "a photo of sks skirt" --style my-skirt -o worn.png',
)
ABOUT = (
    "A terminal. atelier train reads twelve photos, shows the loss and a sheet of pictures; atelier approve publishes the version; "
    "atelier style repaints the skirt of another photo."
)


def main() -> None:
    """Run, and write the picture."""
    rows: list[list[TerminalCell]] = []
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        lay_out(folder)
        with local_cloud(folder):
            for line in LINES:
                rows += [_typed(line), *_recorded(line, folder), []]
    text = drawn(rows[:-1], columns=COLUMNS, title="atelier", about=ABOUT)
    PICTURE.write_text(text, encoding="utf-8")
    print(json.dumps({"picture": str(PICTURE), "bytes": PICTURE.stat().st_size, "lines": len(rows)}))


def _typed(line: str) -> list[TerminalCell]:
    prompt = TerminalCell(sign="$", look=Look(dim=True))
    return [prompt, TerminalCell(), *(TerminalCell(sign=sign, look=Look(bold=True)) for sign in f"atelier {line}")]


def _recorded(line: str, folder: Path) -> list[list[TerminalCell]]:
    words = shlex.split(line)
    screen = shown(words, folder)
    if words[0] == "approve":
        # What publishes it runs on by itself; whoever types waits as long.
        wait_for(["show", _newest_training(folder)], "succeeded", folder)
    rows = list(screen.rows)
    while rows and not rows[-1]:
        rows.pop()
    return rows


def _newest_training(folder: Path) -> str:
    answer = subprocess.run(
        command(["runs", "--limit", "1", "--json"]),
        cwd=folder,
        env=surroundings(),
        capture_output=True,
        text=True,
        check=True,
    )
    return str(json.loads(answer.stdout)[0]["id"])


if __name__ == "__main__":
    main()
