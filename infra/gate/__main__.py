"""``python -m infra.gate [STAGE ...]``: synthesize every stage, or those named, and print what is wrong, a line a finding."""

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from infra.node import use_packaged_node

use_packaged_node()

from infra.config import STAGES, stage_named  # noqa: E402  jsii starts Node.js when aws_cdk is imported
from infra.gate.assembly import Assembly  # noqa: E402
from infra.gate.door import findings  # noqa: E402
from infra.gate.finding import Finding  # noqa: E402
from infra.gate.leaks import leaks  # noqa: E402
from infra.gate.synthesis import synthesize  # noqa: E402
from infra.gate.validators import validate  # noqa: E402
from infra.settings.stage import Stage  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]


def main(names: Sequence[str]) -> int:
    """1 where anything is wrong."""
    stages = [stage_named(name) for name in names] or list(STAGES.values())
    # What is wrong with a source is found once for every stage, and said once.
    found = sorted({*leaks(ROOT), *(finding for stage in stages for finding in check(stage))})
    for finding in found:
        print(finding)
    print(f"{len(stages)} stages checked, {len(found)} findings")
    return 1 if found else 0


def check(stage: Stage) -> list[Finding]:
    """Every finding of one stage: CDK's own, the validators', and the gate's."""
    with tempfile.TemporaryDirectory() as folder:
        own = synthesize(stage, Path(folder))
        assembly = Assembly.read(stage.name, Path(folder))
        return [*own, *validate(assembly, Path(folder)), *findings(assembly, ROOT)]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
