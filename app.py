"""The CDK app. ``cdk synth --context stage=dev``, or ``python app.py`` with ``CDK_OUTDIR`` and ``CDK_CONTEXT_JSON``."""

import atexit
import gc
import os
import sys

from infra.node import use_packaged_node

if __name__ == "__main__":
    gc.disable()  # the process ends soon, and keeps all that it makes until then
use_packaged_node()

from aws_cdk import App, Validations  # noqa: E402  jsii starts Node.js when aws_cdk is imported

from infra.application import add_stacks, feature_flags  # noqa: E402
from infra.settings.faults import fault  # noqa: E402


def main() -> None:
    """Synthesize; a stage or a setting that is refused ends it with the sentence that says why."""
    try:
        synthesize()
    except (ValueError, TypeError) as error:
        if not (text := fault(error)) and isinstance(error, TypeError):
            raise
        sys.exit(text or str(error))


def synthesize() -> None:
    """Synthesize the stage named in the context (``local`` where none is), for the account and region named there, if any."""
    from infra.config import stage_named  # here, so that a wrong setting of any stage is said, too

    # TemplateRules takes the place of the copy that CDK carries of the same engine; nothing reads the tree of constructs, tree.json.
    app = App(context=feature_flags(), builtin_cloud_formation_validation=False, tree_metadata=False)
    if os.environ.get("CDK_VALIDATION") != "false":
        add_rules(app)
    stage = stage_named(app.node.try_get_context("stage") or "local").with_context(app.node.try_get_context)
    stage.placement.require_account()
    for line in stage.warnings:
        print(f"stage {stage.name}: {line}", file=sys.stderr)
    add_stacks(app, stage)
    app.synth()


def add_rules(app: App) -> None:
    """Let cdk-nag and CDK's rules read the templates; imported here, because that takes as long as a stack."""
    from infra.nag import Checks
    from infra.template_rules import TemplateRules

    Validations.of(app).add_plugins(Checks(), TemplateRules())


def end() -> None:
    """End CDK's process and this one. To take apart all that was imported, which Python does otherwise, takes it as long as a stack."""
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
    end()
