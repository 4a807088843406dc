"""``python -m docs.diagram``: draw stage ``prod``, which has every part that a stage can have."""

import tempfile
from pathlib import Path

from infra.node import use_packaged_node

use_packaged_node()

from aws_cdk import App  # noqa: E402  jsii starts Node.js when aws_cdk is imported

from docs.diagram.svg import FILE, STAGE, picture  # noqa: E402
from infra.application import add_stacks, feature_flags  # noqa: E402
from infra.config import STAGES  # noqa: E402
from infra.gate.assembly import Assembly  # noqa: E402


def main() -> None:
    """Write the picture."""
    with tempfile.TemporaryDirectory() as folder:
        app = App(context=feature_flags(), outdir=folder)
        add_stacks(app, STAGES[STAGE])
        app.synth()
        FILE.write_text(picture(Assembly.read(STAGE, Path(folder))), encoding="utf-8")


if __name__ == "__main__":
    main()
