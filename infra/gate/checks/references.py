"""Every reference leads to a resource or an output that is there: no validator follows those from stack to stack."""

import json
import re
from collections.abc import Iterator

from infra.gate.assembly import Assembly, references
from infra.gate.finding import Finding
from infra.gate.sources import Sources

_NAME = "references"
_MISSING = re.compile(r"<missing output ([^>]*)>")


def check(assembly: Assembly, sources: Sources) -> Iterator[Finding]:
    """See the module."""
    parameters = {
        f"{stack}/{name}" for stack, template in assembly.templates.items() for name in template.get("Parameters", {})
    }
    known = set(assembly.resources) | parameters
    for resource in assembly.resources.values():
        text = json.dumps(resource.properties, default=str)
        for output in sorted(set(_MISSING.findall(text))):
            wrong = f"it takes {output}, which no stack has"
            yield resource.finding(_NAME, wrong, "Name an output of the other stack, or let CDK do it")
        for name in sorted({each.name for each in references(text)} - known):
            yield resource.finding(
                _NAME, f"it refers to {name}, which is not there", "Refer to a resource of the stage"
            )
