"""Stage ``prod``, synthesized: it has every part that a stage can have, so pages and pictures of what a stage is made of are about it."""

import tempfile
from functools import cache
from pathlib import Path

from infra.node import use_packaged_node

use_packaged_node()

from aws_cdk import App  # noqa: E402  jsii starts Node.js when aws_cdk is imported

from infra.application import add_stacks, feature_flags  # noqa: E402
from infra.config import STAGES  # noqa: E402
from infra.gate.assembly import Assembly  # noqa: E402

STAGE = "prod"


@cache
def assembly() -> Assembly:
    """Its templates."""
    with tempfile.TemporaryDirectory() as folder:
        app = App(context=feature_flags(), outdir=folder)
        add_stacks(app, STAGES[STAGE])
        app.synth()
        found = Assembly.read(STAGE, Path(folder))
        assert found.resources  # read while the folder is there
    return found
