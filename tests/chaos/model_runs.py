"""How often model servers have finished each prediction: they write a line about every request that they have answered."""

import json
from collections import Counter
from pathlib import Path


def finished(run_dir: Path) -> Counter[str]:
    """By inference id, of the servers that the local cloud in this folder has started."""
    runs: Counter[str] = Counter()
    for log in (run_dir / "endpoints").rglob("output.log"):
        for line in log.read_text(encoding="utf-8", errors="replace").splitlines():
            if '"message": "request"' in line and '"status": 200' in line:
                runs[json.loads(line)["id"]] += 1
    return runs
