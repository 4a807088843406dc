"""``make bench-synth``: what synthesizing the stage ``local`` costs against an empty app with one bucket, in CPU seconds.

Each run is a fresh interpreter with the same library, flags and Node.js, whose byte code is cached as everybody's is. The two take turns,
so that a busy machine slows both. With validation, the empty app runs CDK's own validator, and ours the same engine natively
(``infra/template_rules.py``) and cdk-nag. Ours writes no tree of constructs and ends at once (``app.py``), which
saves it about 0.3 of the ratio.
"""

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RUNS = 4
EMPTY = """
import json
from infra.node import use_packaged_node
use_packaged_node()
from aws_cdk import App, Stack
from aws_cdk import aws_s3 as s3
app = App(context=json.load(open("cdk.json"))["context"])
s3.Bucket(Stack(app, "Stack"), "Bucket")
app.synth()
"""
PROGRAMS: Mapping[str, list[str]] = {"empty": ["-c", EMPTY], "atelier": ["app.py"]}
VALIDATION = {"with_validation": "true", "without_validation": "false"}
"""``CDK_VALIDATION``: ``make demo`` and the tests leave the rules to ``make templates``."""


def main() -> None:
    """Print one JSON line: medians and their ratio, with CDK's validator and without it."""
    print(json.dumps({name: _compare(setting) for name, setting in VALIDATION.items()} | {"runs": RUNS}))


def _compare(validation: str) -> dict[str, float]:
    for name in PROGRAMS:
        _seconds(name, validation)  # fills the caches of byte code and of jsii's packages
    runs: dict[str, list[float]] = {name: [] for name in PROGRAMS}
    for _ in range(RUNS):
        for name, taken in runs.items():
            taken.append(_seconds(name, validation))
    medians = {name: round(statistics.median(taken), 2) for name, taken in runs.items()}
    return medians | {"ratio": round(medians["atelier"] / medians["empty"], 2)}


def _seconds(name: str, validation: str) -> float:
    """User and system seconds of one synthesis, Node.js included."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "CDK_OUTDIR": folder, "CDK_VALIDATION": validation}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        environment |= {"CDK_CONTEXT_JSON": '{"stage": "local"}', "PYTHONPATH": str(ROOT)}
        before = _children()
        subprocess.run([sys.executable, *PROGRAMS[name]], cwd=ROOT, env=environment, check=True, capture_output=True)
        return _children() - before


def _children() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    main()
