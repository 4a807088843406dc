"""asl-validator: whether a definition is Amazon States Language, in its form with JSONata."""

import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

from infra.node import packaged_node

PROGRAM = Path(__file__).resolve().parents[2] / "node_modules" / "asl-validator" / "dist" / "bin" / "asl-validator.js"
_REFUSED = "✕ State machine definition "


def refusals(definitions: Sequence[Path]) -> Iterator[tuple[Path, str]]:
    """What is wrong with the definitions in these JSON files. Raises FileNotFoundError without the program, RuntimeError where it fails."""
    if not PROGRAM.is_file():
        raise FileNotFoundError(f"{PROGRAM}: missing; make templates installs it")
    paths = [word for path in definitions for word in ("--json-path", str(path))]
    ended = subprocess.run([str(packaged_node()), str(PROGRAM), *paths], capture_output=True, text=True, check=False)
    # Its exit code is the last definition's.
    before, *refused = ended.stderr.split(_REFUSED)
    if before.strip() or (ended.returncode and not refused):
        raise RuntimeError(f"asl-validator ended with {ended.returncode}: {ended.stderr.strip()}")
    for each in refused:
        name, _, wrong = each.partition(" is invalid:")
        yield Path(name.strip('"')), " ".join(wrong.split())
