"""The table as a module: a Lambda reads no other files."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

FILE = Path("contracts/training_table.py")

_HEAD = '''"""What a step of fine-tuning takes of each base model, as ``make bench-needs WRITE=1`` measured it: not to be edited.

``parameters`` are the weights of each part, ``adapter`` those that a rank of a LoRA adds to it. ``steps`` are by method, with what else
is trained and saved: MiB ``fixed``, for each ``picture`` of a batch, and for each picture and ``rank``; ``teraflop`` (1e12 operations) a
picture. ``encode``, ``decode`` and ``denoise`` are of one picture.
"""

from collections.abc import Mapping
from typing import Any

TABLE: Mapping[str, Mapping[str, Any]] = '''


def write(rows: Mapping[str, Mapping[str, Any]]) -> None:
    """Write it; ``make format`` brings it into shape."""
    FILE.write_text(f"{_HEAD}{json.dumps(rows, indent=4)}\n", encoding="utf-8")
