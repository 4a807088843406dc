"""``make gate-score``: plant every defect, ask the gate, print what survives, and end with one JSON line."""

import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from infra.node import use_packaged_node

use_packaged_node()

from bench.gate.judge import Judge  # noqa: E402  jsii starts Node.js when aws_cdk is imported
from bench.gate.mutants import every_mutant  # noqa: E402
from bench.gate.worlds import world_of  # noqa: E402

LEAST = 0.98


def main(words: Sequence[str]) -> int:
    """Plant all, or those whose names hold one of ``words``; 1 where too many survive."""
    chosen = [each for each in every_mutant() if not words or any(word in each.name for word in words)]
    with tempfile.TemporaryDirectory() as folder:
        judges = {stage: _judge(stage, Path(folder) / stage) for stage in {mutant.stage for mutant in chosen}}
        survivors = []
        for mutant in chosen:
            verdict = judges[mutant.stage].verdict(mutant)
            print(f"{'killed  ' if verdict else 'SURVIVED'}  {mutant.name}: {verdict or mutant.at}", flush=True)
            if not verdict:
                survivors.append(mutant.name)
    killed = len(chosen) - len(survivors)
    print(json.dumps({"killed": killed, "total": len(chosen), "survivors": survivors}))
    return 0 if killed >= LEAST * len(chosen) else 1


def _judge(stage: str, folder: Path) -> Judge:
    folder.mkdir()
    return Judge(world_of(stage, folder), folder)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
