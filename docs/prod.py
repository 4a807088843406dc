"""``python -m docs.prod``: synthesize stage ``prod`` once, and write the pages and the picture of what a stage is made of.

It has every part that a stage can have.
"""

import tempfile
from pathlib import Path

from infra.node import use_packaged_node

use_packaged_node()

from aws_cdk import App  # noqa: E402  jsii starts Node.js when aws_cdk is imported

from docs import nist, rights  # noqa: E402
from docs.diagram import svg  # noqa: E402
from infra.application import add_stacks, feature_flags  # noqa: E402
from infra.config import STAGES  # noqa: E402
from infra.gate.assembly import Assembly  # noqa: E402


def main() -> None:
    """Write them."""
    with tempfile.TemporaryDirectory() as folder:
        app = App(context=feature_flags(), outdir=folder)
        add_stacks(app, STAGES[nist.STAGE])
        app.synth()
        assembly = Assembly.read(nist.STAGE, Path(folder))
        nist.PAGE.write_text(nist.page(nist.findings(app)), encoding="utf-8")
        rights.PAGE.write_text(rights.page(assembly), encoding="utf-8")
        svg.FILE.write_text(svg.picture(assembly), encoding="utf-8")


if __name__ == "__main__":
    main()
