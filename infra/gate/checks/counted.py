"""What is watched is counted: our metrics have the namespace and dimension that alarms name, and each is counted by some call."""

import ast
from collections.abc import Iterator

from infra.gate.assembly import Assembly
from infra.gate.checks.metrics import watched
from infra.gate.constants import constant
from infra.gate.finding import Finding
from infra.gate.published import OURS
from infra.gate.sources import Sources, spelt

_NAME = "counted"
_MODULE = "atelier_ops.observability"
_MEASURED = {"SecondsInQueue"}
"""Written by a function of their own."""
_COUNTING = ("count", "MEASURES.count")
"""What handlers call, and the model server."""


def check(assembly: Assembly, sources: Sources) -> Iterator[Finding]:
    """See the module."""
    module = sources.modules.get(_MODULE)
    if module is None:
        return
    namespace = constant(sources, _MODULE, "NAMESPACE")
    if namespace != OURS:
        wrong = f"NAMESPACE is {namespace}, and alarms watch {OURS}"
        yield module.finding(
            _NAME, module.tree, wrong, f"Keep {OURS}, or change alarms, dashboard and infra/gate/published.py"
        )
    for node in module.nodes:
        if isinstance(node, ast.keyword) and node.arg == "default_dimensions" and isinstance(node.value, ast.Dict):
            keys = [getattr(key, "value", None) for key in node.value.keys]
            if keys != ["service"]:
                wrong = f"metrics have the dimensions {keys}, and alarms name service"
                yield module.finding(_NAME, node.value, wrong, "Write service alone")
    counted = _counted(sources)
    for alarm in assembly.of("AWS::CloudWatch::Alarm"):
        for series in watched(alarm.properties):
            if series.namespace == OURS and series.name not in counted:
                wrong = f"it watches {series.name}, which no code counts"
                yield alarm.finding(_NAME, wrong, f"Count it, or watch one of {', '.join(sorted(counted))}")


def _counted(sources: Sources) -> set[str]:
    """The words that ``count`` is called with."""
    found = set(_MEASURED)
    for module in (*sources.modules.values(), *sources.server.values()):
        for node in module.nodes:
            if isinstance(node, ast.Call) and spelt(node.func) in _COUNTING and node.args:
                found |= {str(each.value) for each in ast.walk(node.args[0]) if isinstance(each, ast.Constant)}
    return found
