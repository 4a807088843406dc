"""``python -m infra.gate [STAGE ...] [--region REGION ...]``: synthesize every stage, or those named, and print what is wrong.

A finding is a line. With ``--region`` each of the stages is pinned to each of the regions.
"""

import argparse
import gc
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from infra.node import use_packaged_node

if __name__ == "__main__":
    gc.disable()  # cfn-lint makes so many objects that looking for garbage among them takes a fifth of its time: once a stage is enough
use_packaged_node()

from infra.config import STAGES, stage_named  # noqa: E402  jsii starts Node.js when aws_cdk is imported
from infra.gate.assembly import Assembly  # noqa: E402
from infra.gate.door import findings  # noqa: E402
from infra.gate.finding import Finding  # noqa: E402
from infra.gate.leaks import leaks  # noqa: E402
from infra.gate.placements import as_deployed, pinned  # noqa: E402
from infra.gate.synthesis import synthesize  # noqa: E402
from infra.gate.validators import validate  # noqa: E402
from infra.settings.stage import Stage  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]


def main(words: Sequence[str] | None = None) -> int:
    """1 where anything is wrong."""
    stages = _stages(words)
    # What is wrong with a source is found once for every stage, and said once.
    found = set(leaks(ROOT))
    for stage in stages:
        own = check(stage)
        gc.collect()
        print(f"{stage.name} {stage.placement.region or 'in any region'}: {len(own)} findings", flush=True)
        found.update(own)
    for finding in sorted(found):
        print(finding)
    print(f"{len(stages)} stages checked, {len(found)} findings")
    return 1 if found else 0


def _stages(words: Sequence[str] | None) -> list[Stage]:
    parser = argparse.ArgumentParser(prog="python -m infra.gate", description=__doc__)
    parser.add_argument("stages", nargs="*", metavar="STAGE", help=f"{' | '.join(STAGES)} (default: all)")
    parser.add_argument("--region", action="append", default=[], help="pin the stages to this region; repeatable")
    options = parser.parse_args(words)
    chosen = [stage_named(name) for name in options.stages or STAGES]
    if not options.region:
        return [as_deployed(stage) for stage in chosen]
    return [pinned(stage, region) for region in options.region for stage in chosen]


def check(stage: Stage) -> list[Finding]:
    """Every finding of one stage: CDK's own, the validators', and the gate's."""
    with tempfile.TemporaryDirectory() as folder:
        own = synthesize(stage, Path(folder))
        assembly = Assembly.read(stage.name, Path(folder))
        return [*own, *validate(assembly, Path(folder)), *findings(assembly, ROOT)]


if __name__ == "__main__":
    sys.exit(main())
