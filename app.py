"""The CDK app. ``cdk synth --context stage=dev``, or ``python app.py`` with ``CDK_OUTDIR`` and ``CDK_CONTEXT_JSON``."""

import sys
from dataclasses import replace

from infra.node import use_packaged_node

use_packaged_node()

from aws_cdk import App, Validations  # noqa: E402  jsii starts Node.js when aws_cdk is imported

from infra.application import add_stacks, feature_flags  # noqa: E402
from infra.config import stage_named  # noqa: E402
from infra.nag import Checks  # noqa: E402


def main() -> None:
    """Synthesize; a stage or a setting that is refused ends it with the sentence that says why."""
    try:
        synthesize()
    except ValueError as error:
        sys.exit(str(error))


def synthesize() -> None:
    """Synthesize the stage named in the context (``local`` where none is), for the account and region named there, if any."""
    app = App(context=feature_flags())
    Validations.of(app).add_plugins(Checks())
    stage = stage_named(app.node.try_get_context("stage") or "local")
    placement = stage.placement.with_context(app.node.try_get_context)
    placement.require_account()
    add_stacks(app, replace(stage, placement=placement))
    app.synth()


if __name__ == "__main__":
    main()
